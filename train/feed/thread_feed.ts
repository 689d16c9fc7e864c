/**
 * From positions in an order to minibatches, in the thread that trains.
 *
 * @module
 */

import { createInputs } from "../../data/inputs.ts";
import type { Dataset, Inputs, Order, Reader } from "../../data/types.ts";
import type { HostBatch, Route } from "../model/model.ts";
import { InputCopier } from "./copy_inputs.ts";
import type { InputFeed, Look } from "./feeds.ts";
import { asked, type HotNumbers, type Numbering, Preparer } from "./preparer.ts";

/** Reads the training split in one order. One minibatch is alive at a time: the next one overwrites it. */
export class ThreadFeed implements InputFeed {
  readonly ahead = 0;
  readonly looks = 1;
  readonly #preparer: Preparer;
  readonly #copier: InputCopier;
  readonly #reader: Reader;
  readonly #batch: Inputs;
  readonly #looked: Inputs;
  readonly #chunk: number;
  #room = 0;

  /**
   * Makes room for minibatches of up to `capacity` inputs, and for `chunk` to be looked at.
   *
   * @param tableRows Rows of the model's tables.
   */
  constructor(
    dataset: Dataset,
    order: Order,
    hot: HotNumbers,
    tableRows: readonly number[],
    capacity: number,
    chunk: number,
  ) {
    const { schema } = dataset;
    this.#preparer = new Preparer(schema, tableRows, hot);
    this.#copier = new InputCopier(schema);
    this.#reader = dataset.reader("train", order);
    this.#batch = createInputs(schema, capacity);
    this.#looked = createInputs(schema, chunk);
    this.#chunk = chunk;
  }

  async batch(
    list: Uint32Array,
    start: number,
    size: number,
    route: Route,
  ): Promise<HostBatch> {
    const waiting = this.#reader.readAt(list.subarray(start, start + size), this.#batch);
    if (waiting !== undefined) await waiting;
    return this.group(this.#batch, route);
  }

  look(list: Uint32Array, start: number, size: number, numbering: Numbering | null): Look {
    const waiting = this.#reader.readAt(list.subarray(start, start + size), this.#looked);
    let arrived = waiting === undefined;
    return {
      size,
      inputs: this.#looked,
      get arrived() {
        return arrived;
      },
      ready: () => waiting?.then(() => void (arrived = true)),
      number: (numbers) =>
        this.#preparer.number(this.#looked, numbers, this.#chunk, asked(numbering)),
    };
  }

  begin(room: number): void {
    this.#room = room;
  }

  copy({ inputs }: Look, from: number, to: number): void {
    this.#copier.copy(inputs, from, this.#batch, to, this.#room);
  }

  finish(size: number, route: Route): () => HostBatch {
    this.#copier.close(this.#batch, size, this.#room);
    return () => this.group(this.#batch, route);
  }

  /** Groups inputs' lookups; ids are replaced by hot rows' numbers on the route of hot rows. */
  group(inputs: Inputs, route: Route): HostBatch {
    return this.#preparer.batch(inputs, route);
  }

  dispose(): void {}
}
