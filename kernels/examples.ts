/**
 * The examples of all ops in one list, for what times ops without knowing which they are.
 *
 * @module
 */

import { DeviceExamples, type ExampleMaker, exampleName, type ExampleSize } from "./example.ts";
import { LedgerDevice } from "./ledger.ts";
import { eachOp, type OpName } from "./ops.ts";
import type { Recorder } from "./types.ts";

/** An example of an op. */
export interface OpExample {
  readonly op: OpName;
  /** As the op's record names it: the op, or one of its variants such as `dense-update-sgd`. */
  readonly name: string;
  /** Bytes by the op's record at a size. */
  bytes(size: ExampleSize): number;
  /** Appends the op with operands of a size. */
  add(ops: Recorder, make: ExampleMaker, size: ExampleSize): void;
}

/** Every example of every op, in the order of the table. */
export const EXAMPLES: readonly OpExample[] = eachOp((op) =>
  op.examples.map((example): OpExample => ({
    op: op.name,
    name: exampleName(op, example),
    bytes(size) {
      using examples = new DeviceExamples(new LedgerDevice("cpu"));
      return op.cost(example(examples, size)).bytes;
    },
    add: (ops, make, size) => ops.add(op, example(make, size)),
  }))
).flat();
