/**
 * Splits a log at random while it is read: of every ten rows in sequence one, drawn at random, validates, another tests and
 * eight train. The parts are those of the original's rule for Avazu (all rows permuted; four fifths train, half of the last
 * fifth validates, half tests), but the number of rows need not be known beforehand, and every part of the log gives its
 * share to each split.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { UserError } from "../core/errors.ts";
import { RandomStream } from "../core/random.ts";
import { BlockWriter, RowGatherer } from "./block_writer.ts";
import { BLOCK_ROWS, RowBlock } from "./row_block.ts";
import type { RowSplit } from "./row_split.ts";
import { SPLITS, type Splits } from "./split.ts";
import type { Split } from "./types.ts";

const GROUP = 10;
/** Of the stream `sampling`. */
const SUB = 1;

/** Which split each row of a log belongs to, by row number. */
export class RandomSplit implements RowSplit {
  readonly #words: RandomStream;
  #group = -1;
  #test = 0;
  #validation = 0;

  /** @param seed An integer in [0, 2^32). */
  constructor(seed: number) {
    this.#words = new RandomStream(seed, "sampling", SUB);
  }

  /** The split of a row. */
  at(row: number): Split {
    const group = Math.floor(row / GROUP), place = row % GROUP;
    if (group !== this.#group) {
      this.#group = group;
      this.#validation = this.#words.uint32(2 * group) % GROUP;
      const other = 1 + this.#words.uint32(2 * group + 1) % (GROUP - 1);
      this.#test = (this.#validation + other) % GROUP;
    }
    return place === this.#validation ? "validation" : place === this.#test ? "test" : "train";
  }
}

/** Writes rows to one file in the order train, test, validation, whatever the order they come in. */
export class SplitWriter implements Disposable {
  readonly #split: RowSplit;
  readonly #parts: Record<Split, RowGatherer>;
  readonly #paths: readonly string[];
  readonly #lists: Record<Split, Uint32Array>;
  readonly #columns: readonly [denseColumns: number, tables: number];
  #rows = 0;

  private constructor(
    split: RowSplit,
    parts: Record<Split, RowGatherer>,
    paths: readonly string[],
    columns: readonly [number, number],
  ) {
    this.#split = split;
    this.#parts = parts;
    this.#paths = paths;
    this.#columns = columns;
    const list = () => new Uint32Array(BLOCK_ROWS);
    this.#lists = { train: list(), test: list(), validation: list() };
  }

  /**
   * @param train The file for all rows; test and validation rows wait in files beside it.
   * @param denseColumns Of the rows that are written; blocks may have further id columns behind those.
   */
  static async create(
    folder: string,
    train: BlockWriter,
    split: RowSplit,
    denseColumns: number,
    tables: number,
  ): Promise<SplitWriter> {
    const paths = [`${folder}/test.tmp`, `${folder}/validation.tmp`] as const;
    const gather = (writer: BlockWriter) => new RowGatherer(writer, denseColumns, tables);
    const test = await BlockWriter.create(paths[0], denseColumns, tables);
    try {
      const validation = await BlockWriter.create(paths[1], denseColumns, tables);
      const parts = { train: gather(train), test: gather(test), validation: gather(validation) };
      return new SplitWriter(split, parts, paths, [denseColumns, tables]);
    } catch (error) {
      test[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Takes the next rows of the log.
   *
   * @param number Turns the codes of ids into rows, once the split has looked at them.
   */
  async write(block: RowBlock, number: () => void): Promise<void> {
    const counts = { train: 0, test: 0, validation: 0 };
    for (let r = 0; r < block.rows; r++) {
      const split = this.#split.at(this.#rows++, block, r);
      this.#lists[split][counts[split]++] = r;
    }
    number();
    for (const split of SPLITS) {
      await this.#parts[split].take(block, this.#lists[split].subarray(0, counts[split]));
    }
  }

  /**
   * Puts test and validation rows behind those that train.
   *
   * @throws UserError if none train, or none test.
   */
  async finish(): Promise<Splits> {
    const { train, test, validation } = this.#parts;
    if (this.#split instanceof RandomSplit && this.#rows < GROUP) {
      throw new UserError(
        `Cannot split ${this.#rows} input${
          this.#rows === 1 ? "" : "s"
        } into train and test: at least ${GROUP} are needed`,
      );
    }
    if (train.rows === 0 || test.rows === 0) {
      throw new UserError(
        `Cannot split the log by its rule: of ${this.#rows} inputs ${
          train.rows === 0 ? "none is left to train" : "none tests"
        }`,
      );
    }
    const counts = [train.rows, test.rows, validation.rows] as const;
    const all = Uint32Array.from({ length: BLOCK_ROWS }, (_, r) => r);
    const block = new RowBlock(...this.#columns);
    for (const part of [test, validation]) {
      await part.flush();
      for (let b = 0; b < part.writer.blocks.length; b++) {
        await part.writer.readBack(b, block);
        await train.take(block, all.subarray(0, block.rows));
      }
    }
    await train.flush();
    return {
      train: { start: 0, count: counts[0] },
      test: { start: counts[0], count: counts[1] },
      validation: { start: counts[0] + counts[1], count: counts[2] },
    };
  }

  /** Closes and removes the files of test and validation rows. */
  [Symbol.dispose](): void {
    this.#parts.test.writer[Symbol.dispose]();
    this.#parts.validation.writer[Symbol.dispose]();
    for (const path of this.#paths) fs.removeSync(path);
  }
}
