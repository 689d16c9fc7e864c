/**
 * Launches of the dot interaction's ops.
 *
 * @module
 */

import type { InteractionBackwardArgs, InteractionForwardArgs } from "../types.ts";
import { composeLaneKernels, laneFloats, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };

const THREADS = 256;

const forwardKernels = composeLaneKernels("interaction-forward", ["read", "write"], forwardSource);

const backwardKernels = composeLaneKernels(
  "interaction-backward",
  ["read", "read", "write"],
  backwardSource,
);

/** R = [v0, lower triangle of V Vᵀ]. */
export function launchInteractionForward(
  context: LaunchContext,
  { v, features, dim, r }: InteractionForwardArgs,
): void {
  const lane = laneFloats(dim);
  context.launch({
    kernel: forwardKernels[lane],
    overrides: {},
    bindings: [context.matrix(v), context.matrix(r)],
    params: [
      ...[v.rows, dim / lane, features * (features - 1) / 2],
      ...[v.offset / lane, v.stride / lane, r.offset, r.stride],
    ],
    groups: Math.ceil(r.rows * r.cols / THREADS),
  });
}

/** dV = (G + Gᵀ) V, with the direct part of vector 0. */
export function launchInteractionBackward(
  context: LaunchContext,
  { v, features, dim, dr, dv, maskFirst }: InteractionBackwardArgs,
): void {
  const lane = laneFloats(dim);
  context.launch({
    kernel: backwardKernels[lane],
    overrides: { MASK_FIRST: Number(maskFirst) },
    bindings: [context.matrix(v), context.matrix(dr), context.matrix(dv)],
    params: [
      ...[v.rows, features, dim / lane],
      ...[v.offset / lane, v.stride / lane, dv.offset / lane, dv.stride / lane],
      ...[dr.offset, dr.stride],
    ],
    groups: Math.ceil(v.rows * features * (dim / lane) / THREADS),
  });
}
