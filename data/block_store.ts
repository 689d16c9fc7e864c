/**
 * Reads blocks of a cache back, checked, as rows: one input's numbers lie side by side, so that a shuffled minibatch
 * touches two or three cache lines an input instead of forty.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { crc32 } from "../core/node.ts";
import { UserError } from "../core/errors.ts";
import { fileError, readFully } from "../core/files.ts";
import { type IdLayout, idLayout } from "./id_layout.ts";
import { idsPerStep, type Manifest, ROWS_FILE, storedColumns } from "./manifest.ts";
import { packedBytes } from "./row_block.ts";

/** Rows moved at a time, so that both sides of the transposition stay in the processor's cache. */
const TILE = 256;

/** The open rows file of a cache. Reads queue up; there is one file position. */
export class BlockStore {
  /** Dense columns of the data set. */
  readonly denseColumns: number;
  /** Tables of the data set. */
  readonly tables: number;
  /** Time steps of an input, 1 for inputs without. */
  readonly steps: number;
  /** Whether the blocks hold sequences, see `storedColumns`. */
  readonly sequences: boolean;
  /** Of sequences: which tables have an id at each step. */
  readonly perStep: readonly boolean[];
  /** Of those tables: what is added to a stored id, 2^32 and more wrapping around. */
  readonly shift: 0 | 1;
  /** Where the ids of a minibatch lie. */
  readonly layout: IdLayout;
  /** 32-bit words of an input in memory: stored dense values and ids, label. */
  readonly rowWords: number;
  readonly #stored: { readonly dense: number; readonly ids: number };
  readonly #path: string;
  readonly #manifest: Manifest;
  readonly #file: Deno.FsFile;
  readonly #packed: Uint8Array<ArrayBuffer>;
  #queue: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #closed = false;

  private constructor(path: string, manifest: Manifest, file: Deno.FsFile) {
    this.#path = path;
    this.#manifest = manifest;
    this.#file = file;
    this.denseColumns = manifest.dense.length;
    this.tables = manifest.tables.length;
    this.steps = manifest.steps ?? 1;
    this.sequences = manifest.steps !== undefined;
    this.perStep = idsPerStep(manifest);
    this.shift = manifest.perStep === undefined ? 0 : 1;
    this.layout = idLayout(manifest);
    const stored = this.#stored = storedColumns(manifest);
    this.rowWords = stored.dense + stored.ids + 1;
    const bytes = packedBytes(manifest.blockRows, stored.dense, stored.ids);
    this.#packed = new Uint8Array(Math.ceil(bytes / 4) * 4);
  }

  /** Opens the rows file of a cache folder. */
  static async open(folder: string, manifest: Manifest): Promise<BlockStore> {
    const path = `${folder}/${ROWS_FILE}`;
    try {
      return new BlockStore(path, manifest, await fs.open(path));
    } catch (error) {
      throw fileError("read", path, error);
    }
  }

  /**
   * Copies inputs [from, to) of a block, as rows, to `into` from word `at`: float32 bits of the dense values, ids, label.
   * Throws a `UserError` if the block has changed since it was written.
   */
  readRows(block: number, from: number, to: number, into: Uint32Array, at: number): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closedError());
    this.#pending++;
    const read = this.#queue.then(() => this.#read(block, from, to, into, at)).finally(() => {
      if (--this.#pending === 0 && this.#closed) this.#file.close();
    });
    this.#queue = read.catch(() => {});
    return read;
  }

  /** Reads and checks every block. */
  async verify(signal?: AbortSignal): Promise<void> {
    for (let block = 0; block < this.#manifest.blocks.length; block++) {
      signal?.throwIfAborted();
      await this.readRows(block, 0, 0, new Uint32Array(0), 0);
    }
  }

  /** Closes the file, after the read that is under way; those behind it fail. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#pending === 0) this.#file.close();
  }

  async #read(
    block: number,
    from: number,
    to: number,
    into: Uint32Array,
    at: number,
  ): Promise<void> {
    if (this.#closed) throw this.#closedError();
    const record = this.#manifest.blocks[block]!;
    const packed = this.#packed.subarray(
      0,
      packedBytes(record.rows, this.#stored.dense, this.#stored.ids),
    );
    try {
      await this.#file.seek(record.offset, fs.SeekMode.Start);
      const count = await readFully(this.#file, packed);
      if (count !== packed.length || crc32(packed) !== record.crc32) {
        throw new UserError(
          `Cannot read block ${block} of ${this.#path}: it is damaged; ` +
            `remove the cache folder to have it prepared again`,
        );
      }
    } catch (error) {
      throw fileError("read", this.#path, error);
    }
    this.#transpose(record.rows, from, to, into, at);
  }

  #closedError(): Error {
    return new Error(`Cannot read ${this.#path}: the data set is closed`);
  }

  #transpose(rows: number, from: number, to: number, into: Uint32Array, at: number): void {
    const width = this.rowWords, columns = width - 1;
    const words = new Uint32Array(this.#packed.buffer);
    const labels = this.#packed.subarray(4 * columns * rows);
    for (let tile = from; tile < to; tile += TILE) {
      const end = Math.min(tile + TILE, to), base = at + (tile - from) * width;
      for (let column = 0; column < columns; column++) {
        const source = column * rows;
        for (let row = tile, cell = base + column; row < end; row++, cell += width) {
          into[cell] = words[source + row]!;
        }
      }
      for (let row = tile, cell = base + columns; row < end; row++, cell += width) {
        into[cell] = labels[row]!;
      }
    }
  }
}
