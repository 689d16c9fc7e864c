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
  /**
   * Names the lookup that cannot be made.
   *
   * @param message Names table, row and position.
   */
  constructor(message: string) {
    super(message);
    this.name = "LookupError";
  }
}

/** Arrays for what is grouped, each as long as the most lookups, and `segments` one longer. */
export type GroupRoom = Pick<
  GroupedLookups,
  "rows" | "uniqueRows" | "segments" | "positions"
>;

/**
 * Reusable grouping for one set of tables; the result's arrays are overwritten by the next call, unless the caller gives
 * some.
 */
export class LookupGrouper {
  readonly #rowOffsets: readonly number[];
  readonly #names: readonly string[];
  #room: GroupRoom = newRoom(0);
  /** For each lookup, the number of its unique row. */
  #owner = new Uint32Array(0);
  /** Open addressing over one table's rows: the unique row's number + 1, or 0. */
  #slots = new Uint32Array(16);

  /**
   * Numbers the rows of all tables. Throws a `RangeError` if the sizes are not row counts below 2^32 together.
   *
   * @param tableRows Rows of each table; their sum must be below 2^32.
   * @param names Names of the tables, for error messages.
   */
  constructor(tableRows: readonly number[], names: readonly string[] = []) {
    const offsets = [0];
    for (const [t, rows] of tableRows.entries()) {
      if (!Number.isInteger(rows) || rows < 0) {
        throw new RangeError(`Cannot number the rows of table ${t}: ${rows} is not a row count`);
      }
      offsets.push(offsets.at(-1)! + rows);
    }
    if (offsets.at(-1)! >= 2 ** 32) {
      throw new RangeError(
        `Cannot number ${offsets.at(-1)} rows: the tables together must have fewer than 2^32`,
      );
    }
    this.#rowOffsets = offsets;
    this.#names = names;
  }

  /**
   * Groups one minibatch. Throws a {@linkcode LookupError} that names table, row and position (the lookup's number
   * within its table) if a row does not exist, and a `RangeError` if `ids` and `offsets` do not belong together or do not
   * fit the arrays given.
   */
  group(input: LookupIds, given?: GroupRoom): GroupedLookups {
    const tables = this.#rowOffsets.length - 1;
    const { bags, ids, offsets } = input;
    const lookups = countLookups(input, tables);
    this.#reserve(lookups);
    const room = this.#roomFor(lookups, given);
    const { rows, uniqueRows, segments: counts, positions } = room;
    const owner = this.#owner;
    counts[0] = 0;
    let unique = 0;
    for (let t = 0; t < tables; t++) {
      const begin = offsets === null ? t * bags : offsets[t * bags]!;
      const end = offsets === null ? (t + 1) * bags : offsets[(t + 1) * bags]!;
      unique = this.#number(t, ids, begin, end, unique, room);
    }
    // Counts become starts; placing a lookup advances its segment's start, which leaves it at the next one's.
    const segments = counts.subarray(0, unique + 1);
    let start = 0;
    for (let u = 1; u <= unique; u++) {
      const count = segments[u]!;
      segments[u] = start;
      start += count;
    }
    if (offsets === null) {
      for (let i = 0; i < lookups; i++) positions[segments[owner[i]!]!++] = i;
    } else {
      for (let bag = 0, i = 0; bag < tables * bags; bag++) {
        for (const end = offsets[bag + 1]!; i < end; i++) positions[segments[owner[i]!]!++] = bag;
      }
    }
    return { bags, tables, lookups, rows, offsets, unique, uniqueRows, segments, positions };
  }

  /**
   * Numbers the different rows of one table's lookups in order of first appearance, from `unique` on, counts their
   * lookups in `segments` and gives each lookup its row's number + 1.
   */
  #number(
    t: number,
    ids: Uint32Array,
    begin: number,
    end: number,
    unique: number,
    { rows, uniqueRows, segments: counts }: GroupRoom,
  ): number {
    const offset = this.#rowOffsets[t]!;
    const tableRows = this.#rowOffsets[t + 1]! - offset;
    const slots = this.#slots, owner = this.#owner;
    let bits = 4;
    while (2 ** bits < 2 * (end - begin)) bits++;
    const mask = 2 ** bits - 1;
    // A table that fits takes its rows as slots, so that nothing collides; others are hashed by the high bits.
    const direct = tableRows <= mask + 1;
    const factor = direct ? 1 : 0x9e3779b1;
    const shift = direct ? 0 : 32 - bits;
    slots.fill(0, 0, direct ? tableRows : mask + 1);
    for (let i = begin; i < end; i++) {
      const id = ids[i]!;
      if (id >= tableRows) throw this.#outOfRange(t, id, i - begin, tableRows);
      const row = offset + id;
      rows[i] = row;
      let slot = Math.imul(id, factor) >>> shift;
      let number = slots[slot]!;
      while (number !== 0 && uniqueRows[number - 1] !== row) {
        slot = (slot + 1) & mask;
        number = slots[slot]!;
      }
      if (number === 0) {
        uniqueRows[unique] = row;
        number = ++unique;
        slots[slot] = number;
        counts[number] = 1;
      } else {
        counts[number]!++;
      }
      owner[i] = number;
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

  #roomFor(lookups: number, given: GroupRoom | undefined): GroupRoom {
    if (given === undefined) {
      if (this.#room.rows.length < lookups) this.#room = newRoom(lookups);
      return this.#room;
    }
    const { rows, uniqueRows, segments, positions } = given;
    const least = Math.min(
      ...[rows.length, uniqueRows.length, segments.length - 1, positions.length],
    );
    if (least < lookups) {
      throw new RangeError(
        `Cannot group ${lookups} lookups: the arrays given have room for ${least}`,
      );
    }
    return given;
  }

  #reserve(lookups: number): void {
    if (this.#owner.length >= lookups) return;
    this.#owner = new Uint32Array(lookups);
    this.#slots = new Uint32Array(2 ** Math.max(4, Math.ceil(Math.log2(2 * lookups))));
  }
}

/** Number of lookups of a minibatch. Throws unless `offsets` starts at 0, never falls and ends within `ids`. */
function countLookups({ bags, ids, offsets }: LookupIds, tables: number): number {
  const fail = (why: string): never => {
    throw new RangeError(`Cannot group ${ids.length} lookups in ${tables} × ${bags} bags: ${why}`);
  };
  if (offsets === null) {
    if (ids.length < tables * bags) fail("there are fewer lookups than bags of one");
    return tables * bags;
  }
  if (offsets.length < tables * bags + 1) fail(`there are only ${offsets.length} offsets`);
  let last = 0;
  if (offsets[0] !== 0) fail(`the first bag starts at lookup ${offsets[0]}`);
  for (let bag = 1; bag <= tables * bags; bag++) {
    const offset = offsets[bag]!;
    if (offset < last) fail(`bag ${bag} starts at lookup ${offset}, before the one before it`);
    last = offset;
  }
  if (last > ids.length) fail(`the last bag ends at lookup ${last}`);
  return last;
}

function newRoom(lookups: number): GroupRoom {
  return {
    rows: new Uint32Array(lookups),
    uniqueRows: new Uint32Array(lookups),
    segments: new Uint32Array(lookups + 1),
    positions: new Uint32Array(lookups),
  };
}
