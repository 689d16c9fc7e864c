/**
 * Launches of the layer normalisation's ops.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import type { LayerNormBackwardArgs, LayerNormForwardArgs } from "./op.ts";

const THREADS = 64;

const forwardKernel = composeKernel({
  name: "layer-norm-forward",
  params: { inputs: "u32", features: "u32", dim: "u32", x: "place", y: "place" },
  buffers: { x: "read f32", y: "write f32" },
  sources: [forwardSource],
});

const backwardKernel = composeKernel({
  name: "layer-norm-backward",
  params: { inputs: "u32", features: "u32", dim: "u32", x: "place", dy: "place", dx: "place" },
  buffers: { x: "read f32", dy: "read f32", dx: "write f32" },
  sources: [backwardSource],
});

/** y = (x − mean) / sqrt(variance + 1e-5). */
export function launchLayerNormForward(
  context: LaunchContext,
  { x, features, dim, y }: LayerNormForwardArgs,
): void {
  context.launch(forwardKernel.launch({
    params: { inputs: x.rows, features, dim, x, y },
    buffers: { x: context.matrix(x), y: context.matrix(y) },
    groups: Math.ceil(x.rows * features / THREADS),
  }));
}

/** dx from dy and x. */
export function launchLayerNormBackward(
  context: LaunchContext,
  { x, features, dim, dy, dx, maskFirst }: LayerNormBackwardArgs,
): void {
  context.launch(backwardKernel.launch({
    overrides: { MASK_FIRST: Number(maskFirst) },
    params: { inputs: x.rows, features, dim, x, dy, dx },
    buffers: { x: context.matrix(x), dy: context.matrix(dy), dx: context.matrix(dx) },
    groups: Math.ceil(x.rows * features / THREADS),
  }));
}
