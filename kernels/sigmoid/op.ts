/**
 * The sigmoid as two ops.
 *
 * @module
 */

import { costOf, type Op } from "../op.ts";
import type { Matrix } from "../types.ts";
import { sigmoidBackwardRecord, sigmoidForwardRecord } from "./record.ts";

/** y = sigmoid(x), both M × N. */
export interface SigmoidForwardArgs {
  /** M × N, read. */
  readonly x: Matrix;
  /** M × N, written. */
  readonly y: Matrix;
}

/** dx = dy · y (1 − y), from the sigmoid's output y: all M × N. */
export interface SigmoidBackwardArgs {
  /** M × N, read: the forward op's output. */
  readonly y: Matrix;
  /** M × N, read: gradient of y. */
  readonly dy: Matrix;
  /** M × N, written. */
  readonly dx: Matrix;
}

/** y = sigmoid(x). */
export const sigmoidForwardOp: Op<"sigmoid-forward", SigmoidForwardArgs> = {
  name: "sigmoid-forward",
  operands: { x: "read", y: "written" },
  check: ({ x }, sizes) => sizes.expect("y", x.rows, x.cols, "as x"),
  cost: ({ x }) => costOf(sigmoidForwardRecord, { M: x.rows, N: x.cols }),
  examples: [(make, { inputs, cols }) => ({
    x: make.read(inputs, cols),
    y: make.written(inputs, cols),
  })],
};

/** dx = dy · y (1 − y). */
export const sigmoidBackwardOp: Op<"sigmoid-backward", SigmoidBackwardArgs> = {
  name: "sigmoid-backward",
  operands: { y: "read", dy: "read", dx: "written" },
  check({ y }, sizes) {
    sizes.expect("dy", y.rows, y.cols, "as y");
    sizes.expect("dx", y.rows, y.cols, "as y");
  },
  cost: ({ y }) => costOf(sigmoidBackwardRecord, { M: y.rows, N: y.cols }),
  examples: [(make, { inputs, cols }) => ({
    y: make.read(inputs, cols),
    dy: make.read(inputs, cols),
    dx: make.written(inputs, cols),
  })],
};
