import assert from "node:assert/strict";
import { DeviceExamples, type ExampleSize } from "../../../kernels/example.ts";
import { type Argument, argumentsOf } from "../../../kernels/op.ts";
import { eachOp, type OpArgs, type OpName, type OpNamed } from "../../../kernels/ops.ts";
import type { Device, DeviceBuffer } from "../../../kernels/types.ts";
import { type ConformanceCase, Scope } from "./harness.ts";

/** Five inputs, and of everything else another small number. */
const SIZE: ExampleSize = {
  ...{ inputs: 5, cols: 3, units: 7, features: 3, dim: 4, steps: 3, tableRows: 9, scored: 5 },
};

/** Floats that each argument gets of a shared buffer; also what offsets are multiples of. */
const PLACE = 256;

/** An argument that lies in a buffer, moved to another place of it. */
function moved({ use, value }: Argument, buffer: DeviceBuffer, offset: number): unknown {
  if (use === "scalar" || use === "slot") return { buffer, index: offset };
  if (use === "row-list") return { ...value, buffer, offset };
  if (use === "read" || use === "written") {
    // Of columns too the rows begin at multiples of 4 floats.
    return value === null
      ? null
      : { ...value, buffer, offset, stride: 4 * Math.ceil(value.cols / 4) };
  }
  throw new TypeError(`Cannot move an argument that is a ${use}`);
}

/** Arguments of which those named lie in one buffer, without overlapping. */
function together<Args>(
  device: Device,
  scope: Scope,
  args: Args,
  shared: readonly Argument[],
): Args {
  const buffer = scope.own(device.createBuffer(4 * PLACE * (shared.length + 1), "shared"));
  return {
    ...args,
    ...Object.fromEntries(
      shared.map((argument, i) => [argument.name, moved(argument, buffer, PLACE * (i + 1))]),
    ),
  };
}

async function check<Name extends OpName>(device: Device, op: OpNamed<Name>): Promise<void> {
  using scope = new Scope();
  using examples = new DeviceExamples(device);
  for (const example of op.examples) {
    const args: OpArgs[Name] = example(examples, SIZE);
    const list = argumentsOf(op, args);
    const outputs = list.filter(({ use, value }) => use === "written" && value !== null);
    const inputs = list.filter(({ use, value }) =>
      ["read", "scalar", "slot", "row-list"].includes(use) && value !== null
    );
    for (const output of outputs) {
      for (const input of inputs) {
        const wrong = together(device, scope, args, [input, output]);
        assert.throws(
          () => scope.own(device.record("sharing", (ops) => ops.add(op, wrong))),
          {
            name: "RangeError",
            message:
              `Cannot record ${op.name}: ${output.name} is written to buffer shared, which holds ${input.name} to be read`,
          },
          `${input.name} and ${output.name} shared a buffer`,
        );
      }
    }
    for (const allowed of [outputs, inputs]) {
      const right = together(device, scope, args, allowed);
      device.run(scope.own(device.record("allowed", (ops) => ops.add(op, right))));
    }
    await device.sync();
  }
}

/** Cases of arguments that share a buffer. */
export const sharingCases: readonly ConformanceCase[] = eachOp((op): ConformanceCase => ({
  name: `sharing: ${op.name} writes no buffer that it reads, but several outputs to one`,
  run: ({ device }) => check(device, op),
}));
