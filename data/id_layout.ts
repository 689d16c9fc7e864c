/**
 * Where the ids of a minibatch lie in `Inputs.ids`: table by table, in a table input by input, of an input step by step,
 * of a step its bag's lookups one after another.
 *
 * @module
 */

import type { DatasetSchema } from "./types.ts";

/** Stands in the places of a bag that has fewer lookups than its table's most; no row has this number. */
export const NO_LOOKUP = 0xffffffff;

/** Places of ids. Those of input b of table t, in a minibatch of `size`, begin at `firsts[t] * size + b * each[t]`. */
export interface IdLayout {
  /** Places of an input in each table: the table's lookups, of sequences one a step. */
  readonly each: readonly number[];
  /** Places of an input in all tables before each. */
  readonly firsts: readonly number[];
  /** Places of an input in all tables. */
  readonly width: number;
  /** Whether every bag has exactly one lookup. */
  readonly single: boolean;
  /** Whether a bag may have fewer lookups than there are places for it. */
  readonly variable: boolean;
}

/**
 * The layout of a data set's ids.
 *
 * @throws RangeError for a number of lookups that is not a positive integer, and for bags in sequences, which no model takes.
 */
export function idLayout({ tables, steps }: Pick<DatasetSchema, "tables" | "steps">): IdLayout {
  const each: number[] = [], firsts: number[] = [];
  let width = 0;
  for (const { name, lookups = 1, variable = false } of tables) {
    if (!Number.isInteger(lookups) || lookups < 1) {
      throw new RangeError(
        `Cannot lay out table ${name}: it has ${lookups} lookups an input, not a positive integer`,
      );
    }
    if (steps !== undefined && (lookups > 1 || variable)) {
      throw new RangeError(
        `Cannot lay out table ${name}: it has bags of up to ${lookups} lookups, and its inputs are sequences, ` +
          "whose steps have one lookup a table",
      );
    }
    each.push(lookups * (steps ?? 1));
    firsts.push(width);
    width += lookups * (steps ?? 1);
  }
  return {
    each,
    firsts,
    width,
    single: tables.every((table) => (table.lookups ?? 1) === 1 && !table.variable),
    variable: tables.some((table) => table.variable ?? false),
  };
}

/** Copies the ids of input b of a minibatch of `size` to a row, where they stand table by table, from word `at` on. */
export function idsToRow(
  { each, firsts }: IdLayout,
  ids: Uint32Array,
  size: number,
  b: number,
  row: Uint32Array,
  at: number,
): void {
  for (let t = 0; t < each.length; t++) {
    const from = firsts[t]! * size + b * each[t]!;
    for (let l = 0; l < each[t]!; l++) row[at++] = ids[from + l]!;
  }
}

/** Copies ids back from a row: the inverse of {@linkcode idsToRow}. */
export function idsFromRow(
  { each, firsts }: IdLayout,
  row: Uint32Array,
  at: number,
  ids: Uint32Array,
  size: number,
  b: number,
): void {
  for (let t = 0; t < each.length; t++) {
    const to = firsts[t]! * size + b * each[t]!;
    for (let l = 0; l < each[t]!; l++) ids[to + l] = row[at++]!;
  }
}

/** A minibatch's lookups, bag by bag, as they are grouped: see `LookupGrouper`. */
export interface BagLookups {
  /** Bags a table: inputs, of sequences inputs × steps. */
  readonly bags: number;
  /** Row within its table of each lookup: all bags of table 0, then of table 1, … */
  readonly ids: Uint32Array;
  /** First lookup of each bag (tables × bags + 1), or null where every bag has exactly one. */
  readonly offsets: Uint32Array | null;
}

/** Finds where bags begin, and closes up those that are not full. What it gives is overwritten by the next call. */
export class BagPacker {
  readonly #layout: IdLayout;
  readonly #steps: number;
  #offsets = new Uint32Array(0);
  #ids = new Uint32Array(0);
  /** Inputs that the offsets are of, where all bags are full. */
  #size = -1;

  /** Packs minibatches of a data set. */
  constructor(schema: Pick<DatasetSchema, "tables" | "steps">) {
    this.#layout = idLayout(schema);
    this.#steps = schema.steps ?? 1;
  }

  /** The lookups of `size` inputs whose ids are laid out as a reader leaves them. */
  pack(ids: Uint32Array, size: number): BagLookups {
    const { single, variable, each, width } = this.#layout;
    const bags = size * this.#steps;
    if (single) return { bags, ids, offsets: null };
    const tables = each.length;
    if (this.#offsets.length < tables * bags + 1) {
      this.#offsets = new Uint32Array(tables * bags + 1);
      this.#size = -1;
    }
    if (variable) return this.#close(ids, size);
    if (this.#size !== size) {
      let bag = 0, next = 0;
      for (const lookups of each) {
        for (let b = 0; b < size; b++) {
          this.#offsets[bag++] = next;
          next += lookups;
        }
      }
      this.#offsets[bag] = width * size;
      this.#size = size;
    }
    return { bags, ids, offsets: this.#offsets };
  }

  #close(ids: Uint32Array, size: number): BagLookups {
    const { each, width } = this.#layout;
    if (this.#ids.length < width * size) this.#ids = new Uint32Array(width * size);
    const offsets = this.#offsets, packed = this.#ids;
    let bag = 0, from = 0, to = 0;
    for (const lookups of each) {
      for (let b = 0; b < size; b++) {
        offsets[bag++] = to;
        for (const end = from + lookups; from < end; from++) {
          const id = ids[from]!;
          if (id !== NO_LOOKUP) packed[to++] = id;
        }
      }
    }
    offsets[bag] = to;
    return { bags: size, ids: packed, offsets };
  }
}
