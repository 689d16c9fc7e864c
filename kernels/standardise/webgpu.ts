/**
 * Launches of the standardisation's op.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import type { StandardiseArgs } from "./op.ts";
import standardiseSource from "./standardise.wgsl" with { type: "text" };

const THREADS = 256;

const standardiseKernel = composeKernel({
  name: "standardise",
  params: {
    rows: "u32",
    cols: "u32",
    x: "place",
    mean_offset: "u32",
    variance_offset: "u32",
    eps: "f32",
    y: "place",
  },
  buffers: { x: "read f32", means: "read f32", variances: "read f32", y: "write f32" },
  sources: [standardiseSource],
});

/** y = (x − mean) / sqrt(variance + eps). */
export function launchStandardise(
  context: LaunchContext,
  { x, mean, variance, eps, y }: StandardiseArgs,
): void {
  context.launch(standardiseKernel.launch({
    overrides: { CENTRED: Number(mean !== null) },
    params: {
      rows: x.rows,
      cols: x.cols,
      x,
      mean_offset: mean?.offset ?? 0,
      variance_offset: variance.offset,
      eps,
      y,
    },
    buffers: {
      x: context.matrix(x),
      means: mean === null ? "unused" : context.matrix(mean),
      variances: context.matrix(variance),
      y: context.matrix(y),
    },
    groups: Math.ceil(x.rows * x.cols / THREADS),
  }));
}
