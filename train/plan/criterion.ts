/**
 * Criteria of staleness: how far a row has moved over a window, as one score. A row is stale when its score is below the
 * threshold.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import type { ScoreCombination } from "../../kernels/staleness/op.ts";
import type { RowNumbers } from "./row_numbers.ts";
import type { RowChanges } from "./snapshots.ts";

/** The score that says "never skipped": the largest float32. */
export const NEVER = 3.4028234663852886e38;
/** The score of rows that are ignored, such as cold ones: they are stale at any threshold above it. */
export const ALWAYS_STALE = -1;

/** How the scores of an input's rows become one; the n of `nth-smallest` is a plan's `alpha`. */
export type Combine = ScoreCombination["kind"];

/** The ways in which they do. */
export const COMBINES = ["nth-smallest", "max", "mean"] as const satisfies readonly Combine[];

/** How snapshots become one change of a row: first against last, or the running mean from each to the next. */
export type ChangeKind = "ends" | "mean";

/** What is known of a hot row at the end of a window in which it was looked up. */
export interface WindowRow {
  /** Largest absolute coordinate change, as the option `change` has it: `net`, or the mean from snapshot to snapshot. */
  readonly change: number;
  /** Largest absolute coordinate change from the first snapshot to the last. */
  readonly net: number;
  /** Sum of the largest absolute coordinate changes from each snapshot to the next; `net` where there are two. */
  readonly path: number;
  /** Lookups in the window, at least 1; 0 where the criterion needs no window. */
  readonly accesses: number;
  /** Adagrad's sum of squared gradients, mean over the row's coordinates; null for `sgd`. Only if `reads` names it. */
  readonly adagradSum: number | null;
  /** Euclidean norm of the row at the end of the window. Only if `reads` names it. */
  readonly norm: number;
}

/** The words for what a criterion needs. */
export const CRITERION_NEEDS = [
  "changes",
  "accesses",
  "state",
] as const satisfies readonly NonNullable<Criterion["needs"]>[];

/** A criterion of staleness. `PlanOptions` takes a name of `CRITERIA` or an object like this. */
export interface Criterion {
  /** Its name in documents: letters, digits and hyphens. */
  readonly name: string;
  /** What it measures of a row, as a clause for `--help`. */
  readonly help?: string;
  /**
   * The score of a row: 0 or more, lower for staler rows; Infinity for a row that is never stale. It is called only for
   * rows that were looked up in the window, or for all hot rows if it needs none.
   */
  score(row: WindowRow): number;
  /**
   * What it needs: `changes`, the default, snapshots at the ends of a window; `accesses`, the lookups of a window without any
   * snapshot, so that `change`, `net` and `path` are 0; `state`, no window at all, but the optimizer's sums at the decision.
   */
  readonly needs?: "changes" | "accesses" | "state";
  /** What is copied from the device besides changes, for all hot rows at each decision; nothing by default. */
  readonly reads?: readonly ("adagradSum" | "norm")[];
  /** How the scores of an input's rows are combined unless the options say otherwise. `max` by default. */
  readonly defaultCombine?: Combine;
  /** Snapshots of a window: how many by default, and at least. Both are 2 if left out. */
  readonly snapshots?: { readonly byDefault: number; readonly least: number };
  /** The file that it was loaded from. */
  readonly file?: string;
  /** SHA-256 of that file's text, in hexadecimal. */
  readonly sha256?: string;
}

/** A criterion that has yet to be loaded from a file: the path of a module, or what a checkpoint holds of it. */
export interface CriterionFile {
  /** Path of the module. */
  readonly file: string;
  /** What the criterion is called, once it has been loaded. */
  readonly name?: string;
  /** Of its text: another is refused. */
  readonly sha256?: string;
}

/** Every built-in criterion, by name. */
export const CRITERIA = {
  paper: {
    name: "paper",
    help: "its largest coordinate change",
    score: ({ change }) => change,
    defaultCombine: "nth-smallest",
  },
  "per-root-access": {
    name: "per-root-access",
    help: "that over the root of its accesses",
    score: ({ change, accesses }) => change / Math.sqrt(accesses),
    defaultCombine: "mean",
  },
  // 0 to 1: a converged row moves back and forth, a row that still learns moves in one direction.
  "net-over-path": {
    name: "net-over-path",
    help: "its net change over its path",
    score: ({ net, path }) => path > 0 ? net / path : 0,
    defaultCombine: "max",
    // Between two snapshots net change and path are the same.
    snapshots: { byDefault: 5, least: 3 },
  },
  // A control: what of per-root-access is popularity alone.
  popularity: {
    name: "popularity",
    help: "one over the root of its accesses, without any snapshot",
    needs: "accesses",
    score: ({ accesses }) => 1 / Math.sqrt(accesses),
    defaultCombine: "mean",
  },
  // Adagrad's step for a gradient of 1, without the learning rate, which all rows share. A row never updated is never stale.
  adagrad: {
    name: "adagrad",
    help: "one over the root of Adagrad's mean sum, without any window",
    needs: "state",
    reads: ["adagradSum"],
    score: ({ adagradSum }) => 1 / Math.sqrt(adagradSum!),
    defaultCombine: "mean",
  },
} as const satisfies Readonly<Record<string, Criterion>>;

