/**
 * TBSM's inputs of one user: windows of 21 events, and the event or drawn pair at their end.
 *
 * @module
 */

import { RandomStream } from "../core/random.ts";
import { TAOBAO_STEPS } from "./taobao.ts";

/** Events of a user that count, the last ones. */
export const LONGEST_HISTORY = 200;

/** Positives, and as many negatives, that a user trains with, by tens of events before the last one. */
const WINDOWS = [0, 1, 3, 6, 10] as const;

/** Of the stream `sampling`; a user has `WORDS` positions. */
const SUB = 2;
const WORDS = 1024;
/** Within a user's positions. A negative has `TRIES` from `NEGATIVES` on. */
const AT = { positive: 0, negative: 10, heldOut: 20, coin: 22 };
const NEGATIVES = 64;
const TRIES = 64;
/** Numbers of negatives after the ten that train. */
const HELD_OUT_NEGATIVE = 10, TEST_NEGATIVE = 11;

/** One input: the places of its events in the history, negative for padding, and perhaps another pair at the end. */
export interface UserWindow {
  /** Place of the last event from the history. */
  readonly end: number;
  /** The pair that stands at the last step instead of an event, or null. */
  readonly negative: number | null;
  readonly label: 0 | 1;
}

/** Positives that a user with so many events trains with. */
export function windowCount(events: number): number {
  const tens = Math.floor((Math.min(events, LONGEST_HISTORY) - 1) / 10);
  return WINDOWS[Math.max(0, Math.min(tens, WINDOWS.length - 1))]!;
}

/** Draws the windows of users. What a user draws depends only on the seed and the user's number. */
export class WindowDraw {
  /** Inputs left out because no negative was found that the user had not met. */
  missed = 0;
  readonly #words: RandomStream;
  readonly #pool: Uint32Array;

  /**
   * @param seed An integer in [0, 2^32).
   * @param pool Pairs that negatives are drawn from, uniformly.
   */
  constructor(seed: number, pool: Uint32Array) {
    this.#words = new RandomStream(seed, "sampling", SUB);
    this.#pool = pool;
  }

  /**
   * What a user trains with: n positives, which end with an event, and n negatives, which end with a pair.
   *
   * @param user Number of the user.
   * @param events Events of the user, at most {@link LONGEST_HISTORY}; the last is left for testing.
   * @param known Whether a pair's item is one of the user's.
   */
  train(user: number, events: number, known: (pair: number) => boolean): UserWindow[] {
    return this.#pairsOf(windowCount(events), user, events, known, AT.positive, AT.negative, 0);
  }

  /** One positive and one negative, drawn apart from those that train. */
  heldOut(user: number, events: number, known: (pair: number) => boolean): UserWindow[] {
    const count = Math.min(1, windowCount(events));
    const at = AT.heldOut;
    return this.#pairsOf(count, user, events, known, at, at + 1, HELD_OUT_NEGATIVE);
  }

  /**
   * The last 21 events; with probability one half a pair of another item takes the place of the very last.
   *
   * @param isLast Whether a pair has the item of the user's last event.
   */
  test(user: number, events: number, isLast: (pair: number) => boolean): UserWindow[] {
    if (windowCount(events) === 0) return [];
    const label = this.#word(user, AT.coin) < 2 ** 31 ? 0 : 1;
    if (label === 1) return [{ end: events - 1, negative: null, label }];
    const negative = this.#negative(user, TEST_NEGATIVE, isLast);
    return negative === null ? [] : [{ end: events - 2, negative, label }];
  }

  #pairsOf(
    count: number,
    user: number,
    events: number,
    known: (pair: number) => boolean,
    positive: number,
    negative: number,
    firstNegative: number,
  ): UserWindow[] {
    const windows: UserWindow[] = [];
    for (let k = 0; k < count; k++) {
      const end = this.#end(user, positive + k, events, TAOBAO_STEPS - 1);
      windows.push({ end, negative: null, label: 1 });
    }
    for (let k = 0; k < count; k++) {
      const end = this.#end(user, negative + k, events, TAOBAO_STEPS - 2);
      const pair = this.#negative(user, firstNegative + k, known);
      if (pair !== null) windows.push({ end, negative: pair, label: 0 });
    }
    return windows;
  }

  /** Uniform among the places before the last event, from `least` on where there are so many. */
  #end(user: number, at: number, events: number, least: number): number {
    const last = events - 2, first = Math.min(least, last);
    return first + Math.floor(this.#word(user, at) / 2 ** 32 * (last - first + 1));
  }

  #negative(user: number, k: number, refuse: (pair: number) => boolean): number | null {
    for (let i = 0; i < TRIES; i++) {
      const word = this.#word(user, NEGATIVES + k * TRIES + i);
      const pair = this.#pool[Math.floor(word / 2 ** 32 * this.#pool.length)]!;
      if (!refuse(pair)) return pair;
    }
    this.missed++;
    return null;
  }

  #word(user: number, at: number): number {
    return this.#words.uint32(user * WORDS + at);
  }
}
