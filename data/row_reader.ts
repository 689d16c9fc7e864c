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
type RowSource = SourceOfAny & (SourceOfOne | SourceOfMany);

interface SourceOfOne {
  /** Writes a row of the split, in [0, count), as number b of a minibatch of `size`. */
  write(row: number, into: Inputs, b: number, size: number): void;
}

interface SourceOfMany {
  /** Writes the first `size` rows of a list as a whole minibatch, where that is faster than one by one. */
  writeAll(rows: Float64Array, into: Inputs, size: number): void;
}

interface SourceOfAny {
  /** Rows in the split. */
  readonly count: number;
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
  /** Rows of a minibatch, for sources that write them together. */
  #rows = new Float64Array(0);

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
    this.#fill(count, (b) => start + b, into);
  }

  /** See {@link Reader.readAt}. */
  readAt(positions: Uint32Array, into: Inputs): void {
    checkReadAt(this, positions, into, this.#dense, this.#ids);
    this.#fill(positions.length, (b) => positions[b]!, into);
  }

  /** See {@link Reader.rowAt}. */
  readonly rowAt = (position: number): number => this.#permutation?.at(position) ?? position;

  #fill(count: number, positionOf: (b: number) => number, into: Inputs): void {
    const source = this.#source;
    const rowOf = (b: number) => this.rowAt(positionOf(b));
    into.size = count;
    if ("write" in source) {
      for (let b = 0; b < count; b++) source.write(rowOf(b), into, b, count);
    } else {
      if (this.#rows.length < count) this.#rows = new Float64Array(count);
      for (let b = 0; b < count; b++) this.#rows[b] = rowOf(b);
      source.writeAll(this.#rows, into, count);
    }
    source.finish?.(into);
  }
}
