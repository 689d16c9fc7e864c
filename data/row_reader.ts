/**
 * A reader of rows that can be had one by one, as generators and arrays in memory give them.
 *
 * @module
 */

import { Permutation } from "../core/random.ts";
import { idLayout } from "./id_layout.ts";
import { checkRead, checkReadAt } from "./inputs.ts";
import type { DatasetSchema, Inputs, Order, Reader } from "./types.ts";

/** Where the rows of a {@link RowReader} come from. */
interface RowSource {
  /** Rows in the split. */
  readonly count: number;
  /** Writes a row of the split, in [0, count), as number b of a minibatch of `size`. */
  write(row: number, into: Inputs, b: number, size: number): void;
  /** Called after the last row of a minibatch, whose size is set. */
  finish?(into: Inputs): void;
}

/** Walks rows in sequence or, shuffled, by the seed's permutation of the split. It never waits. */
export class RowReader implements Reader {
  readonly count: number;
  readonly #source: RowSource;
  readonly #permutation: Permutation | null;
  readonly #dense: number;
  readonly #ids: number;

  /** Reads nothing yet. */
  constructor(schema: DatasetSchema, order: Order, source: RowSource) {
    const steps = schema.steps ?? 1;
    this.count = source.count;
    this.#source = source;
    this.#dense = schema.dense.length * steps;
    this.#ids = idLayout(schema).width;
    this.#permutation = order.kind === "shuffled"
      ? new Permutation(source.count, order.seed, order.epoch)
      : null;
  }

  /** See {@link Reader.read}. */
  read(start: number, count: number, into: Inputs): void {
    checkRead(this, start, count, into, this.#dense, this.#ids);
    const source = this.#source, permutation = this.#permutation;
    into.size = count;
    for (let b = 0; b < count; b++) {
      const position = start + b;
      source.write(permutation === null ? position : permutation.at(position), into, b, count);
    }
    source.finish?.(into);
  }

  /** See {@link Reader.readAt}. */
  readAt(positions: Uint32Array, into: Inputs): void {
    checkReadAt(this, positions, into, this.#dense, this.#ids);
    const source = this.#source, permutation = this.#permutation, count = positions.length;
    into.size = count;
    for (let b = 0; b < count; b++) {
      const position = positions[b]!;
      source.write(permutation === null ? position : permutation.at(position), into, b, count);
    }
    source.finish?.(into);
  }
}
