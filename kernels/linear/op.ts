/**
 * The fully connected layer as three ops.
 *
 * @module
 */

import { costOf, type Op } from "../op.ts";
import type { Matrix } from "../types.ts";
import {
  linearBackwardInputRecord,
  linearBackwardWeightsRecord,
  linearForwardRecord,
} from "./record.ts";

/** Y = act(X Wᵀ + b): X is M × K, W is N × K, b has N floats, Y is M × N. */
export interface LinearForwardArgs {
  /** M × K, read: one input a row. */
  readonly x: Matrix;
  /** N × K, read: one output unit a row, as PyTorch stores it. */
  readonly w: Matrix;
  /** 1 × N. */
  readonly bias: Matrix;
  /** M × N, written. */
  readonly y: Matrix;
  /** Whether act is max(0, ·); otherwise the identity. */
  readonly relu: boolean;
}

/** dX = (dY W) ∘ [mask > 0]: dY is M × N, W is N × K, dX and mask are M × K. Without a mask nothing is zeroed. */
export interface LinearBackwardInputArgs {
  /** M × N, read: gradient of the layer's output before its activation. */
  readonly dy: Matrix;
  /** N × K, read. */
  readonly w: Matrix;
  /** M × K, written. */
  readonly dx: Matrix;
  /** The layer's input if a ReLU made it: its zeros block the gradient. */
  readonly mask: Matrix | null;
}

/** dW = dYᵀ X and db = column sums of dY: dY is M × N, X is M × K, dW is N × K, db has N floats. Overwrites both. */
export interface LinearBackwardWeightsArgs {
  /** M × N, read: gradient of the layer's output before its activation. */
  readonly dy: Matrix;
  /** M × K, read: the layer's input. */
  readonly x: Matrix;
  /** N × K, written. */
  readonly dw: Matrix;
  /** 1 × N. */
  readonly db: Matrix;
}

/** Y = act(X Wᵀ + b). */
export const linearForwardOp: Op<"linear-forward", LinearForwardArgs> = {
  name: "linear-forward",
  operands: { x: "read", w: "read", bias: "read", y: "written", relu: "setting" },
  check({ x, w }, sizes) {
    sizes.expect("w", w.rows, x.cols, "K of x");
    sizes.expect("bias", 1, w.rows, "N of w");
    sizes.expect("y", x.rows, w.rows, "M of x and N of w");
  },
  cost: ({ x, w }) => costOf(linearForwardRecord, { M: x.rows, K: x.cols, N: w.rows }),
  examples: [(make, { inputs, cols, units }) => ({
    x: make.read(inputs, cols),
    w: make.read(units, cols),
    bias: make.read(1, units),
    y: make.written(inputs, units),
    relu: true,
  })],
};

/** dX = (dY W) ∘ [mask > 0]. */
export const linearBackwardInputOp: Op<"linear-backward-input", LinearBackwardInputArgs> = {
  name: "linear-backward-input",
  operands: { dy: "read", w: "read", dx: "written", mask: "read" },
  check({ dy, w, dx }, sizes) {
    sizes.expect("w", dy.cols, w.cols, "N of dy");
    sizes.expect("dx", dy.rows, w.cols, "M of dy and K of w");
    sizes.expect("mask", dx.rows, dx.cols, "M and K of dx");
  },
  cost: ({ dy, w, mask }) =>
    costOf(linearBackwardInputRecord, {
      M: dy.rows,
      K: w.cols,
      N: dy.cols,
      masked: mask === null ? 0 : 1,
    }),
  examples: [(make, { inputs, cols, units }) => ({
    dy: make.read(inputs, units),
    w: make.read(units, cols),
    dx: make.written(inputs, cols),
    mask: make.read(inputs, cols),
  })],
};

/** dW = dYᵀ X and db = column sums of dY. */
export const linearBackwardWeightsOp: Op<"linear-backward-weights", LinearBackwardWeightsArgs> = {
  name: "linear-backward-weights",
  operands: { dy: "read", x: "read", dw: "written", db: "written" },
  check({ dy, x }, sizes) {
    sizes.expect("x", dy.rows, x.cols, "M of dy");
    sizes.expect("dw", dy.cols, x.cols, "N of dy and K of x");
    sizes.expect("db", 1, dy.cols, "N of dy");
  },
  cost: ({ dy, x }) => costOf(linearBackwardWeightsRecord, { M: dy.rows, K: x.cols, N: dy.cols }),
  examples: [(make, { inputs, cols, units }) => ({
    dy: make.read(inputs, units),
    x: make.read(inputs, cols),
    dw: make.written(units, cols),
    db: make.written(1, units),
  })],
};
