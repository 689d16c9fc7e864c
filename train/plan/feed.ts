/**
 * From positions in an order to minibatches: reads the inputs, puts hot rows' numbers in the place of ids where the
 * route asks for them, groups the lookups.
 *
 * @module
 */

import { BagPacker, type IdLayout, idLayout, NO_LOOKUP } from "../../data/id_layout.ts";
import { createInputs } from "../../data/inputs.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader } from "../../data/types.ts";
import { LookupGrouper } from "../../kernels/embedding/group.ts";
import type { HostBatch, Route } from "../model/model.ts";
import { CLASSIFIER_INPUTS } from "./classifier.ts";
import type { HotRows } from "./hot_rows.ts";

/** Reads the training split in one order. One minibatch is alive at a time: the next one overwrites it. */
export class Feed {
  readonly #schema: DatasetSchema;
  readonly #hot: HotRows;
  /** Number among all hot rows of each table's first. */
  readonly #firsts: readonly number[];
  readonly #layout: IdLayout;
  readonly #packer: BagPacker;
  readonly #reader: Reader;
  readonly #groupers: Readonly<Record<Route, LookupGrouper>>;
  readonly #batch: Inputs;
  readonly #candidates: Inputs;
  /** Of the assembly's inputs. */
  readonly #weights: Float32Array;
  /** Whether a candidate has a hot row. */
  readonly #anyHot = new Uint32Array(CLASSIFIER_INPUTS);

  /**
   * Makes room for minibatches of up to `batch` inputs.
   *
   * @param tableRows Rows of the model's tables.
   */
  constructor(
    dataset: Dataset,
    order: Order,
    hot: HotRows,
    tableRows: readonly number[],
    batch: number,
  ) {
    const { schema } = dataset;
    const names = schema.tables.map((table) => table.name);
    this.#schema = schema;
    this.#hot = hot;
    let first = 0;
    this.#firsts = hot.rowsPerTable.map((rows) => (first += rows) - rows);
    this.#layout = idLayout(schema);
    this.#packer = new BagPacker(schema);
    this.#reader = dataset.reader("train", order);
    this.#groupers = {
      full: new LookupGrouper(tableRows, names),
      hot: new LookupGrouper(hot.rowsPerTable, names),
    };
    this.#batch = createInputs(schema, batch);
    this.#candidates = createInputs(schema, CLASSIFIER_INPUTS);
    this.#weights = new Float32Array(batch).fill(1);
  }

  /** The inputs at some positions as one minibatch. */
  async batch(positions: Uint32Array, route: Route): Promise<HostBatch> {
    const waiting = this.#reader.readAt(positions, this.#batch);
    if (waiting !== undefined) await waiting;
    return this.group(this.#batch, route);
  }

  /** Reads inputs to be looked at before they are trained; at most `CLASSIFIER_INPUTS`. */
  async candidates(positions: Uint32Array): Promise<void> {
    const waiting = this.#reader.readAt(positions, this.#candidates);
    if (waiting !== undefined) await waiting;
  }

  /** Copies candidate number `from` to place `to` of the assembly, which will hold `size` inputs. */
  copy(from: number, to: number, size: number, weight = 1): void {
    this.#weights[to] = weight;
    const candidates = this.#candidates;
    const { dense, ids, labels } = this.#batch, { each, firsts } = this.#layout;
    const columns = this.#schema.dense.length * (this.#schema.steps ?? 1);
    for (let j = 0; j < columns; j++) {
      dense[to * columns + j] = candidates.dense[from * columns + j]!;
    }
    for (let t = 0; t < each.length; t++) {
      const places = each[t]!;
      const source = firsts[t]! * candidates.size + from * places;
      const target = firsts[t]! * size + to * places;
      for (let l = 0; l < places; l++) ids[target + l] = candidates.ids[source + l]!;
    }
    labels[to] = candidates.labels[from]!;
  }

  /** Puts the assembly of `size` inputs, made with room for `room`, in order. */
  finish(size: number, room: number): void {
    // A table's ids stand `room` apart; of a last, smaller minibatch they must stand closer together.
    if (size < room) {
      const { ids } = this.#batch, { each, firsts } = this.#layout;
      for (let t = 1; t < each.length; t++) {
        const from = firsts[t]! * room;
        ids.copyWithin(firsts[t]! * size, from, from + size * each[t]!);
      }
    }
    this.#batch.size = size;
  }

  /** The assembly as a minibatch. */
  assembled(route: Route): HostBatch {
    const batch = this.group(this.#batch, route);
    const weights = this.#weights.subarray(0, batch.size);
    return weights.every((weight) => weight === 1) ? batch : { ...batch, weights };
  }

  /** Groups inputs' lookups; ids are replaced by hot rows' numbers on the route of hot rows. */
  group(inputs: Inputs, route: Route): HostBatch {
    const { size, dense, ids, labels } = inputs;
    if (route === "hot") this.#nameHotRows(ids, size);
    const lookups = this.#groupers[route].group(this.#packer.pack(ids, size));
    return { size, dense, labels, lookups };
  }

  /**
   * Writes the numbers of candidates' rows among all hot rows to a classifier's list.
   *
   * @param other The number for rows that are not hot.
   * @param none The number in place of one lookup of an input that has no hot row at all; `other` by default.
   * @param unused The number in the places of a bag that has fewer lookups; `other` by default.
   */
  rowNumbers(list: Uint32Array, other: number, none = other, unused = other): void {
    const { each, firsts, variable } = this.#layout, { size, ids } = this.#candidates;
    this.#anyHot.fill(0);
    for (let t = 0; t < this.#hot.ids.length; t++) {
      const hotIds = this.#hot.ids[t]!, first = this.#firsts[t]! - 1;
      const places = each[t]!;
      for (let l = 0; l < places; l++) {
        const to = (firsts[t]! + l) * CLASSIFIER_INPUTS;
        const from = firsts[t]! * size + l;
        for (let b = 0; b < size; b++) {
          const row = ids[from + b * places]!;
          if (variable && row === NO_LOOKUP) {
            list[to + b] = unused;
            continue;
          }
          const id = hotIds[row]!;
          list[to + b] = id === 0 ? other : first + id;
          this.#anyHot[b]! |= id;
        }
      }
    }
    if (none === other) return;
    for (let b = 0; b < size; b++) if (this.#anyHot[b] === 0) list[b] = none;
  }

  /** Puts hot rows' numbers in the place of ids. */
  #nameHotRows(ids: Uint32Array, size: number): void {
    const { each, firsts, variable } = this.#layout;
    for (let t = 0; t < each.length; t++) {
      const hotIds = this.#hot.ids[t]!, from = firsts[t]! * size, to = from + each[t]! * size;
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
