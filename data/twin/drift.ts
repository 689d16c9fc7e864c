/**
 * Popularity that moves with time, as campaigns come and go.
 *
 * The law of a column stays as it is at every moment; what changes is which id has which place in it. Places are dealt out to
 * groups: with G groups, group g holds the places g, g + G, g + 2G, and so on, one of each level of popularity. Now and then a
 * group moves on: each of its ids takes the next more popular place, and the one that was most popular the least popular, where
 * it is hardly drawn any more. A group moves on after each of its own lifetimes, or never if it is one of those that last.
 *
 * @module
 */

import { lastAtMost } from "./column.ts";
import { hash } from "./hash.ts";
import type { ColumnDrift, TwinColumn } from "./parameters.ts";

const TWO_32 = 0x100000000;
/** Lifetimes lie evenly between these, times the column's. */
const SHORTEST = 0.5, LONGEST = 1.5;

/** Ids of all columns by time. */
export class Drift {
  readonly #days: number;
  readonly #inputs: number;
  readonly #columns: readonly DriftingColumn[];

  /**
   * @param inputs How many span the time.
   * @param days The time.
   */
  constructor(columns: readonly TwinColumn[], inputs: number, days: number) {
    this.#days = days;
    this.#inputs = inputs;
    let next = 0;
    this.#columns = columns.flatMap(({ law, drift, lookups = 1 }) => {
      const place = next;
      next += lookups;
      if (drift === undefined) return [];
      const firsts = [0];
      for (const { ids } of law) firsts.push(firsts.at(-1)! + ids);
      return [new DriftingColumn(place, drift, Float64Array.from(firsts))];
    });
  }

  /**
   * Replaces the ids of input i, which stand from `first` on and are places in the law, by the ids that have these places at its time, and their segments
   * by those of their own numbers, which planted effects hang on: an id keeps its effect whatever place it has.
   */
  move(i: number, ids: Uint32Array, segments: Uint32Array, first = 0): void {
    const day = i / this.#inputs * this.#days;
    for (const column of this.#columns) column.move(day, ids, segments, first);
  }
}

class DriftingColumn {
  /** Where its id stands among an input's. */
  readonly #at: number;
  readonly #drift: ColumnDrift;
  /** First id of each segment, and the number of ids. */
  readonly #firsts: Float64Array;
  /** Ids of a group. */
  readonly #size: number;

  constructor(at: number, drift: ColumnDrift, firsts: Float64Array) {
    this.#at = at;
    this.#drift = drift;
    this.#firsts = firsts;
    this.#size = Math.floor(firsts.at(-1)! / drift.groups);
  }

  move(day: number, ids: Uint32Array, segments: Uint32Array, first: number): void {
    const at = first + this.#at, place = ids[at]!, id = idAt(this.#drift, this.#size, place, day);
    if (id === place) return;
    ids[at] = id;
    segments[at] = lastAtMost(this.#firsts, id);
  }
}

/**
 * The id that has a place of the law on a day. At every moment different places have different ids.
 *
 * @param size Ids of a group: a rest of places fewer than there are groups never moves.
 */
export function idAt(
  { groups, lasting, days, salt }: ColumnDrift,
  size: number,
  place: number,
  day: number,
): number {
  const level = Math.floor(place / groups), group = place - level * groups;
  if (level >= size || hash(group, salt, 4) < lasting * TWO_32) return place;
  const lifetime = days * (SHORTEST + (LONGEST - SHORTEST) * hash(group, salt, 5) / TWO_32);
  const moves = Math.floor(day / lifetime + hash(group, salt, 6) / TWO_32);
  return group + groups * ((level + moves) % size);
}
