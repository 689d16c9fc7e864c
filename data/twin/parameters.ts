/**
 * The parameter file of a twin: statistics of a data set, never rows of it.
 *
 * @module
 */

import {
  checked,
  checkSchema,
  inTurn,
  listOf,
  numberFrom,
  objectOf,
  objectWith,
  oneOf,
  orNull,
  type Schema,
  text,
  tupleOf,
  value,
  wholeFrom,
  words,
} from "../../core/schema.ts";
import { type Law, possibleIds, type Segment } from "./law.ts";

/** Raised whenever the same file would give other inputs. */
export const TWIN_VERSION = 2;

/** How the ids of a column come and go where drift is asked for; see `drift.ts`. */
export interface ColumnDrift {
  /** Groups that the places of the law are dealt out to; not more than there are ids. */
  readonly groups: number;
  /** Share of the groups whose ids stay where they are. */
  readonly lasting: number;
  /** Mean lifetime of an id in its place, in days. */
  readonly days: number;
  /** Which groups last, and when the others move on, hangs on this number. */
  readonly salt: number;
}

/** A column of ids. Ids are ordered by popularity: 0 is the most frequent. */
export interface TwinColumn {
  /** Name of the column. */
  readonly name: string;
  /** Distinct ids of the full data set, as published. */
  readonly distinct: number;
  /** Its popularity law. */
  readonly law: Law;
  /**
   * Where the column's popularity is cut into cells, most popular first: upper ends of the cells as shares of all inputs,
   * the last being 1. Columns depend on each other through their cells.
   */
  readonly cells: readonly number[];
  /** The column whose id this one's may follow from, or null: then the latent class decides the cell. */
  readonly parent: number | null;
  /** Share of the parent's ids that decide this column's; for the others the latent class does. 0 without a parent. */
  readonly follows: number;
  /** For each cell of the parent, probabilities of this column's cells. Null without a parent. */
  readonly given: readonly (readonly number[])[] | null;
  /** Lookups of an input (a bag), drawn independently of each other given the class; absent for one. Not with a parent. */
  readonly lookups?: number;
  /** How its ids come and go; absent if they do not, or if nothing is known of it. Not with several lookups. */
  readonly drift?: ColumnDrift;
}

/** A dense column: value ranges in the transformed unit (for Criteo ln(x + 1)), uniform inside. */
export interface TwinDense {
  /** Name of the column. */
  readonly name: string;
  /** [low, high] of each range; equal for a single value. */
  readonly ranges: readonly (readonly [number, number])[];
  /** For a column that tells the time: floor(i / inputs) mod steps, divided by steps, for input i. Else null. */
  readonly clock: { readonly inputs: number; readonly steps: number } | null;
}

/** One of the latent classes. */
export interface TwinClass {
  /** Share of inputs. */
  readonly weight: number;
  /** Probabilities of the cells of each column that does not always follow a parent, in the order of columns. */
  readonly columns: readonly (readonly number[])[];
  /** Probabilities of the ranges of each dense column. */
  readonly dense: readonly (readonly number[])[];
}

/** How fast planted effects may shrink with popularity. */
export const EFFECT_EXPONENTS = [0, 0.25, 0.5] as const;
/** How fast they do unless another exponent is asked for. */
export const DEFAULT_EXPONENT = 0.25;

/** The planted click model. */
export interface TwinClicks {
  /** A row of popularity p has effects with the standard deviation (1 + p / 1e-4)^-exponent, times its table's. */
  readonly effectExponent: typeof EFFECT_EXPONENTS[number];
  /** Expected share of clicks. */
  readonly rate: number;
  /** Constant term of the logit. */
  readonly bias: number;
  /** Standard deviations in the logit of dense effects, row effects and pairs, each summed over an input. */
  readonly strength: { readonly dense: number; readonly rows: number; readonly pairs: number };
  /** AUC and log-loss of the true probabilities. */
  readonly bayes: { readonly auc: number; readonly logloss: number };
  /** AUC of a model that knows only the effects of rows with at least 20 expected uses in two million inputs. */
  readonly learnableAuc: number;
}

