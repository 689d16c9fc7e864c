/**
 * The checks of what devices are asked to make, to copy and to look up, the same on all of them. Each throws a `RangeError`
 * that says what was wrong. Those of ops are in `check_op.ts`.
 *
 * @module
 */

import type { EmbeddingTables, GroupedLookups, LookupBuffers, TablesSpec } from "./types.ts";

/** Floats from one row to the next of a matrix made by `Device.createMatrix`. */
export function paddedStride(cols: number): number {
  return cols === 1 ? 1 : Math.ceil(cols / 4) * 4;
}

/** Throws unless a buffer's size is a whole number of bytes. */
export function checkByteLength(byteLength: number, label: string): void {
  if (!isCount(byteLength)) {
    throw new RangeError(
      `Cannot create buffer ${label}: its size is ${byteLength} bytes, not a whole number`,
    );
  }
}

/** Throws unless a matrix's size is two whole numbers. */
export function checkMatrixSize(rows: number, cols: number, label: string): void {
  if (!isCount(rows) || !isCount(cols)) {
    throw new RangeError(
      `Cannot create matrix ${label}: its size is ${rows} × ${cols}, not two whole numbers`,
    );
  }
}

/** Throws unless `byteOffset` and `byteLength` are multiples of 4 inside the buffer. */
export function checkRange(
  action: "write" | "read" | "copy",
  buffer: { readonly label: string; readonly byteLength: number },
  byteOffset: number,
  byteLength: number,
): void {
  if (!isCount(byteOffset) || !isCount(byteLength) || byteOffset + byteLength > buffer.byteLength) {
    throw new RangeError(
      `Cannot ${action} ${byteLength} bytes at ${byteOffset} of buffer ${buffer.label}: it has ${buffer.byteLength} bytes`,
    );
  }
  if (byteOffset % 4 !== 0 || byteLength % 4 !== 0) {
    throw new RangeError(
      `Cannot ${action} ${byteLength} bytes at ${byteOffset} of buffer ${buffer.label}: both must be multiples of 4`,
    );
  }
}

/** Throws unless the tables' sizes are whole numbers with a sum below 2^32; returns the first flat row of each, and the sum. */
export function checkTables(spec: TablesSpec, label: string): number[] {
  if (!isCount(spec.dim) || spec.dim === 0) {
    throw new RangeError(
      `Cannot create tables ${label}: dim is ${spec.dim}, not a positive integer`,
    );
  }
  const offsets = [0];
  spec.rows.forEach((rows, t) => {
    if (!isCount(rows)) {
      throw new RangeError(
        `Cannot create tables ${label}: table ${t} has ${rows} rows, not a whole number`,
      );
    }
    offsets.push(offsets.at(-1)! + rows);
  });
  if (offsets.at(-1)! >= 2 ** 32) {
    throw new RangeError(
      `Cannot create tables ${label}: they have ${
        offsets.at(-1)
      } rows together, and must have fewer than 2^32`,
    );
  }
  return offsets;
}

/** Throws unless the capacity of lookup buffers is made of whole numbers. */
export function checkLookupCapacity(
  shape: { tables: number; maxBags: number; maxLookups: number },
  label: string,
): void {
  for (const name of ["tables", "maxBags", "maxLookups"] as const) {
    if (!isCount(shape[name])) {
      throw new RangeError(
        `Cannot create lookups ${label}: ${name} is ${shape[name]}, not a whole number`,
      );
    }
  }
}

/** Throws unless a minibatch's lookups fit the buffers. */
export function checkLookups(buffers: LookupBuffers, lookups: GroupedLookups): void {
  const fail = (what: string, is: number, room: string, has: number): never => {
    throw new RangeError(`Cannot write lookups: ${what} is ${is}, but ${room} is ${has}`);
  };
  if (lookups.tables !== buffers.tables) {
    fail("tables", lookups.tables, "the buffers' tables", buffers.tables);
  }
  if (lookups.bags > buffers.maxBags) fail("bags", lookups.bags, "maxBags", buffers.maxBags);
  if (lookups.lookups > buffers.maxLookups) {
    fail("lookups", lookups.lookups, "maxLookups", buffers.maxLookups);
  }
  if (lookups.unique > lookups.lookups) {
    fail("unique", lookups.unique, "the number of lookups", lookups.lookups);
  }
  if (lookups.offsets === null && lookups.lookups !== lookups.tables * lookups.bags) {
    fail("lookups", lookups.lookups, "the number of bags of one", lookups.tables * lookups.bags);
  }
}

/** Highest flat row that lookups name; -1 where they name none. */
export function highestRow({ unique, uniqueRows }: GroupedLookups): number {
  let highest = -1;
  for (let u = 0; u < unique; u++) highest = Math.max(highest, uniqueRows[u]!);
  return highest;
}

/** Throws unless the tables have the highest flat row that the lookups written last name. */
export function checkHighestRow(op: string, highest: number, tables: EmbeddingTables): void {
  if (highest >= tables.totalRows) {
    throw new RangeError(
      `Cannot run ${op}: lookups name flat row ${highest}, but tables ${tables.label} have ${tables.totalRows} rows`,
    );
  }
}

/** Throws unless flat rows [start, start + count) exist. */
export function checkRows(
  action: string,
  tables: EmbeddingTables,
  start: number,
  count: number,
): void {
  if (!isCount(start) || !isCount(count) || start + count > tables.totalRows) {
    throw new RangeError(
      `Cannot ${action} ${count} rows from row ${start} of tables ${tables.label}: they have ${tables.totalRows} rows`,
    );
  }
}

/**
 * Throws unless every flat row of a list exists and `data`, where there is any, has `perRow` floats for each.
 */
export function checkRowList(
  action: string,
  tables: EmbeddingTables,
  rows: Uint32Array,
  data: Float32Array | null,
  perRow: number,
): void {
  for (const row of rows) {
    if (row >= tables.totalRows) {
      throw new RangeError(
        `Cannot ${action} row ${row} of tables ${tables.label}: they have ${tables.totalRows} rows`,
      );
    }
  }
  if (data !== null && data.length !== rows.length * perRow) {
    throw new RangeError(
      `Cannot ${action} ${data.length} floats to ${rows.length} rows of tables ${tables.label}: a row has ${perRow}`,
    );
  }
}

/** Whole rows in `data`; throws if its length is not a multiple of `perRow`. */
export function countRows(
  action: string,
  tables: EmbeddingTables,
  data: Float32Array,
  perRow: number,
): number {
  if (perRow === 0 ? data.length !== 0 : data.length % perRow !== 0) {
    throw new RangeError(
      `Cannot ${action} ${data.length} floats to tables ${tables.label}: a row has ${perRow}`,
    );
  }
  return perRow === 0 ? 0 : data.length / perRow;
}

/** Throws unless the seed is an unsigned 32-bit integer. */
export function checkSeed(seed: number): void {
  if (!isCount(seed) || seed > 0xffffffff) {
    throw new RangeError(
      `Cannot use seed ${seed}: it must be an integer from 0 to 4294967295`,
    );
  }
}

/** Whether a number is whole and not below 0. */
export function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}
