/**
 * Launches of the layer normalisation's ops.
 *
 * @module
 */

import type { LayerNormBackwardArgs, LayerNormForwardArgs } from "../types.ts";
import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };

const THREADS = 64;

const forwardKernel = composeKernel("layer-norm-forward", ["read", "write"], forwardSource);

const backwardKernel = composeKernel(
  "layer-norm-backward",
  ["read", "read", "write"],
  backwardSource,
);

/** y = (x − mean) / sqrt(variance + 1e-5). */
export function launchLayerNormForward(
  context: LaunchContext,
  { x, features, dim, y }: LayerNormForwardArgs,
): void {
  context.launch({
    kernel: forwardKernel,
    overrides: {},
    bindings: [context.matrix(x), context.matrix(y)],
    params: [x.rows, features, dim, ...[x, y].flatMap(({ offset, stride }) => [offset, stride])],
    groups: Math.ceil(x.rows * features / THREADS),
  });
}

/** dx from dy and x. */
export function launchLayerNormBackward(
  context: LaunchContext,
  { x, features, dim, dy, dx, maskFirst }: LayerNormBackwardArgs,
): void {
  context.launch({
    kernel: backwardKernel,
    overrides: { MASK_FIRST: Number(maskFirst) },
    bindings: [context.matrix(x), context.matrix(dy), context.matrix(dx)],
    params: [
      ...[x.rows, features, dim],
      ...[x, dy, dx].flatMap(({ offset, stride }) => [offset, stride]),
    ],
    groups: Math.ceil(x.rows * features / THREADS),
  });
}
