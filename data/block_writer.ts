/**
 * Writes blocks of rows to a file, one after another.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { crc32 } from "../core/node.ts";
import { readFully, writeAll } from "../core/files.ts";
import type { BlockRecord } from "./manifest.ts";
import { BLOCK_ROWS, packedBytes, RowBlock } from "./row_block.ts";

/** An open rows file. Every block but the last must be full. */
export class BlockWriter implements Disposable {
  readonly blocks: BlockRecord[] = [];
  /** Rows written. */
  rows = 0;
  readonly #file: Deno.FsFile;
  readonly #packed: Uint8Array;
  #offset = 0;

  private constructor(file: Deno.FsFile, denseColumns: number, tables: number) {
    this.#file = file;
    this.#packed = new Uint8Array(
      Math.ceil(packedBytes(BLOCK_ROWS, denseColumns, tables) / 4) * 4,
    );
  }

  /** Creates a file that does not exist yet. */
  static async create(path: string, denseColumns: number, tables: number): Promise<BlockWriter> {
    const file = await fs.open(path, { write: true, read: true, createNew: true });
    return new BlockWriter(file, denseColumns, tables);
  }

  /** Writes a block's rows. */
  async write(block: RowBlock): Promise<void> {
    const packed = block.pack(this.#packed);
    await writeAll(this.#file, packed);
    this.blocks.push({ offset: this.#offset, rows: block.rows, crc32: crc32(packed) });
    this.#offset += packed.length;
    this.rows += block.rows;
  }

  /** Reads a block that was written, into an empty one. */
  async readBack(index: number, into: RowBlock): Promise<void> {
    const { offset, rows } = this.blocks[index]!;
    const packed = this.#packed.subarray(0, packedBytes(rows, into.denseColumns, into.tables));
    await this.#file.seek(offset, fs.SeekMode.Start);
    await readFully(this.#file, packed);
    into.unpack(packed, rows);
  }

  /** Writes a block again in its place, with other values. */
  async rewrite(index: number, block: RowBlock): Promise<void> {
    const { offset, rows } = this.blocks[index]!;
    const packed = block.pack(this.#packed);
    await this.#file.seek(offset, fs.SeekMode.Start);
    await writeAll(this.#file, packed);
    this.blocks[index] = { offset, rows, crc32: crc32(packed) };
  }

  /** Waits until everything is on the disk. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Gathers rows from blocks of any size and writes them as full blocks. */
export class RowGatherer {
  readonly writer: BlockWriter;
  readonly #block: RowBlock;

  /** Gathers for a writer. */
  constructor(writer: BlockWriter, denseColumns: number, tables: number) {
    this.writer = writer;
    this.#block = new RowBlock(denseColumns, tables);
  }

  /** Rows gathered. */
  get rows(): number {
    return this.writer.rows + this.#block.rows;
  }

  /** Takes the rows named from a block, in the order named. */
  async take(source: RowBlock, rows: Uint32Array): Promise<void> {
    for (let done = 0; done < rows.length;) {
      const count = Math.min(rows.length - done, BLOCK_ROWS - this.#block.rows);
      this.#block.copyRows(source, rows.subarray(done, done + count));
      done += count;
      if (this.#block.rows === BLOCK_ROWS) await this.flush();
    }
  }

  /** Writes what has been gathered. After a block that is not full nothing more may be written. */
  async flush(): Promise<void> {
    if (this.#block.rows === 0) return;
    await this.writer.write(this.#block);
    this.#block.rows = 0;
  }
}
