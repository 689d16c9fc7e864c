import type { OpRecord } from "../record.ts";

/** M rows of N columns; `centred` is 1 where a mean is taken off, else 0. */
interface StandardiseShape {
  readonly M: number;
  readonly N: number;
  readonly centred: number;
}

/** y = (x − mean) / sqrt(variance + eps), the roots taken once a column. */
export const standardiseRecord: OpRecord<StandardiseShape> = {
  name: "standardise",
  flops: ({ M, N, centred }) => M * N * (1 + centred) + 2 * N,
  bytes: ({ M, N, centred }) => 4 * (2 * M * N + N * (1 + centred)),
};
