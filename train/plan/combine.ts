/**
 * One score an input from the scores of the rows that it looks up, in float64: what devices are compared with.
 *
 * An input is skipped at threshold T iff its combined score is below T. For the nth smallest score of each group that is
 * the same as: every group has at least n lookups of stale rows, those with a score below T. DLRM has one group, all
 * lookups of an input; TBSM one a table, with a lookup a step.
 *
 * @module
 */

/** The score that says "never skipped": the largest float32. */
export const NEVER = 3.4028234663852886e38;

/** How the scores of an input's lookups become one. */
export type CombineRule =
  /** The nth smallest of each group (n from 1), of these the largest. */
  | { readonly kind: "nth-smallest"; readonly n: number }
  /** The largest. */
  | { readonly kind: "max" }
  /** The mean of all; {@link NEVER} where one of them is. */
  | { readonly kind: "mean" };

/** How lookups are laid out: as ids in `Inputs`. */
export interface LookupLayout {
  /** Number of inputs. */
  readonly size: number;
  /** Tables. */
  readonly tables: number;
  /** Lookups of an input in a table: time steps, 1 for inputs without. */
  readonly steps: number;
  /** What the nth smallest is taken of: all lookups of an input, or those in each table. */
  readonly groups: "input" | "table";
}

/**
 * Combines the scores of some lookups of one input.
 *
 * @param scores Scores of the lookups, group by group; all groups are of one size.
 * @param groups Number of groups, at least 1.
 * @throws RangeError if the groups do not share the scores out evenly or are empty, or n is not in 1 … group size.
 */
export function combineScores(
  scores: ArrayLike<number>,
  groups: number,
  rule: CombineRule,
): number {
  const each = scores.length / groups;
  if (!Number.isInteger(groups) || !Number.isInteger(each) || groups < 1 || each < 1) {
    throw new RangeError(`Cannot combine ${scores.length} scores in ${groups} groups`);
  }
  switch (rule.kind) {
    case "nth-smallest": {
      const { n } = rule;
      if (!Number.isInteger(n) || n < 1 || n > each) {
        throw new RangeError(
          `Cannot take smallest score number ${n} of ${each}: it must be an integer from 1 to ${each}`,
        );
      }
      let largest = -Infinity;
      for (let g = 0; g < groups; g++) {
        const group = Float64Array.from({ length: each }, (_, i) => scores[g * each + i]!).sort();
        largest = Math.max(largest, group[n - 1]!);
      }
      return largest;
    }
    case "max": {
      let largest = -Infinity;
      for (let i = 0; i < scores.length; i++) largest = Math.max(largest, scores[i]!);
      return largest;
    }
    case "mean": {
      let total = 0;
      for (let i = 0; i < scores.length; i++) {
        if (scores[i]! >= NEVER) return NEVER;
        total += scores[i]!;
      }
      return total / scores.length;
    }
  }
}

/**
 * Combined score of each of some inputs.
 *
 * @param rowScores Score by row.
 * @param rows The row of each lookup: that of input b in table t at step s is number `(t * size + b) * steps + s`.
 * @throws RangeError as {@link combineScores}, and for a lookup of a row without a score.
 */
export function combineInputs(
  rowScores: ArrayLike<number>,
  rows: Uint32Array,
  layout: LookupLayout,
  rule: CombineRule,
): Float64Array {
  const { size, tables, steps, groups } = layout;
  const scores = new Float64Array(tables * steps);
  return Float64Array.from({ length: size }, (_, b) => {
    for (let t = 0; t < tables; t++) {
      for (let s = 0; s < steps; s++) {
        const lookup = (t * size + b) * steps + s, row = rows[lookup];
        if (row === undefined || row >= rowScores.length) {
          throw new RangeError(
            `Cannot combine scores: lookup ${lookup} is of row ${row}, and ${rowScores.length} rows have one`,
          );
        }
        scores[t * steps + s] = rowScores[row]!;
      }
    }
    return combineScores(scores, groups === "input" ? 1 : tables, rule);
  });
}
