/**
 * Which embedding rows are hot: those with most accesses in a profile, over all tables, as far as a memory budget goes.
 *
 * @module
 */

import { sharedBytes } from "../../core/shared_memory.ts";
import { sum } from "../../core/sum.ts";
import { UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import { usesOf } from "../../data/access_counts.ts";

/** How many rows are hot. */
export interface HotRowsOptions {
  /** Bytes for float32 rows: K = floor(budget / (4 · dim)) rows are hot at most. */
  readonly budgetBytes: number;
  /** Floats of a row. */
  readonly dim: number;
  /** Fill the budget with rows that the profile never saw, as the authors' artifact does. */
  readonly keepUntouched: boolean;
}

/** The hot rows of some tables. Within a table hot ids go up with the row, from 0. */
export class HotRows {
  /** Hot rows of each table, ascending; hot id h of the table is entry h. */
  readonly rows: readonly Uint32Array[];
  /** For every row of each full table its hot id + 1, or 0 where it is cold: 4 bytes a row. */
  readonly ids: readonly Uint32Array[];
  /** Hot rows of each table. */
  readonly rowsPerTable: readonly number[];
  /** Hot rows of all tables. */
  readonly total: number;
  /** Fewest accesses of a hot row in the profile. */
  readonly leastAccesses: number;
  /** Whether every row of every table is hot, so that no input is cold. */
  readonly everything: boolean;
  /** A message that the budget was larger than all rows to choose from; null if it was not. */
  readonly note: string | null;

  /** Use {@link chooseHotRows}. */
  constructor(fields: Pick<HotRows, "rows" | "ids" | "leastAccesses" | "note">) {
    this.rows = fields.rows;
    this.ids = fields.ids;
    this.leastAccesses = fields.leastAccesses;
    this.note = fields.note;
    this.rowsPerTable = fields.rows.map(({ length }) => length);
    this.total = sum(this.rowsPerTable);
    this.everything = this.total === sum(fields.ids.map(({ length }) => length));
  }

  /** Hot id of a row within its table; -1 where it is cold. Loops over many rows read {@link ids} themselves. */
  hotId(table: number, row: number): number {
    return this.ids[table]![row]! - 1;
  }

  /**
   * Flat row in the full tables of each hot row, in flat hot order: table by table, ascending. Throws a `RangeError` if
   * the tables together have 2^32 rows or more.
   */
  flatRows(): Uint32Array {
    const all = sum(this.ids.map(({ length }) => length));
    if (all >= 2 ** 32) {
      throw new RangeError(
        `Cannot number ${all} rows: the tables together must have fewer than 2^32`,
      );
    }
    const flat = new Uint32Array(this.total);
    let at = 0, offset = 0;
    for (const [t, rows] of this.rows.entries()) {
      for (let h = 0; h < rows.length; h++) flat[at++] = offset + rows[h]!;
      offset += this.ids[t]!.length;
    }
    return flat;
  }
}

/**
 * The rows with most accesses over all tables; equals in order of table and row. Takes time proportional to the number of
 * rows, and 4 bytes a row.
 *
 * @param counts Accesses of each row in the profile, by table.
 * @throws UserError for a budget that holds no row, and for a profile without accesses that leaves nothing to choose.
 */
export function chooseHotRows(counts: readonly Uint32Array[], options: HotRowsOptions): HotRows {
  const { budgetBytes, dim, keepUntouched } = options;
  if (!Number.isInteger(dim) || dim < 1) {
    throw new RangeError(`Cannot choose hot rows: dim is ${dim}, not a positive integer`);
  }
  const most = Math.floor(budgetBytes / (4 * dim));
  if (!(most >= 1)) {
    throw new UserError(
      `Cannot choose hot rows: a budget of ${budgetBytes} bytes holds no row of ${dim} floats, ` +
        `which takes ${4 * dim}`,
    );
  }
  const cut = findCut(counts, most, keepUntouched);
  if (cut.total === 0) {
    throw new UserError("Cannot choose hot rows: the profile has not seen any row");
  }
  const flat = new Uint32Array(cut.total);
  const rows: Uint32Array[] = [], ids: Uint32Array[] = [];
  let at = 0, ties = cut.ties;
  for (const table of counts) {
    // Shared, so that other threads can read them.
    const first = at, numbers = new Uint32Array(sharedBytes(4 * table.length));
    for (let row = 0; row < table.length; row++) {
      const uses = table[row]!;
      if (uses < cut.uses) continue;
      if (uses === cut.uses && ties-- <= 0) continue;
      flat[at++] = row;
      numbers[row] = at - first;
    }
    rows.push(flat.subarray(first, at));
    ids.push(numbers);
  }
  return new HotRows({ rows, ids, leastAccesses: cut.uses, note: noteOf(counts, most, cut) });
}

/** Rows with more uses than `uses` are hot, and the first `ties` of those with exactly as many. */
interface Cut {
  readonly uses: number;
  readonly ties: number;
  readonly total: number;
  /** Rows with any use at all. */
  readonly touched: number;
}

function findCut(counts: readonly Uint32Array[], most: number, keepUntouched: boolean): Cut {
  const histogram = usesOf(counts);
  const touched = sum(histogram.map(([, rows]) => rows));
  const all = sum(counts.map(({ length }) => length));
  if (keepUntouched && all > touched) histogram.push([0, all - touched]);
  let left = most, last = { uses: 0, ties: 0 };
  for (const [uses, rows] of histogram) {
    if (left === 0) break;
    last = { uses, ties: Math.min(rows, left) };
    left -= last.ties;
  }
  return { ...last, total: most - left, touched };
}

function noteOf(counts: readonly Uint32Array[], most: number, cut: Cut): string | null {
  const all = sum(counts.map(({ length }) => length));
  const budget = `the budget holds ${formatCount(most)} rows`;
  if (cut.total === all) {
    return `All ${formatCount(all)} rows are hot: ${budget}, so no input is cold`;
  }
  if (cut.total < most) {
    return `All ${formatCount(cut.touched)} rows that the profile has seen are hot: ${budget}`;
  }
  return null;
}
