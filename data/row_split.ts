/**
 * Splits that look at each row: by the user it is of, or by its time.
 *
 * @module
 */

import { RandomStream } from "../core/random.ts";
import { hashBytes } from "./ids/byte_dictionary.ts";
import type { RowBlock } from "./row_block.ts";
import type { Split } from "./types.ts";

/** Which split each row of a log belongs to. */
export interface RowSplit {
  /**
   * The split of a row.
   *
   * @param row Number of the row in the log.
   * @param block Holds it, with the ids as they were parsed.
   * @param r Its place there.
   */
  at(row: number, block: RowBlock, r: number): Split;
}

/** Of the stream `sampling`. */
const SUB = 3;

/**
 * Draws users to test and to validate. A user's split depends only on the seed and the user's id, not on the order of the
 * rows or on other users.
 */
export class UserSplit implements RowSplit {
  readonly #words: RandomStream;
  readonly #place: number;
  readonly #test: number;
  readonly #heldOut: number;
  readonly #hashOf: (code: number) => number;
  /** By code, because a user has many rows. */
  readonly #known = new Map<number, Split>();

  /**
   * @param seed An integer in [0, 2^32).
   * @param place The id column that holds the users.
   * @param hashOf A number in [0, 2^32) of the user behind a code.
   * @param test Share of users that test.
   * @param validation Share of users that validate.
   */
  constructor(
    seed: number,
    place: number,
    hashOf: (code: number) => number,
    test: number,
    validation: number,
  ) {
    this.#words = new RandomStream(seed, "sampling", SUB);
    this.#place = place;
    this.#hashOf = hashOf;
    this.#test = test * 2 ** 32;
    this.#heldOut = (test + validation) * 2 ** 32;
  }

  /** See {@link RowSplit.at}. */
  at(_row: number, block: RowBlock, r: number): Split {
    const code = block.ids[this.#place * block.stride + r]!;
    let split = this.#known.get(code);
    if (split === undefined) {
      const word = this.#words.uint32(this.#hashOf(code));
      split = word < this.#test ? "test" : word < this.#heldOut ? "validation" : "train";
      this.#known.set(code, split);
    }
    return split;
  }
}

/** What {@link UserSplit} hashes of a code that is a number: its digits, as of a text. */
export function hashNumber(code: number): number {
  const text = encoder.encode(String(code));
  return hashBytes(text, 0, text.length);
}

const encoder = new TextEncoder();

/** Rows from a time on test, those before from an earlier one on validate. */
export class TimeSplit implements RowSplit {
  readonly #column: number;
  readonly #test: number;
  readonly #validation: number;

  /**
   * @param column The id column that holds the time of a row, in seconds since 1970.
   * @param test Seconds since 1970.
   * @param validation Seconds since 1970; as `test` where none validate.
   */
  constructor(column: number, test: number, validation: number) {
    this.#column = column;
    this.#test = test;
    this.#validation = validation;
  }

  /** See {@link RowSplit.at}. */
  at(_row: number, block: RowBlock, r: number): Split {
    const seconds = block.ids[this.#column * block.stride + r]!;
    return seconds >= this.#test ? "test" : seconds >= this.#validation ? "validation" : "train";
  }
}
