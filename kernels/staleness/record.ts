import type { OpRecord } from "../record.ts";

/** M × F vectors of `dim` floats; `accumulate` is 1 where changes are added to others, else 0. */
interface RowChangeShape {
  readonly M: number;
  readonly F: number;
  readonly dim: number;
  readonly accumulate: number;
}

/** B inputs of G groups of L lookups. */
interface LookupScoresShape {
  readonly B: number;
  readonly G: number;
  readonly L: number;
}

/** How many of a group's scores are kept in order to find the n-th smallest: from the nearer end. */
export function selectionDepth(n: number, lookups: number): number {
  return Math.min(n, lookups - n + 1);
}

/** Largest absolute coordinate change of each vector; a comparison counts 1. */
export const rowChangeRecord: OpRecord<RowChangeShape> = {
  name: "row-change",
  flops: ({ M, F, dim, accumulate }) => M * F * (2 * dim + accumulate),
  bytes: ({ M, F, dim, accumulate }) => 4 * M * F * (2 * dim + 1 + accumulate),
};

/** A score for each input: every lookup is compared with (mean: added to) `depth` others. */
export const inputScoresRecord: OpRecord<LookupScoresShape & { readonly depth: number }> = {
  name: "input-scores",
  flops: ({ B, G, L, depth }) => B * G * L * depth,
  bytes: ({ B, G, L }) => 4 * B * (2 * G * L + 1),
};

/** Stale lookups of each input: a comparison and an addition a lookup. */
export const staleLookupsRecord: OpRecord<LookupScoresShape> = {
  name: "stale-lookups",
  flops: ({ B, G, L }) => 2 * B * G * L,
  bytes: ({ B, G, L }) => 4 * B * (2 * G * L + 1),
};
