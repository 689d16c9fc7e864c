/**
 * Changes of rows, and the scores and counts of inputs made of them, as ops.
 *
 * @module
 */

import type { Sizes } from "../check_op.ts";
import type { ExampleMaker, ExampleSize } from "../example.ts";
import { costOf, type Example, type Op } from "../op.ts";
import { isCount } from "../shapes.ts";
import type { Matrix, RowList, Scalar } from "../types.ts";
import {
  inputScoresRecord,
  rowChangeRecord,
  selectionDepth,
  staleLookupsRecord,
} from "./record.ts";

/**
 * How far embedding rows have moved between two snapshots: the largest absolute change of a coordinate,
 * change[m · features + f] = max over the vector's coordinates of |a − b|.
 */
export interface RowChangeArgs {
  /** M × (features · dim), read. */
  readonly a: Matrix;
  /** M × (features · dim), read. */
  readonly b: Matrix;
  /** Vectors (embedding rows) in a row of a and b. */
  readonly features: number;
  /** Floats in a vector. */
  readonly dim: number;
  /** 1 × at least M · features; the first M · features are written. */
  readonly change: Matrix;
  /** Whether the changes are added to what `change` holds; otherwise they replace it. */
  readonly accumulate: boolean;
}

/**
 * Where the lookups of a minibatch stand in a {@linkcode RowList}: lookup l of group g of input b is entry
 * `g * groupStride + l * lookupStride + b * inputStride`. DLRM with one lookup a table, table after table: one group,
 * T lookups, lookup stride B, input stride 1. TBSM, whose inputs are sequences of steps: a group a table with a lookup
 * a step, group stride B · steps, lookup stride 1, input stride `steps`.
 */
export interface LookupLayout {
  /** B, inputs of the minibatch. */
  readonly inputs: number;
  /** Groups an input, 1 or more. */
  readonly groups: number;
  /** Lookups a group, 1 or more. */
  readonly lookups: number;
  /** Entries from one group of an input to its next. */
  readonly groupStride: number;
  /** Entries from one lookup of a group to its next. */
  readonly lookupStride: number;
  /** Entries from one input to the next. */
  readonly inputStride: number;
}

/**
 * How an input's score is made of its lookups' scores. `nth-smallest`: the largest over the groups of the n-th smallest
 * of a group, 1 ≤ n ≤ lookups, where rows that are looked up twice count twice. `max` and `mean`: of all its lookups.
 */
export type ScoreCombination =
  | { readonly kind: "nth-smallest"; readonly n: number }
  | { readonly kind: "max" }
  | { readonly kind: "mean" };

/** A score for each input from the scores of the rows it looks up. */
export interface InputScoresArgs {
  /** 1 × R, read: a score for each row, finite (an infinite one gives no defined result); 3.4028234663852886e38 will do. */
  readonly scores: Matrix;
  /** Read; its row numbers must be below R, which nothing checks: a wrong one reads memory of something else, or none. */
  readonly rows: RowList;
  /** Which entries of `rows` are whose. */
  readonly layout: LookupLayout;
  /** How the lookups' scores become one. */
  readonly combine: ScoreCombination;
  /** B × 1, written. */
  readonly out: Matrix;
}

/**
 * The least number of stale lookups in a group of each input: out[b] = min over its groups of the number of lookups
 * whose score is below the threshold (strictly). An input may be skipped where this is at least as high as a limit.
 */
export interface StaleLookupsArgs {
  /** 1 × R, read: a score for each row, finite. */
  readonly scores: Matrix;
  /** f32, finite: read when the program runs. */
  readonly threshold: Scalar;
  /** Read; its row numbers must be below R, which nothing checks: a wrong one reads memory of something else, or none. */
  readonly rows: RowList;
  /** Which entries of `rows` are whose. */
  readonly layout: LookupLayout;
  /** B × 1, written: whole numbers. */
  readonly out: Matrix;
}

/** Largest absolute coordinate change of each vector. */
export const rowChangeOp: Op<"row-change", RowChangeArgs> = {
  name: "row-change",
  operands: {
    a: "read",
    b: "read",
    features: "setting",
    dim: "setting",
    change: "written",
    accumulate: "setting",
  },
  check({ a, features, dim, change }, sizes) {
    sizes.expectVectors("a", features, dim);
    sizes.expect("b", a.rows, a.cols, "as a");
    const least = a.rows * features;
    sizes.expect("change", 1, Math.max(least, change.cols), "one number a vector of a");
  },
  cost: ({ a, features, dim, accumulate }) =>
    costOf(rowChangeRecord, { M: a.rows, F: features, dim, accumulate: Number(accumulate) }),
  examples: [(make, { inputs, features, dim }) => ({
    a: make.read(inputs, features * dim),
    b: make.read(inputs, features * dim),
    features,
    dim,
    change: make.written(1, inputs * features),
    accumulate: false,
  })],
};

