/**
 * The dense optimizer step as an op.
 *
 * @module
 */

import { costOf, type Example, exampleOptimizer, type Op } from "../op.ts";
import type { Matrix, Optimizer, Scalar } from "../types.ts";
import { denseUpdateRecord } from "./record.ts";

/** One optimizer step over a flat run of parameters. `rowwise-adagrad` is not defined here; dense weights use plain Adagrad. */
export interface DenseUpdateArgs {
  /** 1 × n. */
  readonly params: Matrix;
  /** 1 × n. */
  readonly grads: Matrix;
  /** 1 × n accumulator; null for sgd. */
  readonly state: Matrix | null;
  /** `sgd` or `adagrad`. */
  readonly optimizer: Optimizer;
  /** f32: factor of the update, read when the program runs. */
  readonly learningRate: Scalar;
}

/** One optimizer step over a flat run of parameters. */
export const denseUpdateOp: Op<"dense-update", DenseUpdateArgs> = {
  name: "dense-update",
  operands: {
    params: "written",
    grads: "read",
    state: "written",
    optimizer: "setting",
    learningRate: "scalar",
  },
  check({ params, state, optimizer }, sizes) {
    if (optimizer.kind === "rowwise-adagrad") {
      sizes.fail("optimizer is rowwise-adagrad, but dense parameters have no rows: use adagrad");
    }
    sizes.expect("params", 1, params.cols, "one row");
    sizes.expect("grads", 1, params.cols, "n of params");
    sizes.expect("state", 1, params.cols, "n of params");
    if ((state === null) !== (optimizer.kind === "sgd")) {
      sizes.fail(`state is ${state === null ? "missing" : "given, and sgd has none"}`);
    }
  },
  cost: ({ params, optimizer }) => costOf(denseUpdateRecord(optimizer.kind), { n: params.cols }),
  examples: [step("sgd"), step("adagrad")],
};

function step(kind: "sgd" | "adagrad"): Example<DenseUpdateArgs> {
  return (make, { inputs, cols }) => ({
    params: make.written(1, inputs * cols),
    grads: make.read(1, inputs * cols),
    state: kind === "sgd" ? null : make.written(1, inputs * cols),
    optimizer: exampleOptimizer(kind),
    learningRate: make.scalar(),
  });
}