/** All of a twin. */
export interface TwinParameters {
  /** Version of the file's layout. */
  readonly version: typeof TWIN_VERSION;
  /** Name of the twin. */
  readonly name: string;
  /** Inputs of the full data set. */
  readonly inputs: number;
  /** Inputs of the sample, and how many of them the dependence was fitted to. */
  readonly sample: { readonly inputs: number; readonly fitted: number };
  /** Columns of ids, in the order of tables. */
  readonly columns: readonly TwinColumn[];
  /** Dense columns. */
  readonly dense: readonly TwinDense[];
  /** What makes columns depend on each other. */
  readonly classes: readonly TwinClass[];
  /**
   * Share of an input's columns that keep to its level of popularity: within what the class makes of them, the same eighth. It
   * makes popular ids occur together more than classes do. Drawn in steps of 1/256.
   */
  readonly coupling: number;
  /** What makes clicks likely. */
  readonly clicks: TwinClicks;
  /** The same for other exponents, each with strengths of its own, so that clicks are as frequent and as predictable. */
  readonly otherClicks?: readonly TwinClicks[];
}

const COUNT = wholeFrom(1, 2 ** 40);
const SHARE = numberFrom(0, 1);
const NOT_NEGATIVE = numberFrom(0, Number.MAX_VALUE);

/** Shares are written with few digits, so their sum is 1 only nearly; the generator divides by it. */
function isDistribution(shares: readonly number[]): boolean {
  return Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-3;
}

/** Probabilities; `size` of them where it is known. */
function distributionOf(size: number | null): Schema<number[]> {
  return value(
    (found) =>
      Array.isArray(found) && (size === null || found.length === size) &&
      found.every((share) => typeof share === "number" && share >= 0 && share <= 1) &&
      isDistribution(found),
    `be ${size === null ? "" : `${size} `}shares with the sum 1`,
  );
}

const LAW: Schema<Law> = checked(
  listOf(objectOf<Segment>({ ids: wholeFrom(1, 2 ** 32 - 1), mass: SHARE }), 1),
  (law) => {
    let ids = 0, before = Infinity;
    for (const segment of law) {
      const each = segment.mass / segment.ids;
      if (each > before * (1 + 1e-5)) return "is not ordered by popularity";
      before = each;
      ids += segment.ids;
    }
    if (ids >= 2 ** 32) return `has ${ids} ids and must have fewer than 2^32`;
    return isDistribution(law.map(({ mass }) => mass)) ? null : "has masses without the sum 1";
  },
);

const CELLS: Schema<number[]> = checked(
  listOf(SHARE, 1, 256),
  (cells) =>
    cells.at(-1) === 1 && cells.every((end, c) => end > (c === 0 ? 0 : cells[c - 1]!))
      ? null
      : "must ascend to 1",
);

const DRIFT: Schema<ColumnDrift> = objectOf<ColumnDrift>({
  groups: wholeFrom(1, 2 ** 32 - 1),
  lasting: SHARE,
  days: numberFrom(1e-3, 1e6),
  salt: wholeFrom(0, 2 ** 32 - 1),
});

const COLUMN: Schema<TwinColumn> = objectOf<TwinColumn>({
  name: text,
  distinct: wholeFrom(1, 2 ** 32 - 1),
  law: LAW,
  cells: CELLS,
  parent: orNull(wholeFrom(0)),
  follows: SHARE,
  given: orNull(listOf(distributionOf(null))),
}, { lookups: wholeFrom(1, 1000), drift: DRIFT });

/** Checks that the columns of a twin depend on each other in a possible way. */
export function columnsOf<T extends readonly TwinColumn[]>(least: number, most: number): Schema<T> {
  return checked(listOf(COLUMN, least, most), (columns) => {
    for (const [t, column] of columns.entries()) {
      const problem = parentProblem(column, t, columns) ?? driftProblem(column);
      if (problem !== null) return `has at [${t}] ${problem}`;
    }
    return null;
  }) as unknown as Schema<T>;
}

