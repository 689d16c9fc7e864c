/**
 * Launches of the L2 normalisation's ops.
 *
 * @module
 */

import type { NormaliseBackwardArgs, NormaliseForwardArgs } from "../types.ts";
import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };

const THREADS = 64;

const forwardKernel = composeKernel("normalise-forward", ["read", "write"], forwardSource);

const backwardKernel = composeKernel(
  "normalise-backward",
  ["read", "read", "write"],
  backwardSource,
);

/** v = z / max(‖z‖, 1e-12). */
export function launchNormaliseForward(
  context: LaunchContext,
  { z, v }: NormaliseForwardArgs,
): void {
  context.launch({
    kernel: forwardKernel,
    overrides: {},
    bindings: [context.matrix(z), context.matrix(v)],
    params: [z.rows, z.cols, ...[z, v].flatMap(({ offset, stride }) => [offset, stride])],
    groups: Math.ceil(z.rows / THREADS),
  });
}

/** dz from dv and z. */
export function launchNormaliseBackward(
  context: LaunchContext,
  { z, dv, dz, masked }: NormaliseBackwardArgs,
): void {
  context.launch({
    kernel: backwardKernel,
    overrides: { MASKED: Number(masked) },
    bindings: [context.matrix(z), context.matrix(dv), context.matrix(dz)],
    params: [z.rows, z.cols, ...[z, dv, dz].flatMap(({ offset, stride }) => [offset, stride])],
    groups: Math.ceil(z.rows / THREADS),
  });
}
