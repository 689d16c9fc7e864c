/**
 * Records how some hot rows move over a run.
 *
 * @module
 */

import type { WatchedRows } from "./document.ts";
import type { HotRows } from "./hot_rows.ts";
import { watchedRows } from "./sampling.ts";

/** Readings of a run, about. */
const READINGS = 100;

/** What of a watch goes into a checkpoint. */
export interface WatchState {
  readonly steps: readonly number[];
  readonly changes: readonly (readonly number[])[];
}

/** Reads a few rows now and then and keeps how far they have moved since. */
export class RowWatch {
  /** Numbers of the rows among all hot ones, ascending. */
  readonly hotRows: Uint32Array;
  readonly #rows: WatchedRows["rows"];
  readonly #dim: number;
  readonly #every: number;
  #steps: number[] = [];
  #changes: number[][] = [];
  #last: Float32Array | null = null;

  /**
   * @param hotRows Numbers of the rows among all hot ones.
   * @param rows The same rows, by table and row.
   * @param minibatches Of the run, about.
   */
  constructor(
    hotRows: Uint32Array,
    rows: WatchedRows["rows"],
    dim: number,
    minibatches: number,
  ) {
    this.hotRows = hotRows;
    this.#rows = rows;
    this.#dim = dim;
    this.#every = Math.max(1, Math.floor(minibatches / READINGS));
  }

  /** Watches so many hot rows, drawn at random. */
  static draw(
    hot: HotRows,
    count: number,
    dim: number,
    minibatches: number,
    seed: number,
  ): RowWatch {
    const chosen = watchedRows(hot.total, Math.min(count, hot.total), seed);
    const where = Array.from(chosen, (h) => {
      let table = 0;
      while (h >= hot.rowsPerTable[table]!) h -= hot.rowsPerTable[table++]!;
      return { table, row: hot.rows[table]![h]! };
    });
    return new RowWatch(chosen, where, dim, minibatches);
  }

  /** Whether it is time to read, after so many minibatches. */
  due(step: number): boolean {
    return this.#last === null || step % this.#every === 0;
  }

  /** Takes a reading: the rows' values after `step` minibatches, rows × dim floats. */
  add(step: number, values: Float32Array): void {
    const last = this.#last;
    this.#last = values;
    if (last === null) return;
    const dim = this.#dim;
    this.#steps.push(step);
    this.#changes.push(this.#rows.map((_, i) => {
      let most = 0;
      for (let c = i * dim; c < (i + 1) * dim; c++) {
        most = Math.max(most, Math.abs(values[c]! - last[c]!));
      }
      return most;
    }));
  }

  /** For documents. */
  get document(): WatchedRows {
    return { rows: this.#rows, steps: this.#steps, changes: this.#changes };
  }

  /** What a checkpoint must hold; the values read last come apart. */
  get state(): WatchState {
    return { steps: this.#steps, changes: this.#changes };
  }

  /** The values read last; null before the first reading. */
  get last(): Float32Array | null {
    return this.#last;
  }

  /** Goes on from a state. */
  restore({ steps, changes }: WatchState, last: Float32Array | null): void {
    this.#steps = [...steps];
    this.#changes = changes.map((row) => [...row]);
    this.#last = last;
  }
}
