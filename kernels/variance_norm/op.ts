/**
 * The variance-only layer normalisation as two ops.
 *
 * @module
 */

import type { Sizes } from "../check_op.ts";
import { costOf, type Op } from "../op.ts";
import type { Matrix } from "../types.ts";
import { varianceNormBackwardRecord, varianceNormForwardRecord } from "./record.ts";

/**
 * Variance-only layer normalisation of vectors (VO-LN, Wang et al. 2020, arXiv:2006.12753): each vector is divided by the
 * deviation of its `dim` coordinates and nothing is taken off, y = gain · x / sqrt(variance + eps), with the biased
 * variance around the vector's own mean.
 *
 * `gain` and `eps` have a number for each of the F vectors of an input, so one a table. A fixed eps such as 1e-5 would do
 * harm: rows of a large table start with a far smaller variance, so that one which has been trained once would become as
 * long as one trained a hundred thousand times. Given in proportion to the variance that trained rows of the table have,
 * eps leaves rows well below that their length and only limits those above it. With gain = sqrt(eps), short rows pass
 * nearly as they are.
 */
export interface VarianceNormForwardArgs {
  /** B × (features · dim), read. */
  readonly x: Matrix;
  /** Vectors an input. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** 1 × features: factor of each vector. */
  readonly gain: Matrix;
  /** 1 × features, above 0: what is added to each vector's variance. */
  readonly eps: Matrix;
  /** B × (features · dim), written. */
  readonly y: Matrix;
}

/**
 * Gradient of the variance-only layer normalisation from its input x, whose deviation s = sqrt(variance + eps) is computed
 * anew: dx = gain / s · (dy − (x − mean) / s · mean(dy · x / s)), and dgain = the sum of dy · x / s over inputs and
 * coordinates.
 */
export interface VarianceNormBackwardArgs {
  /** B × (features · dim), read: the forward op's input. */
  readonly x: Matrix;
  /** Vectors an input. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** 1 × features, read: as the forward op. */
  readonly gain: Matrix;
  /** 1 × features, read: as the forward op. */
  readonly eps: Matrix;
  /** B × (features · dim), read: gradient of the forward op's output. */
  readonly dy: Matrix;
  /** B × (features · dim), written. */
  readonly dx: Matrix;
  /** 1 × features, written. */
  readonly dgain: Matrix;
}

/** y = gain · x / sqrt(variance + eps), vector by vector. */
export const varianceNormForwardOp: Op<"variance-norm-forward", VarianceNormForwardArgs> = {
  name: "variance-norm-forward",
  operands: {
    x: "read",
    features: "setting",
    dim: "setting",
    gain: "read",
    eps: "read",
    y: "written",
  },
  check(args, sizes) {
    checkVectors(args, sizes);
    sizes.expect("y", args.x.rows, args.x.cols, "as x");
  },
  cost: ({ x, features, dim }) =>
    costOf(varianceNormForwardRecord, { B: x.rows, F: features, dim }),
  examples: [(make, { inputs, features, dim }) => ({
    x: make.read(inputs, features * dim),
    features,
    dim,
    gain: make.read(1, features),
    eps: make.read(1, features, "positive"),
    y: make.written(inputs, features * dim),
  })],
};

/** dx and dgain from dy and x. */
export const varianceNormBackwardOp: Op<"variance-norm-backward", VarianceNormBackwardArgs> = {
  name: "variance-norm-backward",
  operands: {
    x: "read",
    features: "setting",
    dim: "setting",
    gain: "read",
    eps: "read",
    dy: "read",
    dx: "written",
    dgain: "written",
  },
  check(args, sizes) {
    checkVectors(args, sizes);
    sizes.expect("dy", args.x.rows, args.x.cols, "as x");
    sizes.expect("dx", args.x.rows, args.x.cols, "as x");
    sizes.expect("dgain", 1, args.features, "one gradient a vector");
  },
  cost: ({ x, features, dim }) =>
    costOf(varianceNormBackwardRecord, { B: x.rows, F: features, dim }),
  examples: [(make, { inputs, features, dim }) => ({
    x: make.read(inputs, features * dim),
    features,
    dim,
    gain: make.read(1, features),
    eps: make.read(1, features, "positive"),
    dy: make.read(inputs, features * dim),
    dx: make.written(inputs, features * dim),
    dgain: make.written(1, features),
  })],
};

function checkVectors(
  { features, dim }: Pick<VarianceNormForwardArgs, "features" | "dim">,
  sizes: Sizes<VarianceNormForwardArgs> | Sizes<VarianceNormBackwardArgs>,
): void {
  sizes.expectVectors("x", features, dim);
  sizes.expect("gain", 1, features, "one factor a vector");
  sizes.expect("eps", 1, features, "one number a vector");
}
