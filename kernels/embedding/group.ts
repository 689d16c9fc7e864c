/**
 * Groups a minibatch's lookups by row, so that the backward pass can sum each row's gradients in a fixed order and
 * update it once. This is part of batch preparation and runs on the host.
 *
 * @module
 */

import type { GroupedLookups } from "../types.ts";

/** Ids of one minibatch before grouping. */
export interface LookupIds {
  /** Inputs of the minibatch. */
  readonly bags: number;
  /** Row within its table of each lookup, in bag order: all bags of table 0, then of table 1, … */
  readonly ids: Uint32Array;
  /** First lookup of each bag (tables × bags + 1), or null when every bag has exactly one. */
  readonly offsets: Uint32Array | null;
}

/** A lookup names a row that its table does not have. */
export class LookupError extends RangeError {
  /** @param message Table, row and position. */
  constructor(message: string) {
    super(message);
    this.name = "LookupError";
  }
}

/** Reusable grouping for one set of tables; the result's arrays are overwritten by the next call. */
export class LookupGrouper {
  readonly #rowOffsets: readonly number[];
  readonly #names: readonly string[];
  #rows = new Uint32Array(0);
  #uniqueRows = new Uint32Array(0);
  #segments = new Uint32Array(1);
  #positions = new Uint32Array(0);
  /** For each lookup, the number of its unique row. */
  #owner = new Uint32Array(0);
  /** Open addressing: row + 1 and the unique row's number. */
  #keys = new Float64Array(0);
  #values = new Uint32Array(0);

  /**
   * @param tableRows Rows of each table; their sum must be below 2^32.
   * @param names Names of the tables, for error messages.
   */
  constructor(tableRows: readonly number[], names: readonly string[] = []) {
    const offsets = [0];
    for (const rows of tableRows) offsets.push(offsets.at(-1)! + rows);
    if (offsets.at(-1)! >= 2 ** 32) {
      throw new RangeError(
        `Cannot number ${offsets.at(-1)} rows: the tables together must have fewer than 2^32`,
      );
    }
    this.#rowOffsets = offsets;
    this.#names = names;
  }

  /** Groups one minibatch. Throws a {@linkcode LookupError} that names table, row and position if a row does not exist. */
  group(input: LookupIds): GroupedLookups {
    const tables = this.#rowOffsets.length - 1;
    const { bags, ids, offsets } = input;
    const lookups = offsets === null ? tables * bags : offsets[tables * bags]!;
    this.#reserve(lookups);
    const rows = this.#rows, uniqueRows = this.#uniqueRows, owner = this.#owner;
    let unique = 0;
    for (let t = 0; t < tables; t++) {
      const begin = offsets === null ? t * bags : offsets[t * bags]!;
      const end = offsets === null ? (t + 1) * bags : offsets[(t + 1) * bags]!;
      unique = this.#number(t, ids, begin, end, unique);
    }
    const segments = this.#segments.subarray(0, unique + 1);
    segments.fill(0);
    for (let i = 0; i < lookups; i++) segments[owner[i]! + 1]!++;
    for (let u = 0; u < unique; u++) segments[u + 1]! += segments[u]!;
    const positions = this.#positions;
    // Placing each lookup advances its segment's start, so the starts are shifted back afterwards.
    if (offsets === null) {
      for (let i = 0; i < lookups; i++) positions[segments[owner[i]!]!++] = i;
    } else {
      for (let bag = 0; bag < tables * bags; bag++) {
        for (let i = offsets[bag]!; i < offsets[bag + 1]!; i++) {
          positions[segments[owner[i]!]!++] = bag;
        }
      }
    }
    for (let u = unique; u > 0; u--) segments[u] = segments[u - 1]!;
    segments[0] = 0;
    return { bags, tables, lookups, rows, offsets, unique, uniqueRows, segments, positions };
  }

  /** Numbers the different rows of one table's lookups in order of first appearance, from `unique` on. */
  #number(t: number, ids: Uint32Array, begin: number, end: number, unique: number): number {
    const offset = this.#rowOffsets[t]!;
    const tableRows = this.#rowOffsets[t + 1]! - offset;
    const rows = this.#rows, uniqueRows = this.#uniqueRows, owner = this.#owner;
    const keys = this.#keys, values = this.#values;
    let bits = 4;
    while (2 ** bits < 2 * (end - begin)) bits++;
    const mask = 2 ** bits - 1;
    keys.fill(0, 0, mask + 1);
    for (let i = begin; i < end; i++) {
      const id = ids[i]!;
      if (id >= tableRows) throw this.#outOfRange(t, id, i - begin, tableRows);
      const row = offset + id;
      rows[i] = row;
      let slot = (Math.imul(id, 0x9e3779b1) >>> (32 - bits)) & mask;
      while (keys[slot] !== 0 && keys[slot] !== id + 1) slot = (slot + 1) & mask;
      if (keys[slot] === 0) {
        keys[slot] = id + 1;
        values[slot] = unique;
        uniqueRows[unique++] = row;
      }
      owner[i] = values[slot]!;
    }
    return unique;
  }

  #outOfRange(t: number, id: number, position: number, tableRows: number): LookupError {
    const name = this.#names[t];
    return new LookupError(
      `Cannot look up row ${id} of table ${t}${
        name === undefined ? "" : ` (${name})`
      } at position ${position}: the table has ${tableRows} rows`,
    );
  }

  #reserve(lookups: number): void {
    if (this.#rows.length >= lookups && this.#keys.length > 0) return;
    const size = Math.max(1, lookups);
    this.#rows = new Uint32Array(size);
    this.#uniqueRows = new Uint32Array(size);
    this.#segments = new Uint32Array(size + 1);
    this.#positions = new Uint32Array(size);
    this.#owner = new Uint32Array(size);
    const slots = 2 ** Math.max(4, Math.ceil(Math.log2(2 * size)));
    this.#keys = new Float64Array(slots);
    this.#values = new Uint32Array(slots);
  }
}
