/**
 * Whether the columns of an Arrow table hold what their rows refer to: the library makes a list of two thousand million values
 * where its last offset says so, and a missing value of one that is not there.
 *
 * @module
 */

import type { Batch, Column } from "../../core/npm/flechette.ts";

/** What batches have of these, by their kinds. */
interface Parts {
  readonly length: number;
  readonly nullCount: number;
  readonly validity?: Uint8Array;
  readonly values?: ArrayLike<unknown>;
  readonly offsets?: ArrayLike<number | bigint>;
  readonly sizes?: ArrayLike<number | bigint>;
  readonly children?: readonly Parts[];
  /** Bytes or values of one of fixed size. */
  readonly stride?: number;
  /** Of dictionaries: the values, and which of them a row has. */
  readonly cache?: ArrayLike<unknown>;
  key?(row: number): number;
}

/**
 * Looks through a column.
 *
 * @throws {RangeError} A row refers to what is not there.
 */
export function checkColumn(column: Column<unknown>): void {
  for (const batch of column.data as readonly Batch<unknown>[]) checkBatch(batch as Parts);
}

function checkBatch(batch: Parts): void {
  const { length, nullCount, validity, values, offsets, sizes, children, stride, cache } = batch;
  const cut = (): never => {
    throw new RangeError("a column is cut short");
  };
  if (nullCount > 0 && validity !== undefined && 8 * validity.length < length) cut();
  const child = children?.[0];
  if (offsets !== undefined && offsets.length > 0) {
    checkRanges(length, offsets, sizes, child?.length ?? values?.length ?? 0);
  } else if (stride !== undefined) {
    if ((child?.length ?? values?.length ?? 0) < length * stride) cut();
  } else if (children !== undefined) {
    for (const { length: rows } of children) if (rows < length) cut();
  }
  if (cache !== undefined) {
    for (let row = 0; row < length; row++) {
      const valid = nullCount === 0 || validity === undefined ||
        (validity[row >> 3]! >> (row & 7) & 1) === 1;
      if (valid && !(batch.key!(row) < cache.length)) {
        throw new RangeError(`row ${row + 1} has a value that its dictionary lacks`);
      }
    }
  }
  children?.forEach(checkBatch);
}

/** Lists and texts lie one behind another; those of views have sizes. */
function checkRanges(
  rows: number,
  offsets: ArrayLike<number | bigint>,
  sizes: ArrayLike<number | bigint> | undefined,
  most: number,
): void {
  if (offsets.length < rows + (sizes === undefined ? 1 : 0)) {
    throw new RangeError("a column is cut short");
  }
  for (let row = 0; row < rows; row++) {
    const from = Number(offsets[row]);
    const to = sizes === undefined ? Number(offsets[row + 1]) : from + Number(sizes[row]);
    if (!(from >= 0 && from <= to && to <= most)) {
      throw new RangeError(`row ${row + 1} has values that its column lacks`);
    }
  }
}