/** What is wrong with what a column follows from; null where nothing is. */
function parentProblem(
  { parent, given, follows, cells, lookups = 1 }: TwinColumn,
  t: number,
  columns: readonly TwinColumn[],
): string | null {
  if (parent === null) {
    return given === null && follows === 0 ? null : "given or follows without a parent";
  }
  if (lookups > 1) return `${lookups} lookups and a parent, which is for one lookup alone`;
  const above = columns[parent];
  if (above === undefined || parent === t) {
    return `parent ${parent}, which is not the number of another column`;
  }
  // A chain of parents ends, or this column is its own ancestor.
  let at: number | null = parent;
  for (let steps = 0; at !== null; steps++) {
    if (steps > columns.length) return "parents that form a circle";
    at = columns[at]?.parent ?? null;
  }
  return given?.length === above.cells.length &&
      given.every((shares) => shares.length === cells.length)
    ? null
    : `given that is not ${above.cells.length} lists of ${cells.length} shares`;
}

function driftProblem({ drift, law, lookups = 1 }: TwinColumn): string | null {
  if (drift === undefined) return null;
  if (lookups > 1) return `${lookups} lookups and a drift, which is for one lookup alone`;
  const ids = possibleIds(law);
  return drift.groups <= ids ? null : `a drift of ${drift.groups} groups for ${ids} ids`;
}

const DENSE: Schema<TwinDense> = objectOf<TwinDense>({
  name: text,
  ranges: listOf(
    checked(
      tupleOf([numberFrom(-Infinity), numberFrom(-Infinity)]),
      ([low, high]) => low! <= high! ? null : "must not fall",
    ),
    1,
    256,
  ) as unknown as Schema<TwinDense["ranges"]>,
  clock: orNull(
    objectOf<NonNullable<TwinDense["clock"]>>({ inputs: COUNT, steps: wholeFrom(1, 2 ** 20) }),
  ),
});

const CLASS: Schema<TwinClass> = objectOf<TwinClass>({
  weight: SHARE,
  columns: listOf(distributionOf(null)),
  dense: listOf(distributionOf(null)),
});

const CLICKS: Schema<TwinClicks> = objectOf<TwinClicks>({
  effectExponent: oneOf(EFFECT_EXPONENTS),
  rate: SHARE,
  bias: numberFrom(-Infinity),
  strength: objectOf<TwinClicks["strength"]>({
    dense: NOT_NEGATIVE,
    rows: NOT_NEGATIVE,
    pairs: NOT_NEGATIVE,
  }),
  bayes: objectOf<TwinClicks["bayes"]>({ auc: SHARE, logloss: NOT_NEGATIVE }),
  learnableAuc: SHARE,
});

const VERSION = oneOf([TWIN_VERSION]);

const TWIN: Schema<TwinParameters> = checked(
  objectOf<TwinParameters>({
    version: VERSION,
    name: words,
    inputs: COUNT,
    sample: objectOf<TwinParameters["sample"]>({ inputs: COUNT, fitted: COUNT }),
    columns: columnsOf(1, 1000),
    dense: listOf(DENSE),
    classes: listOf(CLASS, 1, 4096),
    coupling: SHARE,
    clicks: CLICKS,
  }, { otherClicks: listOf(CLICKS, 0, EFFECT_EXPONENTS.length) }),
  ({ columns, dense, classes }) => {
    const roots = columns.filter(({ follows }) => follows < 1);
    for (const [z, one] of classes.entries()) {
      for (
        const [name, lists, wanted] of [
          ["columns", one.columns, roots.map(({ cells }) => cells.length)],
          ["dense", one.dense, dense.map(({ ranges }) => ranges.length)],
        ] as const
      ) {
        const lengths = lists.map(({ length }) => length);
        if (lengths.join() !== wanted.join()) {
          return `has in classes[${z}].${name} lists of ${
            lengths.join(", ")
          } shares and must have lists of ${wanted.join(", ")}`;
        }
      }
    }
    return isDistribution(classes.map(({ weight }) => weight))
      ? null
      : "has weights of classes without the sum 1";
  },
);

/**
 * The value as parameters of a twin.
 *
 * @throws UserError if it is not a twin of this version.
 */
export function checkParameters(value: unknown, source: string): TwinParameters {
  // Another version has other fields.
  return checkSchema(
    inTurn(objectWith<TwinParameters>({ version: VERSION }), TWIN),
    value,
    `Cannot read twin ${source}`,
  );
}
