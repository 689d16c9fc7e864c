/**
 * How often each row of some tables is looked up, and the shares and rankings computed from that.
 *
 * @module
 */

import { sum } from "../core/sum.ts";
import { type IdLayout, NO_LOOKUP } from "./id_layout.ts";

/** Rows by the number of their uses. */
export interface ReuseBin {
  /** More uses than this … */
  readonly above: number;
  /** … and at most as many as this. */
  readonly upTo: number;
  /** Rows of all tables. */
  readonly rows: number;
  /** Lookups that go to them. */
  readonly lookups: number;
}

/** Counts below this have a histogram cell of their own; the few rows above go into a map. */
const CELLS = 1 << 16;

/** Counts of lookups by row: 4 bytes a row. */
export class AccessCounts {
  #tables: Uint32Array[];
  readonly #distinct: Float64Array;
  readonly #lookups: Float64Array;

  /** @param tableRows Rows of each table. */
  constructor(tableRows: readonly number[]) {
    this.#tables = tableRows.map((rows) => new Uint32Array(rows));
    this.#distinct = new Float64Array(tableRows.length);
    this.#lookups = new Float64Array(tableRows.length);
  }

  /** Counts the lookups of inputs [from, to) of a minibatch of `size`. */
  add(ids: Uint32Array, layout: IdLayout, size: number, from: number, to: number): void {
    const { each, firsts } = layout;
    for (let t = 0; t < this.#tables.length; t++) {
      const counts = this.#tables[t]!, first = firsts[t]! * size;
      let fresh = 0, none = 0;
      for (let at = first + from * each[t]!; at < first + to * each[t]!; at++) {
        const id = ids[at]!;
        if (id === NO_LOOKUP) none++;
        else if (counts[id]!++ === 0) fresh++;
      }
      this.#distinct[t]! += fresh;
      this.#lookups[t]! += (to - from) * each[t]! - none;
    }
  }

  /** Lookups counted so far, of each table. */
  lookups(): number[] {
    return [...this.#lookups];
  }

  /** Rows looked up so far, of each table. */
  distinct(): number[] {
    return [...this.#distinct];
  }

  /**
   * Shares of a table: rows used once, and lookups that go to the most used 1 % and 10 % of the rows used (rounded down, at
   * least one row).
   */
  skew(table: number): { once: number; top1: number; top10: number } {
    const histogram = usesOf([this.#tables[table]!]);
    const distinct = this.#distinct[table]!;
    const lookups = sum(histogram.map(([uses, rows]) => uses * rows));
    const top = (share: number) => {
      let left = Math.max(1, Math.floor(share * distinct)), taken = 0;
      for (const [uses, rows] of histogram) {
        const some = Math.min(left, rows);
        taken += some * uses;
        left -= some;
      }
      return lookups === 0 ? 0 : taken / lookups;
    };
    const once = histogram.find(([uses]) => uses === 1)?.[1] ?? 0;
    return { once: distinct === 0 ? 0 : once / distinct, top1: top(0.01), top10: top(0.1) };
  }

  /** Rows of all tables in bins (0, 1], (1, 2], (2, 4], (4, 8] … up to the largest count. */
  reuse(): ReuseBin[] {
    const bins: { above: number; upTo: number; rows: number; lookups: number }[] = [];
    for (const [uses, rows] of usesOf(this.#tables).reverse()) {
      const bin = Math.ceil(Math.log2(uses));
      while (bins.length <= bin) {
        const upTo = 2 ** bins.length;
        bins.push({ above: bins.length === 0 ? 0 : upTo / 2, upTo, rows: 0, lookups: 0 });
      }
      bins[bin]!.rows += rows;
      bins[bin]!.lookups += rows * uses;
    }
    return bins;
  }

  /** Returns the counts and forgets them. */
  release(): Uint32Array[] {
    const tables = this.#tables;
    this.#tables = [];
    return tables;
  }
}

/**
 * For each row the first of some growing sets of most used rows that holds it; the number of sets where none does. Rows
 * rank by their uses, equals by table and row; rows never used are in none. The counts are emptied table by table.
 *
 * @param sizes Rows in each set, in ascending order, at most 255 sets.
 */
export function hotTiers(counts: (Uint32Array | null)[], sizes: readonly number[]): Uint8Array[] {
  const histogram = usesOf(counts as Uint32Array[]);
  // A set takes all rows with more uses than `uses`, and of those with as many the first `ties`.
  const limits = sizes.map((size) => {
    let left = size;
    for (const [uses, rows] of histogram) {
      if (rows > left) return { uses, ties: left };
      left -= rows;
    }
    return { uses: 0, ties: 0 };
  });
  const tied = limits.map(() => 0);
  return counts.map((table, t) => {
    const tiers = new Uint8Array(table!.length);
    for (let row = 0; row < tiers.length; row++) {
      const uses = table![row]!;
      let tier = limits.length;
      if (uses > 0) {
        for (let k = limits.length - 1; k >= 0; k--) {
          const limit = limits[k]!;
          if (uses < limit.uses) break;
          if (uses === limit.uses && tied[k]!++ >= limit.ties) continue;
          tier = k;
        }
      }
      tiers[row] = tier;
    }
    counts[t] = null;
    return tiers;
  });
}

/** Uses and the number of rows that have them, most uses first; rows without uses left out. */
export function usesOf(tables: readonly Uint32Array[]): [uses: number, rows: number][] {
  const cells = new Float64Array(CELLS);
  const large = new Map<number, number>();
  for (const counts of tables) {
    for (let row = 0; row < counts.length; row++) {
      const uses = counts[row]!;
      if (uses < CELLS) cells[uses]!++;
      else large.set(uses, (large.get(uses) ?? 0) + 1);
    }
  }
  const histogram = [...large].sort((a, b) => b[0] - a[0]);
  for (let uses = CELLS - 1; uses > 0; uses--) {
    if (cells[uses]! > 0) histogram.push([uses, cells[uses]!]);
  }
  return histogram;
}
