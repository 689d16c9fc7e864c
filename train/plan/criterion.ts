/**
 * Criteria of staleness: what the snapshots of a window say of a row, as one score. A row is stale when its score is
 * below the threshold.
 *
 * @module
 */

import { NEVER } from "./combine.ts";
import type { ChangeKind, Criterion } from "./options.ts";
import type { RowChanges } from "./snapshots.ts";

/** The score of what does not count, such as a cold row: stale at any threshold above it. */
export const ALWAYS_STALE = -1;

/** How scores are made. */
export interface CriterionOptions {
  readonly criterion: Criterion;
  readonly change: ChangeKind;
  readonly untouched: "stale" | "unknown";
}

/**
 * A score for each hot row.
 *
 * - `paper`: the largest absolute coordinate change.
 * - `per-root-access`: that divided by the square root of the row's accesses in the window.
 * - `net-over-path`: the change from the first snapshot to the last over the sum of those from each to the next, 0 to 1:
 *   a row that has converged wanders about, one that still learns goes one way.
 *
 * @param accesses Lookups of each hot row in the window. Rows without any are stale (score 0, as they did not move) or
 * unknown (never stale).
 */
export function rowScores(
  changes: RowChanges,
  accesses: Uint32Array,
  { criterion, change, untouched }: CriterionOptions,
): Float32Array {
  const { net, path, snapshots } = changes;
  const scores = new Float32Array(net.length);
  const mean = change === "mean" ? 1 / (snapshots - 1) : 0;
  for (let r = 0; r < scores.length; r++) {
    const uses = accesses[r]!;
    if (uses === 0) {
      scores[r] = untouched === "stale" ? 0 : NEVER;
    } else if (criterion === "net-over-path") {
      scores[r] = path[r]! > 0 ? net[r]! / path[r]! : 0;
    } else {
      const moved = mean > 0 ? path[r]! * mean : net[r]!;
      scores[r] = criterion === "paper" ? moved : moved / Math.sqrt(uses);
    }
  }
  return scores;
}
