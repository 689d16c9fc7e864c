/**
 * From inputs as read to lookups grouped by row, on either route, and to the numbers by which a classifier knows rows.
 *
 * @module
 */

import { BagPacker, type IdLayout, idLayout, NO_LOOKUP } from "../../data/id_layout.ts";
import type { DatasetSchema, Inputs } from "../../data/types.ts";
import { type GroupRoom, LookupGrouper } from "../../kernels/embedding/group.ts";
import type { GroupedLookups } from "../../kernels/types.ts";
import type { HostBatch, Route } from "../model/model.ts";

/** Which rows are hot: the part of `HotRows` that reading needs. */
export interface HotNumbers {
  /** For every row of each full table its hot id + 1, or 0 where it is cold. */
  readonly ids: readonly Uint32Array[];
  /** Hot rows of each table. */
  readonly rowsPerTable: readonly number[];
}

/** How rows that have no number of their own are numbered for a classifier. */
export interface Numbering {
  /** The number for rows that are not hot. */
  readonly other: number;
  /** In place of one lookup of an input that has no hot row at all. */
  readonly none: number;
  /** In the places of a bag that has fewer lookups. */
  readonly unused: number;
}

/** The numbering of inputs whose rows are numbered. */
export function asked(numbering: Numbering | null): Numbering {
  if (numbering === null) throw new Error("Cannot number rows: the inputs were looked at without");
  return numbering;
}

/** Groups minibatches of one data set. */
export class Preparer {
  readonly #layout: IdLayout;
  readonly #packer: BagPacker;
  readonly #hot: HotNumbers | null;
  /** Number among all hot rows of each table's first. */
  readonly #firsts: readonly number[];
  readonly #full: LookupGrouper;
  readonly #hotGrouper: LookupGrouper | null;
  /** Whether an input has a hot row. */
  #anyHot = new Uint32Array(0);

  /** @param tableRows Rows of the model's tables, which may be more than the data set's. */
  constructor(schema: DatasetSchema, tableRows: readonly number[], hot: HotNumbers | null) {
    const names = schema.tables.map((table) => table.name);
    this.#layout = idLayout(schema);
    this.#packer = new BagPacker(schema);
    this.#hot = hot;
    let first = 0;
    this.#firsts = hot?.rowsPerTable.map((rows) => (first += rows) - rows) ?? [];
    this.#full = new LookupGrouper(tableRows, names);
    this.#hotGrouper = hot === null ? null : new LookupGrouper(hot.rowsPerTable, names);
  }

  /** Inputs as a minibatch, their lookups grouped as by `group`. */
  batch(inputs: Inputs, route: Route): HostBatch {
    const { size, dense, labels } = inputs;
    return { size, dense, labels, lookups: this.group(inputs, route) };
  }

  /**
   * Groups inputs' lookups. On the route of hot rows their ids are replaced by hot rows' numbers first. What it gives is
   * overwritten by the next call, unless `room` is given.
   */
  group({ ids, size }: Inputs, route: Route, room?: GroupRoom): GroupedLookups {
    if (route === "full") return this.#full.group(this.#packer.pack(ids, size), room);
    if (this.#hotGrouper === null) {
      throw new RangeError("Cannot group lookups of hot rows: none are known");
    }
    this.#nameHotRows(ids, size);
    return this.#hotGrouper.group(this.#packer.pack(ids, size), room);
  }

  /**
   * Writes the numbers of inputs' rows among all hot rows to a classifier's list: those of an input stand `stride` apart.
   */
  number({ size, ids }: Inputs, list: Uint32Array, stride: number, numbering: Numbering): void {
    const { each, firsts, variable } = this.#layout;
    const { other, none, unused } = numbering;
    if (this.#anyHot.length < size) this.#anyHot = new Uint32Array(size);
    const anyHot = this.#anyHot.fill(0);
    for (let t = 0; t < this.#firsts.length; t++) {
      const hotIds = this.#hot!.ids[t]!, first = this.#firsts[t]! - 1;
      const places = each[t]!;
      for (let l = 0; l < places; l++) {
        const to = (firsts[t]! + l) * stride;
        const from = firsts[t]! * size + l;
        for (let b = 0; b < size; b++) {
          const row = ids[from + b * places]!;
          if (variable && row === NO_LOOKUP) {
            list[to + b] = unused;
            continue;
          }
          const id = hotIds[row]!;
          list[to + b] = id === 0 ? other : first + id;
          anyHot[b]! |= id;
        }
      }
    }
    if (none === other) return;
    for (let b = 0; b < size; b++) if (anyHot[b] === 0) list[b] = none;
  }

  /** Puts hot rows' numbers in the place of ids. */
  #nameHotRows(ids: Uint32Array, size: number): void {
    const { each, firsts, variable } = this.#layout;
    for (let t = 0; t < each.length; t++) {
      const hotIds = this.#hot!.ids[t]!, from = firsts[t]! * size, to = from + each[t]! * size;
      if (variable) {
        for (let i = from; i < to; i++) {
          if (ids[i] !== NO_LOOKUP) ids[i] = hotIds[ids[i]!]! - 1;
        }
      } else {
        for (let i = from; i < to; i++) ids[i] = hotIds[ids[i]!]! - 1;
      }
    }
  }
}
