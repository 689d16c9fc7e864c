/**
 * From numbers of arrays to inputs: how each number is read, and which are refused.
 *
 * @module
 */

import type { RowBlock } from "../row_block.ts";
import type { Columns, OpenPart } from "./parts.ts";

/** Ids of a table are below this, so that it has a row for each and `NO_LOOKUP` is none of them. */
const MOST_IDS = 2 ** 32 - 1;

/** What a log's numbers become. */
export interface ArrayRules {
  /** Dense values are stored as ln(x + 1), as DLRM does when it loads them; else as they are. */
  readonly logarithm: boolean;
  /** Ids are taken modulo this, as Python does: never negative. 0 for as they are. */
  readonly maxIndexRange: number;
  /** Names of the dense columns and of the tables. */
  readonly dense: readonly string[];
  readonly tables: readonly string[];
  /** Lookups of a bag in each table. */
  readonly lookups: readonly number[];
}

/** A row that cannot be used. */
export interface BadArrayRow {
  /** Number of the row in its part, from 0. */
  readonly row: number;
  readonly array: string;
  readonly reason: string;
  /** Whether the ids would be valid modulo a number of rows. */
  readonly hashed: boolean;
}

/** Reads rows of parts into blocks. */
export class ArrayRows {
  /** Largest id of each table so far; -1 where there is none. */
  readonly largest: Float64Array;
  readonly #rules: ArrayRules;
  readonly #counts: Float64Array | null;
  readonly #numbers = new Map<unknown, Float64Array>();

  /** @param counts Ids of each table where that is known: none may be beyond. */
  constructor(rules: ArrayRules, counts: Float64Array | null) {
    this.#rules = rules;
    this.#counts = counts;
    this.largest = new Float64Array(rules.tables.length).fill(-1);
  }

  /** Appends rows [from, to) of a part to a block that has room for them. Bad rows are reported and left out. */
  async append(
    part: OpenPart,
    from: number,
    to: number,
    block: RowBlock,
    onBad: (bad: BadArrayRow) => void,
  ): Promise<void> {
    const arrays = new Set([part.labels, part.dense, ...part.ids].map(({ array }) => array));
    for (const array of arrays) {
      const length = (to - from) * array.columns;
      let numbers = this.#numbers.get(array);
      if (numbers === undefined || numbers.length < length) {
        this.#numbers.set(array, numbers = new Float64Array(length));
      }
      await array.read(from, to, numbers);
    }
    for (let i = 0; i < to - from; i++) {
      const bad = this.#labels(part.labels, i, block) ?? this.#dense(part.dense, i, block) ??
        this.#ids(part.ids, i, block);
      if (bad === null) block.rows++;
      else onBad({ row: from + i, ...bad });
    }
  }

  /** Lets go of the numbers of a part's arrays. */
  release(): void {
    this.#numbers.clear();
  }

  #labels({ array, first }: Columns, i: number, block: RowBlock): Bad {
    const label = this.#numbers.get(array)![i * array.columns + first]!;
    if (label !== 0 && label !== 1) {
      return {
        array: array.name,
        reason: `its label is ${label}, neither 0 nor 1`,
        hashed: false,
      };
    }
    block.labels[block.rows] = label;
    return null;
  }

  #dense({ array, first, count }: Columns, i: number, block: RowBlock): Bad {
    const numbers = this.#numbers.get(array)!, { logarithm, dense } = this.#rules;
    for (let j = 0, at = i * array.columns + first; j < count; j++, at++) {
      const x = numbers[at]!;
      // As PyTorch has it: the number as float32, and the sum and the logarithm too.
      const value = logarithm ? Math.log(Math.fround(Math.fround(x) + 1)) : x;
      if (!Number.isFinite(value)) {
        return {
          array: array.name,
          reason: `its dense value ${dense[j]} is ${x}` +
            (logarithm ? ", and ln(x + 1) is taken" : ""),
          hashed: false,
        };
      }
      block.dense[j * block.stride + block.rows] = value;
    }
    return null;
  }

  #ids(ids: readonly Columns[], i: number, block: RowBlock): Bad {
    const { maxIndexRange, lookups } = this.#rules;
    let place = 0;
    const tables = ids.length === 1 ? lookups.length : 1;
    for (const [k, { array, first }] of ids.entries()) {
      const numbers = this.#numbers.get(array)!;
      let at = i * array.columns + first;
      for (let t = k; t < k + tables; t++) {
        for (let l = 0; l < lookups[t]!; l++, at++, place++) {
          const raw = numbers[at]!;
          // Floored: the remainder of a negative number too is from 0 to range - 1.
          const id = maxIndexRange === 0
            ? raw
            : raw - maxIndexRange * Math.floor(raw / maxIndexRange);
          if (!this.#allowed(t, raw, id)) {
            return { array: array.name, ...this.#whyNot(t, raw, id) };
          }
          block.ids[place * block.stride + block.rows] = id;
          if (id > this.largest[t]!) this.largest[t] = id;
        }
      }
    }
    return null;
  }

  #allowed(t: number, raw: number, id: number): boolean {
    return id >= 0 && id < (this.#counts?.[t] ?? MOST_IDS) && Number.isSafeInteger(raw);
  }

  #whyNot(t: number, raw: number, id: number): Pick<BadArrayRow, "reason" | "hashed"> {
    const its = `its id ${raw} in ${this.#rules.tables[t]!}`;
    if (!Number.isInteger(raw)) return { reason: `${its} is no integer`, hashed: false };
    if (!Number.isSafeInteger(raw)) return { reason: `${its} is beyond 2^53`, hashed: false };
    if (id < 0) return { reason: `${its} is negative, as hashes are`, hashed: true };
    const count = this.#counts?.[t];
    return count === undefined
      ? { reason: `${its} is beyond 2^32 - 2`, hashed: true }
      : { reason: `${its} is beyond the ${count} ids that its counts give`, hashed: false };
  }
}

type Bad = Omit<BadArrayRow, "row"> | null;
