/**
 * From a reader to minibatches that can be uploaded: reads, groups lookups, counts.
 *
 * @module
 */

import { createInputs } from "../../data/inputs.ts";
import type { DatasetSchema, Inputs, Reader } from "../../data/types.ts";
import type { Minibatches } from "../feed/feeds.ts";
import { Preparer } from "../feed/preparer.ts";
import type { HostBatch } from "../model/model.ts";

/**
 * Cuts a reader into minibatches. One batch is alive at a time: the next `prepare` overwrites it.
 *
 * @category Training
 */
export class BatchSource implements Minibatches {
  readonly #reader: Reader;
  readonly #preparer: Preparer;
  readonly #inputs: Inputs;
  readonly #capacity: number;

  /**
   * Makes room for one minibatch.
   *
   * @param reader The split and order to walk; belongs to the caller.
   * @param schema Columns of the reader's data set.
   * @param tableRows Rows of the model's tables, which may be more than the data set's.
   * @param capacity Inputs of the largest minibatch.
   */
  constructor(
    reader: Reader,
    schema: DatasetSchema,
    tableRows: readonly number[],
    capacity: number,
  ) {
    this.#reader = reader;
    this.#capacity = capacity;
    this.#preparer = new Preparer(schema, tableRows, null);
    this.#inputs = createInputs(schema, capacity);
  }

  /** Inputs in the split. */
  get count(): number {
    return this.#reader.count;
  }

  /**
   * The inputs at positions [start, start + size), grouped. Gives a promise only if the reader has to wait.
   * Throws a `LookupError` if an id is beyond its table.
   */
  prepare(start: number, size: number): HostBatch | Promise<HostBatch> {
    if (size > this.#capacity) {
      throw new RangeError(`Cannot prepare ${size} inputs: the source holds ${this.#capacity}`);
    }
    const waiting = this.#reader.read(start, size, this.#inputs);
    const batch = (): HostBatch => this.#preparer.batch(this.#inputs, "full");
    return waiting === undefined ? batch() : waiting.then(batch);
  }

  /** Does nothing: the reader belongs to the caller. */
  dispose(): void {}
}
