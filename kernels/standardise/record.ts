import type { OpRecord } from "../record.ts";

/** M rows of N columns; `centred` is 1 where a mean is taken off, else 0. */
interface StandardiseShape {
  readonly M: number;
  readonly N: number;
  readonly centred: number;
}

/** Column means and biased variances of a minibatch, and their part of the running ones. */
export const columnStatisticsRecord: OpRecord<{ readonly M: number; readonly N: number }> = {
  name: "column-statistics",
  flops: ({ M, N }) => 4 * M * N + 8 * N,
  bytes: ({ M, N }) => 4 * (M * N + 4 * N),
};

/** y = (x − mean) / sqrt(variance + eps), the roots taken once a column. */
export const standardiseRecord: OpRecord<StandardiseShape> = {
  name: "standardise",
  flops: ({ M, N, centred }) => M * N * (1 + centred) + 2 * N,
  bytes: ({ M, N, centred }) => 4 * (2 * M * N + N * (1 + centred)),
};
