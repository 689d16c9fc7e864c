/**
 * Inputs in a file of rows, each read when it is wanted: memory does not grow with their number, and the system keeps in its
 * page cache what fits there.
 *
 * @module
 */

import { closeSync, openSync, readSync } from "../../core/node.ts";
import { UserError } from "../../core/errors.ts";
import { fileError } from "../../core/files.ts";
import { idLayout, idsFromRow } from "../id_layout.ts";
import { RowReader } from "../row_reader.ts";
import type { SharedDataset } from "../shared_dataset.ts";
import { SPLITS } from "../split.ts";
import type { Dataset, DatasetSchema, Order, Reader, Split } from "../types.ts";
import { rowLayout } from "./rows.ts";

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
    const { schema } = this, count = this.#counts[split];
    const before = SPLITS.slice(0, SPLITS.indexOf(split))
      .reduce((sum, other) => sum + this.#counts[other], 0);
    const { ids, dense, words } = rowLayout(schema), layout = idLayout(schema);
    const rows = new RowBuffer(count, words, (row, into) => this.#read(before + row, into));
    return new RowReader(schema, order, {
      count,
      write: (row, into, b, size) => {
        this.#checkOpen();
        const at = rows.find(row);
        idsFromRow(layout, rows.words, at, into.ids, size, b);
        for (let j = 0; j < dense; j++) into.dense[b * dense + j] = rows.floats[at + ids + j]!;
        into.labels[b] = rows.words[at + ids + dense]!;
      },
    });
  }

  /** The file, which must be open. */
  #checkOpen(): number {
    if (this.#file === null) throw new UserError(`Cannot read ${this.#path}: it is closed`);
    return this.#file;
  }

  /** Fills the bytes with rows from one on. */
  #read(row: number, into: Uint8Array): void {
    const file = this.#checkOpen();
    const from = row * rowBytes(this.schema);
    try {
      for (let done = 0; done < into.length;) {
        const count = readSync(file, into, done, into.length - done, from + done);
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

/** The rows that were read last: some in sequence, or one. */
class RowBuffer {
  readonly words: Uint32Array;
  /** The same memory. */
  readonly floats: Float32Array;
  readonly #bytes: Uint8Array;
  readonly #count: number;
  readonly #rowWords: number;
  readonly #read: (row: number, into: Uint8Array) => void;
  #first = 0;
  #held = 0;

  constructor(count: number, rowWords: number, read: (row: number, into: Uint8Array) => void) {
    this.#count = count;
    this.#rowWords = rowWords;
    this.#read = read;
    this.words = new Uint32Array(AT_ONCE * rowWords);
    this.floats = new Float32Array(this.words.buffer);
    this.#bytes = new Uint8Array(this.words.buffer);
  }

  /** The first word of a row. A row right behind those that are there is read with some that follow it. */
  find(row: number): number {
    const at = row - this.#first;
    if (at >= 0 && at < this.#held) return at * this.#rowWords;
    const count = at === this.#held ? Math.min(AT_ONCE, this.#count - row) : 1;
    // Nothing is there if reading fails.
    this.#held = 0;
    this.#read(row, this.#bytes.subarray(0, 4 * count * this.#rowWords));
    this.#first = row;
    this.#held = count;
    return 0;
  }
}
