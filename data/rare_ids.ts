/**
 * The frequency threshold: ids that training sees too seldom share one row.
 *
 * @module
 */

import type { BlockWriter } from "./block_writer.ts";
import { NO_LOOKUP } from "./id_layout.ts";
import { RowBlock } from "./row_block.ts";
import type { Range } from "./split.ts";

/** What a frequency threshold did to one table. */
export interface RareIds {
  /** Different ids before. */
  readonly ids: number;
  /** Rows after: the out-of-vocabulary row, then the ids that were kept, in their old order. */
  readonly rows: number;
}

/** The same, with the row of each id that there was before. */
export interface RareRows extends RareIds {
  readonly rowOf: Uint32Array;
}

/**
 * Turns the number of times that each id was seen into its new row, in place: 0, the out-of-vocabulary row, below `minCount`;
 * 1, 2, … for the others, in their old order.
 *
 * @returns Rows after.
 */
export function numberFrequent(counts: Uint32Array, minCount: number): number {
  let rows = 1;
  for (let id = 0; id < counts.length; id++) counts[id] = counts[id]! < minCount ? 0 : rows++;
  return rows;
}

/**
 * Counts ids over the training rows of a written file and numbers all of them anew, in place. Memory is 4 bytes an id and
 * two blocks.
 *
 * @param tables Different ids of each table.
 * @param minCounts Of each table; one with 0 stays as it is.
 * @param lookups Id columns of each table; places without an id hold `NO_LOOKUP`.
 */
export async function groupRareIds(
  writer: BlockWriter,
  denseColumns: number,
  tables: readonly number[],
  train: Range,
  minCounts: readonly number[],
  lookups: readonly number[],
  signal?: AbortSignal,
): Promise<RareRows[]> {
  const tableOf = lookups.flatMap((some, t) => Array.from({ length: some }, () => t));
  const block = new RowBlock(denseColumns, tableOf.length);
  const maps = tables.map((ids) => new Uint32Array(ids));
  for (let b = 0, start = 0; start < train.start + train.count; start += block.rows, b++) {
    signal?.throwIfAborted();
    await writer.readBack(b, block);
    const from = Math.max(0, train.start - start);
    const to = Math.min(block.rows, train.start + train.count - start);
    for (const [place, t] of tableOf.entries()) {
      const ids = block.idColumn(place), counts = maps[t]!;
      // A place without an id is beyond the array, and counting it does nothing.
      for (let r = from; r < to; r++) counts[ids[r]!]!++;
    }
  }
  const rare = maps.map((counts, t) => {
    const minCount = minCounts[t]!;
    if (minCount === 0) counts.forEach((_, id) => counts[id] = id);
    return {
      ids: counts.length,
      rows: minCount === 0 ? counts.length : numberFrequent(counts, minCount),
      rowOf: counts,
    };
  });
  for (let b = 0; b < writer.blocks.length; b++) {
    signal?.throwIfAborted();
    await writer.readBack(b, block);
    for (const [place, t] of tableOf.entries()) {
      if (minCounts[t] === 0) continue;
      const ids = block.idColumn(place), map = maps[t]!;
      for (let r = 0; r < ids.length; r++) if (ids[r] !== NO_LOOKUP) ids[r] = map[ids[r]!]!;
    }
    await writer.rewrite(b, block);
  }
  return rare;
}

/** A note on what a frequency threshold did. */
export function rareNote(
  minCount: number,
  rare: readonly RareIds[],
  row: "row 0" | "a row" = "row 0",
): string {
  const ids = rare.reduce((sum, { ids }) => sum + ids, 0);
  const rows = rare.reduce((sum, { rows }) => sum + rows - 1, 0);
  return `Ids seen fewer than ${minCount} time${
    minCount === 1 ? "" : "s"
  } in training share ${row} ` +
    `of their table: ${ids - rows} of ${ids} ids`;
}
