/**
 * The layer normalisation as two ops.
 *
 * @module
 */

import { costOf, type Op } from "../op.ts";
import type { Matrix } from "../types.ts";
import { layerNormBackwardRecord, layerNormForwardRecord } from "./record.ts";

/**
 * Layer normalisation of vectors (Ba et al. 2016, arXiv:1607.06450) without its affine part:
 * y = (x − mean) / sqrt(variance + 1e-5), mean and biased variance over the `dim` coordinates of each vector.
 */
export interface LayerNormForwardArgs {
  /** B × (features · dim), read. */
  readonly x: Matrix;
  /** Vectors an input. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (features · dim), written. */
  readonly y: Matrix;
}

/**
 * Gradient of the layer normalisation from its input x, whose statistics are computed anew: with s = sqrt(variance +
 * 1e-5), dx = (dy − mean(dy) − y · mean(dy · y)) / s.
 */
export interface LayerNormBackwardArgs {
  /** B × (features · dim), read: the forward op's input. */
  readonly x: Matrix;
  /** Vectors an input. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (features · dim), read: gradient of the forward op's output. */
  readonly dy: Matrix;
  /** B × (features · dim), written. */
  readonly dx: Matrix;
  /** Whether vector 0 of x came out of a ReLU: its gradient is zeroed where vector 0 of x is not above 0. */
  readonly maskFirst: boolean;
}

/** y = (x − mean) / sqrt(variance + 1e-5), vector by vector. */
export const layerNormForwardOp: Op<"layer-norm-forward", LayerNormForwardArgs> = {
  name: "layer-norm-forward",
  operands: { x: "read", features: "setting", dim: "setting", y: "written" },
  check({ x, features, dim }, sizes) {
    sizes.expectVectors("x", features, dim);
    sizes.expect("y", x.rows, x.cols, "as x");
  },
  cost: ({ x, features, dim }) => costOf(layerNormForwardRecord, { B: x.rows, F: features, dim }),
  examples: [(make, { inputs, features, dim }) => ({
    x: make.read(inputs, features * dim),
    features,
    dim,
    y: make.written(inputs, features * dim),
  })],
};

/** dx from dy and x. */
export const layerNormBackwardOp: Op<"layer-norm-backward", LayerNormBackwardArgs> = {
  name: "layer-norm-backward",
  operands: {
    x: "read",
    features: "setting",
    dim: "setting",
    dy: "read",
    dx: "written",
    maskFirst: "setting",
  },
  check({ x, features, dim }, sizes) {
    sizes.expectVectors("x", features, dim);
    sizes.expect("dy", x.rows, x.cols, "as x");
    sizes.expect("dx", x.rows, x.cols, "as x");
  },
  cost: ({ x, features, dim }) => costOf(layerNormBackwardRecord, { B: x.rows, F: features, dim }),
  examples: [(make, { inputs, features, dim }) => ({
    x: make.read(inputs, features * dim),
    features,
    dim,
    dy: make.read(inputs, features * dim),
    dx: make.written(inputs, features * dim),
    maskFirst: true,
  })],
};
