/**
 * Launches of the L2 normalisation's ops.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import backwardSource from "./backward.wgsl" with { type: "text" };
import forwardSource from "./forward.wgsl" with { type: "text" };
import type { NormaliseBackwardArgs, NormaliseForwardArgs } from "./op.ts";

const THREADS = 64;

const forwardKernel = composeKernel({
  name: "normalise-forward",
  params: { rows: "u32", cols: "u32", z: "place", v: "place" },
  buffers: { z: "read f32", v: "write f32" },
  sources: [forwardSource],
});

const backwardKernel = composeKernel({
  name: "normalise-backward",
  params: { rows: "u32", cols: "u32", z: "place", dv: "place", dz: "place" },
  buffers: { z: "read f32", dv: "read f32", dz: "write f32" },
  sources: [backwardSource],
});

/** v = z / max(‖z‖, 1e-12). */
export function launchNormaliseForward(
  context: LaunchContext,
  { z, v }: NormaliseForwardArgs,
): void {
  context.launch(forwardKernel.launch({
    params: { rows: z.rows, cols: z.cols, z, v },
    buffers: { z: context.matrix(z), v: context.matrix(v) },
    groups: Math.ceil(z.rows / THREADS),
  }));
}

/** dz from dv and z. */
export function launchNormaliseBackward(
  context: LaunchContext,
  { z, dv, dz, masked }: NormaliseBackwardArgs,
): void {
  context.launch(backwardKernel.launch({
    overrides: { MASKED: Number(masked) },
    params: { rows: z.rows, cols: z.cols, z, dv, dz },
    buffers: { z: context.matrix(z), dv: context.matrix(dv), dz: context.matrix(dz) },
    groups: Math.ceil(z.rows / THREADS),
  }));
}
