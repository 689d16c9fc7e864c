/**
 * Dense columns brought to mean 0 and standard deviation 1.
 *
 * @module
 */

import type { BlockWriter } from "./block_writer.ts";
import { RowBlock } from "./row_block.ts";
import type { Range } from "./split.ts";

/** The mean and the standard deviation that a column had over the rows that train. */
export interface ColumnScale {
  /** What is subtracted. */
  readonly mean: number;
  /** What is divided by; 0 for a column without variation, whose values all become 0. */
  readonly deviation: number;
}

/** The scales of standardised columns, by name. */
export type ColumnScales = Readonly<Record<string, ColumnScale>>;

/**
 * Means and standard deviations over the training rows. Sums are of differences to the first value, so that large numbers that
 * hardly differ lose nothing.
 *
 * @param slots The dense columns.
 */
export async function measureScales(
  writer: BlockWriter,
  denseColumns: number,
  tables: number,
  slots: readonly number[],
  train: Range,
  signal?: AbortSignal,
): Promise<ColumnScale[]> {
  const block = new RowBlock(denseColumns, tables);
  const sums = slots.map(() => ({ first: 0, count: 0, sum: 0, squares: 0 }));
  for (let b = 0, start = 0; start < train.start + train.count; start += block.rows, b++) {
    signal?.throwIfAborted();
    await writer.readBack(b, block);
    const from = Math.max(0, train.start - start);
    const to = Math.min(block.rows, train.start + train.count - start);
    for (const [i, slot] of slots.entries()) {
      const sum = sums[i]!, column = slot * block.stride;
      if (sum.count === 0) sum.first = block.dense[column + from]!;
      for (let r = from; r < to; r++) {
        const difference = block.dense[column + r]! - sum.first;
        sum.sum += difference;
        sum.squares += difference * difference;
      }
      sum.count += Math.max(0, to - from);
    }
  }
  return sums.map(({ first, count, sum, squares }) => {
    const mean = sum / count;
    const variance = Math.max(0, squares / count - mean * mean);
    return { mean: first + mean, deviation: Math.sqrt(variance) };
  });
}

/**
 * Replaces the values of all rows by (x - mean) / standard deviation, in place; a column without variation becomes 0.
 *
 * @param slots The dense columns, which have these scales.
 */
export async function standardise(
  writer: BlockWriter,
  denseColumns: number,
  tables: number,
  slots: readonly number[],
  scales: readonly ColumnScale[],
  signal?: AbortSignal,
): Promise<void> {
  const block = new RowBlock(denseColumns, tables);
  for (let b = 0; b < writer.blocks.length; b++) {
    signal?.throwIfAborted();
    await writer.readBack(b, block);
    for (const [i, slot] of slots.entries()) {
      const { mean, deviation } = scales[i]!, column = slot * block.stride;
      for (let r = 0; r < block.rows; r++) {
        block.dense[column + r] = deviation === 0
          ? 0
          : (block.dense[column + r]! - mean) / deviation;
      }
    }
    await writer.rewrite(b, block);
  }
}
