/**
 * Launches of the variance-only layer normalisation's ops.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import gainSource from "./gain.wgsl" with { type: "text" };
import type { VarianceNormBackwardArgs, VarianceNormForwardArgs } from "./op.ts";

const THREADS = 64;

const forwardKernel = composeKernel({
  name: "variance-norm-forward",
  params: {
    inputs: "u32",
    features: "u32",
    dim: "u32",
    x: "place",
    gain_offset: "u32",
    eps_offset: "u32",
    y: "place",
  },
  buffers: { x: "read f32", gain: "read f32", eps: "read f32", y: "write f32" },
  sources: [forwardSource],
});

const backwardKernel = composeKernel({
  name: "variance-norm-backward",
  params: {
    inputs: "u32",
    features: "u32",
    dim: "u32",
    x: "place",
    gain_offset: "u32",
    eps_offset: "u32",
    dy: "place",
    dx: "place",
  },
  buffers: {
    x: "read f32",
    gain: "read f32",
    eps: "read f32",
    dy: "read f32",
    dx: "write f32",
    parts: "write f32",
  },
  sources: [backwardSource],
});

const gainKernel = composeKernel({
  name: "variance-norm-backward gain",
  params: { inputs: "u32", features: "u32", dgain_offset: "u32" },
  buffers: { parts: "read f32", dgain: "write f32" },
  sources: [gainSource],
});

/** y = gain x / sqrt(variance + eps). */
export function launchVarianceNormForward(
  context: LaunchContext,
  { x, features, dim, gain, eps, y }: VarianceNormForwardArgs,
): void {
  context.launch(forwardKernel.launch({
    params: {
      ...{ inputs: x.rows, features, dim, x, y },
      gain_offset: gain.offset,
      eps_offset: eps.offset,
    },
    buffers: {
      x: context.matrix(x),
      gain: context.matrix(gain),
      eps: context.matrix(eps),
      y: context.matrix(y),
    },
    groups: Math.ceil(x.rows * features / THREADS),
  }));
}

/** dx and each vector's part of dgain, then dgain. */
export function launchVarianceNormBackward(
  context: LaunchContext,
  { x, features, dim, gain, eps, dy, dx, dgain }: VarianceNormBackwardArgs,
): void {
  context.scratch(4 * Math.max(1, x.rows * features));
  context.launch(backwardKernel.launch({
    params: {
      ...{ inputs: x.rows, features, dim, x, dy, dx },
      gain_offset: gain.offset,
      eps_offset: eps.offset,
    },
    buffers: {
      x: context.matrix(x),
      gain: context.matrix(gain),
      eps: context.matrix(eps),
      dy: context.matrix(dy),
      dx: context.matrix(dx),
      parts: "scratch",
    },
    groups: Math.ceil(x.rows * features / THREADS),
  }));
  context.launch(gainKernel.launch({
    params: { inputs: x.rows, features, dgain_offset: dgain.offset },
    buffers: { parts: "scratch", dgain: context.matrix(dgain) },
    groups: features,
  }));
}
