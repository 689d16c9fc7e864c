/**
 * The checks of an op's arguments when it is recorded, the same on every device. Each throws a `RangeError` that names the
 * op and the argument.
 *
 * @module
 */

import { type Argument, argumentsOf, bufferOf, type Op } from "./op.ts";
import { isCount } from "./shapes.ts";
import type { DeviceBuffer, Matrix } from "./types.ts";

/** Throws unless an op can run on its arguments. What depends on the contents of memory is checked when it runs. */
export function checkOp<Args>(op: Op<string, Args>, args: Args): void {
  const list = argumentsOf(op, args);
  for (const argument of list) checkApart(op.name, argument, list);
  for (const argument of list) checkPlace(op.name, argument);
  op.check(args, new Sizes(op.name, args));
}

/** Names of an op's arguments that are matrices. */
export type MatrixName<Args> =
  & { [Name in keyof Args]: [Args[Name]] extends [Matrix | null] ? Name : never }[keyof Args]
  & string;

/** The sizes of an op's arguments, for the op's own check. */
export class Sizes<Args> {
  readonly #op: string;
  readonly #args: Args;

  /** Holds the arguments of an op; `op` is its name in messages. */
  constructor(op: string, args: Args) {
    this.#op = op;
    this.#args = args;
  }

  /** Throws unless a matrix is rows × cols; one that is null fits. */
  expect(name: MatrixName<Args>, rows: number, cols: number, because: string): void {
    const m = this.#args[name] as Matrix | null;
    if (m !== null && (m.rows !== rows || m.cols !== cols)) {
      this.fail(
        `${name} is ${m.rows} × ${m.cols}, but must be ${rows} × ${cols} (${because})`,
      );
    }
  }

  /** Throws unless each row of a matrix is `features` vectors of `dim` floats. */
  expectVectors(name: MatrixName<Args>, features: number, dim: number): void {
    if (!isCount(features) || features === 0 || !isCount(dim) || dim === 0) {
      this.fail(`${name} has ${features} features of ${dim} floats, not two positive integers`);
    }
    const m = this.#args[name] as Matrix | null;
    if (m !== null) this.expect(name, m.rows, features * dim, "features of dim floats");
  }

  /** Throws with a reason. */
  fail(why: string): never {
    throw new RangeError(`Cannot record ${this.#op}: ${why}`);
  }
}

/** WebGPU binds a buffer either for reading or for writing. */
function checkApart(op: string, read: Argument, list: readonly Argument[]): void {
  const buffer = read.use === "written" ? null : bufferOf(read);
  if (buffer === null) return;
  for (const other of list) {
    if (other.use === "written" && other.value?.buffer === buffer) {
      throw new RangeError(
        `Cannot record ${op}: ${other.name} is written to buffer ${buffer.label}, which holds ${read.name} to be read`,
      );
    }
  }
}

function checkPlace(op: string, argument: Argument): void {
  const { name } = argument;
  const fail = (why: string): never => {
    throw new RangeError(`Cannot record ${op}: ${name} ${why}`);
  };
  const words = (buffer: DeviceBuffer): number => Math.floor(buffer.byteLength / 4);
  switch (argument.use) {
    case "read":
    case "written":
      if (argument.value !== null) checkMatrix(argument.value, fail);
      return;
    case "scalar":
    case "slot": {
      const { buffer, index } = argument.value;
      if (!isCount(index) || index >= words(buffer)) {
        fail(`is number ${index} of buffer ${buffer.label}, which has ${words(buffer)}`);
      }
      return;
    }
    case "row-list": {
      const { buffer, offset, length } = argument.value;
      if (!isCount(offset) || !isCount(length) || offset + length > words(buffer)) {
        fail(
          `has ${length} entries from ${offset} of buffer ${buffer.label}, which has ${
            words(buffer)
          }`,
        );
      }
    }
  }
}

function checkMatrix(
  { offset, rows, cols, stride, buffer }: Matrix,
  fail: (why: string) => never,
): void {
  if (![offset, rows, cols, stride].every(isCount)) {
    fail(`has offset ${offset}, ${rows} × ${cols} and stride ${stride}, not whole numbers`);
  }
  if (stride < cols) fail(`has ${cols} columns, more than its stride of ${stride}`);
  const column = cols === 1 && stride === 1;
  if (offset % 4 !== 0 || (stride % 4 !== 0 && !column)) {
    fail(`has offset ${offset} and stride ${stride}, not multiples of 4`);
  }
  const end = rows === 0 || cols === 0 ? offset : offset + (rows - 1) * stride + cols;
  if (4 * end > buffer.byteLength) {
    fail(`ends at float ${end} of buffer ${buffer.label}, which has ${buffer.byteLength} bytes`);
  }
}
