/**
 * What the conformance cases share: their type, random values, scopes that dispose, and comparisons.
 *
 * @module
 */

import assert from "node:assert/strict";
import { RandomStream } from "../../../core/random.ts";
import type { OpArgs, OpName, OpNamed } from "../../../kernels/ops.ts";
import type { Device, DeviceBuffer, Program, Recorder } from "../../../kernels/types.ts";
import { Arena } from "../arena.ts";
import type { Accuracy } from "../error_model.ts";

/** What a case runs on. */
export interface Context {
  /** The device that the cases of a suite share. */
  readonly device: Device;
  /** Opens another device of the same kind; the case disposes it. */
  readonly open: () => Promise<Device>;
  readonly accuracy: Accuracy;
}

/** One property that every device must have. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: (context: Context) => Promise<void>;
}

/** Rows of a minibatch worth trying: none, one, and around a power of two. */
export const ROWS = [0, 1, 2, 63, 64, 65] as const;

/** Disposes what a case made, the last first, whatever happened. */
export class Scope implements Disposable {
  readonly #owned: { dispose(): void }[] = [];

  /** Takes something into care. */
  own<T extends { dispose(): void }>(value: T): T {
    this.#owned.push(value);
    return value;
  }

  /** An arena in care. */
  arena(device: Device, role: "input" | "output", label: string): Arena {
    return this.own(new Arena(device, role, label));
  }

  [Symbol.dispose](): void {
    for (const owned of this.#owned.splice(0).reverse()) owned.dispose();
  }
}

/** Random test data, the same in every run. */
export class Values {
  readonly #stream: RandomStream;
  #position = 0;

  /** @param seed One number a case. */
  constructor(seed: number) {
    this.#stream = new RandomStream(seed, "synthetic");
  }

  /** Standard normal numbers, exact in float32. */
  normal(count: number): Float64Array {
    return Float64Array.from(
      { length: count },
      () => Math.fround(this.#stream.normal(this.#position++)),
    );
  }

  /** As a ReLU leaves them: about half are 0, some of them -0, and a few (never of a ReLU) negative. */
  activations(count: number): Float64Array {
    return this.normal(count).map((x, i) => x > 0 ? x : i % 7 === 0 ? x : i % 5 === 0 ? -0 : 0);
  }

  /** An integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.#stream.uniform(2 ** 40 + this.#position++) * limit);
  }

  /** An integer in [0, limit), small ones far more often, as ids of popular items are. */
  skewed(limit: number): number {
    const u = this.#stream.uniform(2 ** 40 + this.#position++);
    return Math.min(limit - 1, Math.floor(limit ** u) - 1);
  }
}

/** Compares with the reference, element by element. */
export function assertClose(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerances: ArrayLike<number>,
): void {
  assert.equal(got.length, want.length, `${what}: number of elements`);
  for (let i = 0; i < want.length; i++) {
    const off = Math.abs(got[i]! - want[i]!);
    if (!(off <= tolerances[i]!)) {
      assert.fail(
        `${what}: element ${i} of ${want.length} is ${got[i]}, the reference is ${want[i]}: ` +
          `off by ${off}, allowed ${tolerances[i]}`,
      );
    }
  }
}

/** Compares bit by bit (0 and -0 differ, a NaN equals itself). */
export function assertSameBits(what: string, got: Float32Array, want: Float32Array): void {
  assert.equal(got.length, want.length, `${what}: number of elements`);
  const gotBits = new Uint32Array(got.buffer, got.byteOffset, got.length);
  const wantBits = new Uint32Array(want.buffer, want.byteOffset, want.length);
  for (let i = 0; i < want.length; i++) {
    if (gotBits[i] !== wantBits[i]) {
      assert.fail(`${what}: element ${i} of ${want.length} is ${got[i]}, not ${want[i]}`);
    }
  }
}

/** Element-wise magnitudes. */
export function abs(values: Float64Array): Float64Array {
  return values.map(Math.abs);
}

/** Reads a whole buffer as floats. */
export async function readFloats(device: Device, buffer: DeviceBuffer): Promise<Float32Array> {
  return new Float32Array(await device.read(buffer, 0, buffer.byteLength));
}

/** Runs a program twice and checks that its output has the same bits again. */
export async function runTwice(
  device: Device,
  program: Program,
  output: DeviceBuffer,
): Promise<void> {
  device.run(program);
  const first = await readFloats(device, output);
  device.run(program);
  assertSameBits(`second run of ${program.label}`, await readFloats(device, output), first);
}

/** Where the problems of a case put their operands, and what they are filled with. */
export interface Places {
  /** Matrices that ops read. */
  readonly inputs: Arena;
  /** Matrices that ops write. */
  readonly outputs: Arena;
  readonly values: Values;
}

/** One op on operands in the arenas. */
export interface Placed {
  /** Appends the op. */
  readonly add: (ops: Recorder) => void;
  /** Looks at what it wrote. */
  readonly verify: () => void;
}

/** An op with its arguments and the check of its results. */
export function placed<Name extends OpName>(
  op: OpNamed<Name>,
  args: OpArgs[Name],
  verify: () => void,
): Placed {
  return { add: (ops) => ops.add(op, args), verify };
}

/**
 * Runs problems in one program, on operands in two arenas, twice with the same bits, and verifies each. What lies outside
 * their results must be as it was.
 */
export async function checkPlaced<Problem>(
  device: Device,
  seed: number,
  problems: readonly Problem[],
  place: (places: Places, problem: Problem, number: number) => Placed,
): Promise<void> {
  using scope = new Scope();
  const inputs = scope.arena(device, "input", "inputs");
  const outputs = scope.arena(device, "output", "outputs");
  const places = { inputs, outputs, values: new Values(seed) };
  const all = problems.map((problem, i) => place(places, problem, i));
  inputs.commit();
  outputs.commit();
  const program = scope.own(device.record("problems", (ops) => {
    for (const { add } of all) add(ops);
  }));
  await runTwice(device, program, outputs.buffer);
  await outputs.download();
  await inputs.download();
  for (const { verify } of all) verify();
}

/** Learning rate and loss slot in one small buffer. */
export class Knobs {
  readonly #device: Device;
  readonly buffer: DeviceBuffer;

  /** Both start at 0. */
  constructor(device: Device) {
    this.#device = device;
    this.buffer = device.createBuffer(16, "knobs");
  }

  /** Where programs read the learning rate. */
  get learningRate(): { buffer: DeviceBuffer; index: number } {
    return { buffer: this.buffer, index: 1 };
  }

  /** Where programs read the loss slot. */
  get slot(): { buffer: DeviceBuffer; index: number } {
    return { buffer: this.buffer, index: 3 };
  }

  /** Sets the learning rate of the runs that follow; gives it as float32 has it. */
  setLearningRate(rate: number): number {
    this.#device.write(this.buffer, 4, Float32Array.of(rate));
    return Math.fround(rate);
  }

  /** Sets the loss slot of the runs that follow. */
  setSlot(slot: number): void {
    this.#device.write(this.buffer, 12, Uint32Array.of(slot));
  }

  /** Gives the buffer back. */
  dispose(): void {
    this.buffer.dispose();
  }
}
