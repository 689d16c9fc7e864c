/**
 * Launches of the dot interaction's ops.
 *
 * @module
 */

import { composeLaneKernels, laneFloats, lanePlace, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import type { InteractionBackwardArgs, InteractionForwardArgs } from "./op.ts";

const THREADS = 256;

const forwardKernels = composeLaneKernels({
  name: "interaction-forward",
  params: {
    inputs: "u32",
    // Lanes of a vector and pairs of vectors.
    lanes: "u32",
    pairs: "u32",
    scale: "f32",
    // In lanes.
    v: "place",
    // In floats.
    r: "place",
  },
  buffers: { v: "read Lane", r: "write f32" },
  sources: [forwardSource],
});

const backwardKernels = composeLaneKernels({
  name: "interaction-backward",
  params: {
    inputs: "u32",
    features: "u32",
    lanes: "u32",
    scale: "f32",
    // In lanes.
    v: "place",
    dv: "place",
    // In floats.
    dr: "place",
  },
  buffers: { v: "read Lane", dr: "read f32", dv: "write Lane" },
  sources: [backwardSource],
});

/** R = [v0, scale × lower triangle of V Vᵀ]. */
export function launchInteractionForward(
  context: LaunchContext,
  { v, features, dim, scale, r }: InteractionForwardArgs,
): void {
  const lane = laneFloats(dim);
  context.launch(forwardKernels[lane].launch({
    params: {
      inputs: v.rows,
      lanes: dim / lane,
      pairs: features * (features - 1) / 2,
      scale,
      v: lanePlace(v, lane),
      r,
    },
    buffers: { v: context.matrix(v), r: context.matrix(r) },
    groups: Math.ceil(r.rows * r.cols / THREADS),
  }));
}

/** dV = scale × (G + Gᵀ) V, with the direct part of vector 0. */
export function launchInteractionBackward(
  context: LaunchContext,
  { v, features, dim, scale, dr, dv, maskFirst }: InteractionBackwardArgs,
): void {
  const lane = laneFloats(dim);
  const lanes = dim / lane;
  context.launch(backwardKernels[lane].launch({
    overrides: { MASK_FIRST: Number(maskFirst) },
    params: {
      inputs: v.rows,
      features,
      lanes,
      scale,
      v: lanePlace(v, lane),
      dv: lanePlace(dv, lane),
      dr,
    },
    buffers: { v: context.matrix(v), dr: context.matrix(dr), dv: context.matrix(dv) },
    groups: Math.ceil(v.rows * features * lanes / THREADS),
  }));
}
