/**
 * The dot interaction as two ops.
 *
 * @module
 */

import { costOf, type Op } from "../op.ts";
import type { Matrix } from "../types.ts";
import { interactionBackwardRecord, interactionForwardRecord, interactionWidth } from "./record.ts";

/**
 * Dot interaction of DLRM. Row b of `v` holds F vectors of `dim` floats. Row b of `r` is vector 0 followed by
 * the dot products (1,0), (2,0), (2,1), (3,0), … : dim + F(F-1)/2 floats.
 */
export interface InteractionForwardArgs {
  /** B × (F · dim), read. */
  readonly v: Matrix;
  /** F, vectors an input: the dense features' one and one a table. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (dim + F(F-1)/2), written. */
  readonly r: Matrix;
}

/** Gradient of the dot interaction: dv from dr and v. With `maskFirst`, vector 0 came out of a ReLU and its zeros block the gradient. */
export interface InteractionBackwardArgs {
  /** B × (F · dim), read: the forward op's input. */
  readonly v: Matrix;
  /** F, vectors an input: the dense features' one and one a table. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** B × (dim + F(F-1)/2), read: gradient of the forward op's output. */
  readonly dr: Matrix;
  /** B × (F · dim), written. */
  readonly dv: Matrix;
  /** Whether the gradient of vector 0 is zeroed where vector 0 of `v` is not above 0. */
  readonly maskFirst: boolean;
}

/** R = [v0, lower triangle of V Vᵀ]. */
export const interactionForwardOp: Op<"interaction-forward", InteractionForwardArgs> = {
  name: "interaction-forward",
  operands: { v: "read", features: "setting", dim: "setting", r: "written" },
  check({ v, features, dim }, sizes) {
    sizes.expectVectors("v", features, dim);
    sizes.expect("r", v.rows, interactionWidth(features, dim), "dim + F(F-1)/2");
  },
  cost: ({ v, features, dim }) => costOf(interactionForwardRecord, { B: v.rows, F: features, dim }),
  examples: [(make, { inputs, features, dim }) => ({
    v: make.read(inputs, features * dim),
    features,
    dim,
    r: make.written(inputs, interactionWidth(features, dim)),
  })],
};

/** dV = (G + Gᵀ) V, with the direct part of vector 0. */
export const interactionBackwardOp: Op<"interaction-backward", InteractionBackwardArgs> = {
  name: "interaction-backward",
  operands: {
    v: "read",
    features: "setting",
    dim: "setting",
    dr: "read",
    dv: "written",
    maskFirst: "setting",
  },
  check({ v, features, dim }, sizes) {
    sizes.expectVectors("v", features, dim);
    sizes.expect("dr", v.rows, interactionWidth(features, dim), "dim + F(F-1)/2");
    sizes.expect("dv", v.rows, features * dim, "features × dim");
  },
  cost: ({ v, features, dim }) =>
    costOf(interactionBackwardRecord, { B: v.rows, F: features, dim }),
  examples: [(make, { inputs, features, dim }) => ({
    v: make.read(inputs, features * dim),
    features,
    dim,
    dr: make.read(inputs, interactionWidth(features, dim)),
    dv: make.written(inputs, features * dim),
    maskFirst: true,
  })],
};
