/**
 * How far some rows moved over the last minibatches, read again and again while a run trains.
 *
 * @module
 */

import type { GroupedLookups } from "../../kernels/types.ts";
import type { CriterionName } from "../../train/plan/criterion.ts";
import { findCriterion, NEVER, rowScores } from "../../train/plan/criterion.ts";
import type { RowNumbers } from "../../train/plan/row_numbers.ts";
import type { RowsReading } from "./messages.ts";

/** Readings of a window, so that the picture moves on more often than once a window. */
const READINGS = 4;

/** Reads the values of rows, dim floats each, in their order. */
export type ReadRows = (rows: Uint32Array) => Promise<Float32Array>;
/** Reads what else a criterion looks at. */
export type ReadNumbers = (rows: Uint32Array) => Promise<RowNumbers>;

/** Values and accesses of the rows at one time. */
interface Snapshot {
  readonly step: number;
  readonly values: Float32Array;
  readonly accesses: Uint32Array;
}

/** Keeps the readings of one window and scores the rows by a criterion, as a plan does at the end of its window. */
export class MovingRows {
  /** Flat rows, ascending. */
  readonly rows: Uint32Array;
  /** Minibatches between two readings. */
  readonly every: number;
  readonly #criterion: CriterionName;
  readonly #accesses: Uint32Array;
  /** Number of each row. */
  readonly #numbers: ReadonlyMap<number, number>;
  #snapshots: Snapshot[] = [];

  /** @param window Minibatches over which movement is measured. */
  constructor(rows: Uint32Array, window: number, criterion: CriterionName) {
    this.rows = rows;
    this.every = Math.max(1, Math.round(window / READINGS));
    this.#criterion = criterion;
    this.#accesses = new Uint32Array(rows.length);
    this.#numbers = new Map(Array.from(rows, (row, i) => [row, i]));
  }

  /** Counts the lookups of a minibatch, whose rows are flat rows of the tables. */
  count({ unique, uniqueRows, segments }: GroupedLookups): void {
    for (let u = 0; u < unique; u++) {
      const number = this.#numbers.get(uniqueRows[u]!);
      if (number !== undefined) this.#accesses[number]! += segments[u + 1]! - segments[u]!;
    }
  }

  /** Takes a reading after so many minibatches; null until a whole window has been seen. */
  async read(step: number, rows: ReadRows, numbers: ReadNumbers): Promise<RowsReading | null> {
    const now = { step, values: await rows(this.rows), accesses: this.#accesses.slice() };
    this.#snapshots.push(now);
    if (this.#snapshots.length <= READINGS) return null;
    this.#snapshots = this.#snapshots.slice(-READINGS - 1);
    const first = this.#snapshots[0]!;
    const accesses = now.accesses.map((count, i) => count - first.accesses[i]!);
    const scores = rowScores(
      this.#changes(),
      accesses,
      { criterion: this.#criterion, change: "ends", untouched: "unknown" },
      (findCriterion(this.#criterion).reads ?? []).length > 0 ? await numbers(this.rows) : {},
    );
    return { minibatches: step - first.step, scores: withoutUnknown(scores) };
  }

  #changes(): { net: Float32Array; path: Float32Array; snapshots: number } {
    const count = this.rows.length, all = this.#snapshots;
    const path = new Float32Array(count);
    for (let s = 1; s < all.length; s++) {
      const change = largestChanges(all[s - 1]!.values, all[s]!.values, count);
      for (let r = 0; r < count; r++) path[r]! += change[r]!;
    }
    const net = largestChanges(all[0]!.values, all.at(-1)!.values, count);
    return { net, path, snapshots: all.length };
  }
}

/** Scores with NaN in place of that of rows of which nothing is known. */
export function withoutUnknown(scores: Float32Array): Float32Array {
  return scores.map((score) => score < NEVER ? score : NaN);
}

/** Largest absolute coordinate change of each row. */
function largestChanges(a: Float32Array, b: Float32Array, count: number): Float32Array {
  const dim = a.length / count, changes = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    for (let c = r * dim; c < (r + 1) * dim; c++) {
      changes[r] = Math.max(changes[r]!, Math.abs(b[c]! - a[c]!));
    }
  }
  return changes;
}

/** Minibatches whose rows are candidates. */
const SEEN_BATCHES = 8;

/**
 * Chooses rows to be watched among those that the first minibatches look up: rows that are looked up often are likely to be
 * among them, and the rest of the table, of which nobody would see a movement, is not.
 */
export class RowChoice {
  readonly #wanted: number;
  readonly #isHot: (row: number) => boolean;
  readonly #seen = new Set<number>();
  #batches = 0;

  /** @param wanted Rows at most. */
  constructor(wanted: number, isHot: (row: number) => boolean) {
    this.#wanted = wanted;
    this.#isHot = isHot;
  }

  /** Takes a minibatch; the rows, ascending, once enough have been seen. */
  add({ unique, uniqueRows }: GroupedLookups): Uint32Array | null {
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      if (this.#isHot(row)) this.#seen.add(row);
    }
    if (++this.#batches < SEEN_BATCHES) return null;
    const all = [...this.#seen].sort((a, b) => a - b), step = all.length / this.#wanted;
    if (step <= 1) return Uint32Array.from(all);
    return Uint32Array.from({ length: this.#wanted }, (_, i) => all[Math.floor(i * step)]!);
  }
}