/** A score for each input. Each lookup costs a score read, though popular rows stay in caches. */
export const inputScoresOp: Op<"input-scores", InputScoresArgs> = {
  name: "input-scores",
  operands: {
    scores: "read",
    rows: "row-list",
    layout: "setting",
    combine: "setting",
    out: "written",
  },
  check(args, sizes) {
    checkScores(args, sizes);
    const { combine, layout: { lookups } } = args;
    if (combine.kind !== "nth-smallest") return;
    if (!isCount(combine.n) || combine.n < 1 || combine.n > lookups) {
      sizes.fail(
        `combine has n ${combine.n}, not an integer from 1 to the ${lookups} lookups of a group`,
      );
    }
  },
  cost({ layout: { inputs, groups, lookups }, combine }) {
    const depth = combine.kind === "nth-smallest" ? selectionDepth(combine.n, lookups) : 1;
    return costOf(inputScoresRecord, { B: inputs, G: groups, L: lookups, depth });
  },
  examples: [
    scores((n) => ({ kind: "nth-smallest", n })),
    scores(() => ({ kind: "max" })),
    scores(() => ({ kind: "mean" })),
  ],
};

/** Stale lookups of each input, with a score read for each lookup as in {@linkcode inputScoresOp}. */
export const staleLookupsOp: Op<"stale-lookups", StaleLookupsArgs> = {
  name: "stale-lookups",
  operands: {
    scores: "read",
    threshold: "scalar",
    rows: "row-list",
    layout: "setting",
    out: "written",
  },
  check: checkScores,
  cost: ({ layout: { inputs, groups, lookups } }) =>
    costOf(staleLookupsRecord, { B: inputs, G: groups, L: lookups }),
  examples: [(make, size) => ({ ...lookups(make, size), threshold: make.scalar() })],
};

function scores(combination: (lookups: number) => ScoreCombination): Example<InputScoresArgs> {
  return (make, size) => {
    const common = lookups(make, size);
    return { ...common, combine: combination(common.layout.lookups) };
  };
}

/** One lookup a table, table after table; every row has a score. */
function lookups(
  make: ExampleMaker,
  { scored, features, tableRows }: ExampleSize,
): Pick<InputScoresArgs, "scores" | "rows" | "layout" | "out"> {
  const tables = features - 1, rows = tables * tableRows;
  return {
    scores: make.read(1, rows),
    rows: make.rowList(scored * tables, rows),
    layout: {
      inputs: scored,
      groups: 1,
      lookups: tables,
      groupStride: scored * tables,
      lookupStride: scored,
      inputStride: 1,
    },
    out: make.written(scored, 1),
  };
}

/** The row numbers themselves are in the device's memory, where nothing checks them. */
function checkScores<Args extends Pick<InputScoresArgs, "scores" | "rows" | "layout" | "out">>(
  { scores, rows, layout }: Args,
  sizes: Sizes<Args>,
): void {
  // TypeScript cannot tell that what Args adds leaves these matrices what they are.
  const own = sizes as unknown as Sizes<Pick<InputScoresArgs, "scores" | "out">>;
  own.expect("scores", 1, scores.cols, "one row of scores");
  const { inputs, groups, lookups, groupStride, lookupStride, inputStride } = layout;
  if (!Object.values(layout).every(isCount) || groups === 0 || lookups === 0) {
    sizes.fail(
      `layout has ${inputs} inputs of ${groups} groups of ${lookups} lookups with strides ${inputStride}, ${groupStride} and ${lookupStride}, not whole numbers with a group and a lookup at least`,
    );
  }
  const end = (inputs - 1) * inputStride + (groups - 1) * groupStride +
    (lookups - 1) * lookupStride + 1;
  if (inputs > 0 && end > rows.length) {
    sizes.fail(`layout ends at entry ${end} of rows, which has ${rows.length}`);
  }
  own.expect("out", inputs, 1, "one number an input of layout");
}
