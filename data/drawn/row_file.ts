/**
 * Inputs in a file of rows, each read when it is wanted: memory does not grow with their number, and the system keeps in its
 * page cache what fits there.
 *
 * @module
 */

import { closeSync, openSync, readSync } from "node:fs";
import { Permutation } from "../../core/random.ts";
import { UserError } from "../../core/errors.ts";
import { fileError } from "../../core/files.ts";
import { type IdLayout, idLayout, idsFromRow } from "../id_layout.ts";
import { checkRead, checkReadAt } from "../inputs.ts";
import type { SharedDataset } from "../shared_dataset.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "../types.ts";
import { type RowLayout, rowLayout, SPLITS } from "./rows.ts";

/** What is known of the inputs beside their rows. */
export interface RowFileParts extends Pick<Dataset, "schema" | "hash" | "notes" | "bayes"> {
  /** Inputs of each split; their rows stand one split after the other. */
  readonly counts: Readonly<Record<Split, number>>;
}

/** Bytes of a row. */
export function rowBytes(schema: DatasetSchema): number {
  return 4 * rowLayout(schema).words;
}

/** Bytes of a file of rows. */
export function rowFileBytes({ schema, counts }: Pick<RowFileParts, "schema" | "counts">): number {
  return SPLITS.reduce((sum, split) => sum + counts[split], 0) * rowBytes(schema);
}

/** A data set in a file of rows. Its shuffled order is the seed's permutation, as that of inputs in memory. */
export class RowFileDataset implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes: Dataset["bayes"];
  readonly #counts: Readonly<Record<Split, number>>;
  readonly #path: string;
  #file: number | null;

  /** Opens the file. Throws a `UserError` if it cannot. */
  constructor(path: string, { schema, hash, notes, bayes, counts }: RowFileParts) {
    this.schema = schema;
    this.hash = hash;
    this.notes = notes;
    this.bayes = bayes;
    this.#counts = counts;
    this.#path = path;
    try {
      this.#file = openSync(path, "r");
    } catch (error) {
      throw fileError("read", path, error);
    }
  }

  share(): Promise<SharedDataset> {
    const { schema, hash, notes, bayes } = this;
    const parts = { schema, hash, notes, bayes, counts: this.#counts };
    return Promise.resolve({ kind: "row-file", path: this.#path, parts });
  }

  count(split: Split): number {
    return this.#counts[split];
  }

  reader(split: Split, order: Order): Reader {
    const before = SPLITS.slice(0, SPLITS.indexOf(split))
      .reduce((sum, other) => sum + this.#counts[other], 0);
    const read = (row: number, into: Uint8Array) => this.#read(before + row, into);
    return new RowFileReader(this.schema, this.#counts[split], order, read);
  }

  /** Fills the bytes with rows from one on. */
  #read(row: number, into: Uint8Array): void {
    if (this.#file === null) throw new UserError(`Cannot read ${this.#path}: it is closed`);
    const from = row * rowBytes(this.schema);
    try {
      for (let done = 0; done < into.length;) {
        const count = readSync(this.#file, into, done, into.length - done, from + done);
        if (count === 0) throw new UserError(`Cannot read ${this.#path}: it is cut short`);
        done += count;
      }
    } catch (error) {
      throw fileError("read", this.#path, error);
    }
  }

  close(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Rows read at a time in sequence. */
const AT_ONCE = 256;

class RowFileReader implements Reader {
  readonly count: number;
  readonly #ids: IdLayout;
  readonly #layout: RowLayout;
  readonly #permutation: Permutation | null;
  readonly #read: (row: number, into: Uint8Array) => void;
  readonly #rows: Uint32Array;
  readonly #floats: Float32Array;
  readonly #bytes: Uint8Array;

  constructor(
    schema: DatasetSchema,
    count: number,
    order: Order,
    read: (row: number, into: Uint8Array) => void,
  ) {
    this.count = count;
    this.#ids = idLayout(schema);
    this.#layout = rowLayout(schema);
    this.#permutation = order.kind === "shuffled"
      ? new Permutation(count, order.seed, order.epoch)
      : null;
    this.#read = read;
    this.#rows = new Uint32Array(AT_ONCE * this.#layout.words);
    this.#floats = new Float32Array(this.#rows.buffer);
    this.#bytes = new Uint8Array(this.#rows.buffer);
  }

  read(start: number, count: number, into: Inputs): void {
    const { ids, dense, words } = this.#layout;
    checkRead(this, start, count, into, dense, ids);
    into.size = count;
    if (this.#permutation !== null) {
      for (let b = 0; b < count; b++) this.#readOne(start + b, into, b);
      return;
    }
    for (let done = 0; done < count; done += AT_ONCE) {
      const size = Math.min(AT_ONCE, count - done);
      this.#read(start + done, this.#bytes.subarray(0, 4 * size * words));
      for (let b = 0; b < size; b++) this.#take(b * words, into, done + b);
    }
  }

  readAt(positions: Uint32Array, into: Inputs): void {
    const { ids, dense } = this.#layout;
    checkReadAt(this, positions, into, dense, ids);
    into.size = positions.length;
    for (let b = 0; b < positions.length; b++) this.#readOne(positions[b]!, into, b);
  }

  #readOne(position: number, into: Inputs, b: number): void {
    const row = this.#permutation === null ? position : this.#permutation.at(position);
    this.#read(row, this.#bytes.subarray(0, 4 * this.#layout.words));
    this.#take(0, into, b);
  }

  /** Copies a row of the buffer, from word `at`, to number b of a minibatch. */
  #take(at: number, into: Inputs, b: number): void {
    const { ids, dense } = this.#layout;
    idsFromRow(this.#ids, this.#rows, at, into.ids, into.size, b);
    for (let j = 0; j < dense; j++) into.dense[b * dense + j] = this.#floats[at + ids + j]!;
    into.labels[b] = this.#rows[at + ids + dense]!;
  }
}
