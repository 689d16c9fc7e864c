/**
 * Launches of the standardisation's ops.
 *
 * @module
 */

import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import type { ColumnStatisticsArgs, StandardiseArgs } from "./op.ts";
import standardiseSource from "./standardise.wgsl" with { type: "text" };
import statisticsSource from "./statistics.wgsl" with { type: "text" };

const COLUMNS = 16, THREADS = 256;

const statisticsKernel = composeKernel({
  name: "column-statistics",
  params: {
    rows: "u32",
    cols: "u32",
    x: "place",
    mean_offset: "u32",
    variance_offset: "u32",
    weight: "u32",
  },
  buffers: {
    x: "read f32",
    scalars: "read f32",
    means: "write f32",
    variances: "write f32",
  },
  sources: [statisticsSource],
});

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

/** Running means and variances of columns. */
export function launchColumnStatistics(
  context: LaunchContext,
  { x, mean, variance, weight }: ColumnStatisticsArgs,
): void {
  const means = context.matrix(mean), variances = context.matrix(variance);
  const shared = means === variances;
  context.launch(statisticsKernel.launch({
    overrides: { SHARED: Number(shared) },
    params: {
      rows: x.rows,
      cols: x.cols,
      x,
      mean_offset: mean.offset,
      variance_offset: variance.offset,
      weight: weight.index,
    },
    buffers: {
      x: context.matrix(x),
      scalars: context.scalar(weight),
      means,
      variances: shared ? "unused" : variances,
    },
    groups: x.rows === 0 ? 0 : Math.ceil(x.cols / COLUMNS),
  }));
}

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
