/**
 * Float64 reference of the staleness of rows and inputs, for tests only.
 *
 * @module
 */

import type { LookupLayout, ScoreCombination } from "./op.ts";

/** max |a − b| over each run of `dim` numbers, added to `before` where that is not null. */
export function rowChange(
  a: Float64Array,
  b: Float64Array,
  dim: number,
  before: Float64Array | null,
): Float64Array {
  return Float64Array.from({ length: a.length / dim }, (_, vector) => {
    let change = 0;
    for (let c = vector * dim; c < (vector + 1) * dim; c++) {
      change = Math.max(change, Math.abs(a[c]! - b[c]!));
    }
    return change + (before?.[vector] ?? 0);
  });
}

/** One score an input, of those of its lookups. */
export function inputScores(
  scores: Float64Array,
  rows: Uint32Array,
  layout: LookupLayout,
  combine: ScoreCombination,
): Float64Array {
  return perInput(scores, rows, layout, (groups) => {
    switch (combine.kind) {
      case "nth-smallest":
        return Math.max(
          ...groups.map((group) => group.toSorted((a, b) => a - b)[combine.n - 1]!),
        );
      case "max":
        return Math.max(...groups.flat());
      case "mean":
        return groups.flat().reduce((sum, score) => sum + score, 0) / groups.flat().length;
    }
  });
}

/** The least number, over an input's groups, of lookups whose score is below the threshold. */
export function staleLookups(
  scores: Float64Array,
  threshold: number,
  rows: Uint32Array,
  layout: LookupLayout,
): Float64Array {
  return perInput(
    scores,
    rows,
    layout,
    (groups) =>
      Math.min(...groups.map((group) => group.filter((score) => score < threshold).length)),
  );
}

function perInput(
  scores: Float64Array,
  rows: Uint32Array,
  { inputs, groups, lookups, groupStride, lookupStride, inputStride }: LookupLayout,
  combine: (groups: number[][]) => number,
): Float64Array {
  return Float64Array.from({ length: inputs }, (_, b) =>
    combine(
      Array.from({ length: groups }, (_, g) =>
        Array.from(
          { length: lookups },
          (_, l) => scores[rows[g * groupStride + l * lookupStride + b * inputStride]!]!,
        )),
    ));
}
