/**
 * Launches of the dot interaction's ops.
 *
 * @module
 */

import {
  composeLaneKernels,
  type LaneFloats,
  laneFloats,
  lanePlace,
  type LaunchContext,
} from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import directSource from "./direct.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import type { InteractionBackwardArgs, InteractionForwardArgs } from "./op.ts";
import stagedSource from "./staged.wgsl" with { type: "text" };

const THREADS = 256;

/** Bytes of workgroup memory that every adapter has, and those that leave room for a second workgroup beside one. */
const MOST_BYTES = 16_384, GOOD_BYTES = 8192;

const forwardKernels = (source: string) =>
  composeLaneKernels({
    name: "interaction-forward",
    params: {
      inputs: "u32",
      features: "u32",
      // Lanes of a vector and pairs of vectors.
      lanes: "u32",
      pairs: "u32",
      // In lanes.
      v: "place",
      // In floats.
      r: "place",
    },
    buffers: { v: "read Lane", r: "write f32" },
    sources: [forwardSource, source],
  });

const backwardKernels = (source: string) =>
  composeLaneKernels({
    name: "interaction-backward",
    params: {
      inputs: "u32",
      features: "u32",
      lanes: "u32",
      // In lanes.
      v: "place",
      dv: "place",
      // In floats.
      dr: "place",
    },
    buffers: { v: "read Lane", dr: "read f32", dv: "write Lane" },
    sources: [backwardSource, source],
  });

const FORWARD = { direct: forwardKernels(directSource), staged: forwardKernels(stagedSource) };
const BACKWARD = { direct: backwardKernels(directSource), staged: backwardKernels(stagedSource) };

/** How the threads of a launch share its inputs. */
interface Shares {
  readonly kernel: "direct" | "staged";
  readonly overrides: Readonly<Record<string, number>>;
  readonly groups: number;
}

/** A thread an output, or the vectors of some inputs in workgroup memory if that is wanted and they fit. */
function shares(
  context: LaunchContext,
  inputs: number,
  features: number,
  dim: number,
  outputs: number,
): Shares {
  const lane: LaneFloats = laneFloats(dim);
  const room = features * (dim / lane | 1);
  if (!context.variants.stagedInteraction || 4 * lane * room > MOST_BYTES) {
    return { kernel: "direct", overrides: {}, groups: Math.ceil(inputs * outputs / THREADS) };
  }
  const some = Math.max(1, Math.floor(GOOD_BYTES / (4 * lane * room)));
  return {
    kernel: "staged",
    overrides: { INPUTS: some, ROOM: some * room },
    groups: Math.ceil(inputs / some),
  };
}

/** R = [v0, lower triangle of V Vᵀ]. */
export function launchInteractionForward(
  context: LaunchContext,
  { v, features, dim, r }: InteractionForwardArgs,
): void {
  const lane = laneFloats(dim);
  const { kernel, overrides, groups } = shares(context, v.rows, features, dim, r.cols);
  context.launch(FORWARD[kernel][lane].launch({
    overrides,
    params: {
      inputs: v.rows,
      features,
      lanes: dim / lane,
      pairs: features * (features - 1) / 2,
      v: lanePlace(v, lane),
      r,
    },
    buffers: { v: context.matrix(v), r: context.matrix(r) },
    groups,
  }));
}

/** dV = (G + Gᵀ) V, with the direct part of vector 0. */
export function launchInteractionBackward(
  context: LaunchContext,
  { v, features, dim, dr, dv, maskFirst }: InteractionBackwardArgs,
): void {
  const lane = laneFloats(dim);
  const lanes = dim / lane;
  const { kernel, overrides, groups } = shares(context, v.rows, features, dim, features * lanes);
  context.launch(BACKWARD[kernel][lane].launch({
    overrides: { ...overrides, MASK_FIRST: Number(maskFirst) },
    params: {
      inputs: v.rows,
      features,
      lanes,
      v: lanePlace(v, lane),
      dv: lanePlace(dv, lane),
      dr,
    },
    buffers: { v: context.matrix(v), dr: context.matrix(dr), dv: context.matrix(dv) },
    groups,
  }));
}
