/**
 * Launches of the standardisation's ops.
 *
 * @module
 */

import type { ColumnStatisticsArgs, StandardiseArgs } from "../types.ts";
import { composeKernel, type LaunchContext } from "../webgpu/kernel.ts";
import standardiseSource from "./standardise.wgsl" with { type: "text" };
import statisticsSource from "./statistics.wgsl" with { type: "text" };

const COLUMNS = 16, THREADS = 256;

const statisticsKernel = composeKernel(
  "column-statistics",
  ["read", "read", "write", "write"],
  statisticsSource,
);

const standardiseKernel = composeKernel(
  "standardise",
  ["read", "read", "read", "write"],
  standardiseSource,
);

/** Running means and variances of columns. */
export function launchColumnStatistics(
  context: LaunchContext,
  { x, mean, variance, weight }: ColumnStatisticsArgs,
): void {
  const means = context.matrix(mean), variances = context.matrix(variance);
  const shared = means === variances;
  context.launch({
    kernel: statisticsKernel,
    overrides: { SHARED: Number(shared) },
    bindings: [
      context.matrix(x),
      context.scalar(weight),
      means,
      shared ? "unused" : variances,
    ],
    params: [x.rows, x.cols, x.offset, x.stride, mean.offset, variance.offset, weight.index],
    groups: x.rows === 0 ? 0 : Math.ceil(x.cols / COLUMNS),
  });
}

/** y = (x − mean) / sqrt(variance + 1e-5). */
export function launchStandardise(
  context: LaunchContext,
  { x, mean, variance, y }: StandardiseArgs,
): void {
  context.launch({
    kernel: standardiseKernel,
    overrides: { CENTRED: Number(mean !== null) },
    bindings: [
      context.matrix(x),
      mean === null ? "unused" : context.matrix(mean),
      context.matrix(variance),
      context.matrix(y),
    ],
    params: [
      ...[x.rows, x.cols, x.offset, x.stride, mean?.offset ?? 0, variance.offset],
      ...[y.offset, y.stride],
    ],
    groups: Math.ceil(x.rows * x.cols / THREADS),
  });
}