/** The name of a built-in criterion. */
export type CriterionName = keyof typeof CRITERIA;

/** Names of the built-in criteria. */
export const CRITERION_NAMES: readonly CriterionName[] = Object.keys(CRITERIA) as CriterionName[];

/**
 * The criterion of a plan's options, which hold its name or the criterion itself.
 *
 * @throws {UserError} It has not been loaded from its file, or a script made it and a checkpoint could keep only its name.
 */
export function findCriterion(criterion: CriterionName | Criterion | CriterionFile): Criterion {
  if (typeof criterion === "string") return CRITERIA[criterion];
  if ("score" in criterion) return criterion;
  if ("file" in criterion) {
    throw new UserError(
      `Cannot use criterion ${criterion.file}: it is the name of a file; load it by loadCriterion`,
    );
  }
  const { name } = criterion as { readonly name?: string };
  throw new UserError(
    `Cannot use criterion ${name}: it is a function of the script that started the run, and checkpoints hold none; give it anew, or keep it in a file`,
  );
}

/** How scores are made. */
export interface CriterionOptions {
  readonly criterion: CriterionName | Criterion | CriterionFile;
  readonly change: ChangeKind;
  readonly untouched: "stale" | "unknown";
}

/**
 * A score for each hot row.
 *
 * @param accesses Lookups of each hot row in the window. Rows without any are stale (score 0, as they did not move) or
 * unknown (never stale).
 * @param numbers What the criterion reads besides changes.
 * @throws {UserError} A criterion returns something that is not a score, or uses a number that its `reads` does not name.
 */
export function rowScores(
  changes: RowChanges,
  accesses: Uint32Array,
  { criterion, change, untouched }: CriterionOptions,
  numbers: RowNumbers = {},
): Float32Array {
  const { net, path, snapshots } = changes;
  const found = findCriterion(criterion);
  const scores = new Float32Array(net.length);
  const mean = change === "mean" ? 1 / (snapshots - 1) : 0;
  const row = new Row(found.name, numbers);
  const windowless = found.needs === "state";
  for (let r = 0; r < scores.length; r++) {
    const uses = accesses[r]!;
    if (uses === 0 && !windowless) {
      scores[r] = untouched === "stale" ? 0 : NEVER;
      continue;
    }
    row.at = r;
    row.net = net[r]!;
    row.path = path[r]!;
    row.change = mean > 0 ? row.path * mean : row.net;
    row.accesses = uses;
    const score = found.score(row);
    const valid = score >= 0;
    if (!valid && Number.isFinite(row.path)) {
      throw new UserError(
        `Cannot use criterion ${found.name}: it gives ${score} for a row that changed by ${row.net} in ${uses} accesses, and a score must be a number from 0 up`,
      );
    }
    // A row that is no longer finite is never stale; the loop reports it when the loss is no longer finite.
    scores[r] = valid ? Math.min(score, NEVER) : NEVER;
  }
  return scores;
}

/** One row after another, in one place: a criterion is called for millions. */
class Row implements WindowRow {
  at = 0;
  change = 0;
  net = 0;
  path = 0;
  accesses = 0;
  readonly #criterion: string;
  readonly #numbers: RowNumbers;

  constructor(criterion: string, numbers: RowNumbers) {
    this.#criterion = criterion;
    this.#numbers = numbers;
  }

  get adagradSum(): number | null {
    const sums = this.#read("adagradSum");
    return sums === null ? null : sums[this.at]!;
  }

  get norm(): number {
    return this.#read("norm")![this.at]!;
  }

  #read<K extends keyof RowNumbers>(name: K): Exclude<RowNumbers[K], undefined> {
    const numbers = this.#numbers[name];
    if (numbers === undefined) {
      throw new UserError(
        `Cannot use criterion ${this.#criterion}: it looks at ${name} and does not name it in reads`,
      );
    }
    return numbers as Exclude<RowNumbers[K], undefined>;
  }
}
