/**
 * Numbers of hot rows that a criterion may ask for besides their changes: norms, and the optimizer's sums.
 *
 * @module
 */

import type { EmbeddingTables } from "../../kernels/types.ts";
import type { Criterion } from "./criterion.ts";

/** A number a hot row of each kind that was read. */
export interface RowNumbers {
  /** Mean over the row's coordinates of Adagrad's sums of squared gradients; null where the optimizer has none. */
  readonly adagradSum?: Float32Array | null;
  /** Euclidean norm. */
  readonly norm?: Float32Array;
}

/** Rows copied from the device at a time. */
const CHUNK = 65_536;

/**
 * Reads what is asked for of hot rows, as they are now.
 *
 * @param tables Where the rows are trained.
 * @param flatRows Flat row of each hot row in `tables`; null where these are the hot rows in order.
 */
export async function readRowNumbers(
  tables: EmbeddingTables,
  flatRows: Uint32Array | null,
  reads: NonNullable<Criterion["reads"]>,
): Promise<RowNumbers> {
  const count = flatRows?.length ?? tables.totalRows;
  const over = async (
    read: (from: number, some: number) => Promise<Float32Array>,
    reduce: (own: Float32Array) => number,
  ): Promise<Float32Array | null> => {
    const numbers = new Float32Array(count);
    for (let from = 0; from < count; from += CHUNK) {
      const some = Math.min(CHUNK, count - from), values = await read(from, some);
      const width = values.length / some;
      if (width === 0) return null;
      for (let r = 0; r < some; r++) {
        numbers[from + r] = reduce(values.subarray(r * width, (r + 1) * width));
      }
    }
    return numbers;
  };
  const numbers: { -readonly [K in keyof RowNumbers]: RowNumbers[K] } = {};
  if (reads.includes("adagradSum")) {
    numbers.adagradSum = await over(
      (from, some) =>
        flatRows === null
          ? tables.readState(from, some)
          : tables.readStateAt(flatRows.subarray(from, from + some)),
      (own) => own.reduce((sum, value) => sum + value, 0) / own.length,
    );
  }
  if (reads.includes("norm")) {
    numbers.norm = (await over(
      (from, some) =>
        flatRows === null
          ? tables.readRows(from, some)
          : tables.readRowsAt(flatRows.subarray(from, from + some)),
      (own) => Math.hypot(...own),
    ))!;
  }
  return numbers;
}
