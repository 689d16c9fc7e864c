/**
 * Random choices of a plan, from the stream `sampling`; each purpose has a number of its own.
 *
 * @module
 */

import { Permutation, RandomStream } from "../../core/random.ts";

/** Numbers within the stream `sampling`; 1 is that of `data/random_split.ts`. Never renumber. */
const PROFILE = 2, THRESHOLD = 3, DROP = 4, WATCH = 5;

/** Numbers of `count` of the first `total` things, ascending; each once, unless drawn with replacement. */
function draw(
  total: number,
  count: number,
  seed: number,
  sub: number,
  replacement: boolean,
): Uint32Array {
  if (!replacement) {
    if (count >= total) return Uint32Array.from({ length: total }, (_, i) => i);
    const permutation = new Permutation(total, seed, 0x5a000000 + sub);
    return Uint32Array.from({ length: count }, (_, i) => permutation.at(i)).sort();
  }
  const random = new RandomStream(seed, "sampling", sub);
  return Uint32Array.from(
    { length: count },
    (_, i) => Math.floor(random.uint32(i) / 0x100000000 * total),
  ).sort();
}

/** Training inputs whose accesses are counted. */
export function profiledInputs(
  total: number,
  count: number,
  seed: number,
  replacement: boolean,
): Uint32Array {
  return draw(total, count, seed, PROFILE, replacement);
}

/** Hot inputs, by their place among those left, on which the threshold is found; `round` numbers the decisions. */
export function sampledInputs(
  total: number,
  count: number,
  seed: number,
  round: number,
  replacement: boolean,
): Uint32Array {
  return draw(total, count, seed, THRESHOLD + 16 * (round + 1), replacement);
}

/** Whether `random-drop` drops an input. */
export class RandomDrop {
  readonly #random: RandomStream;
  readonly #share: number;

  /** @param share Probability of each, independent of others. */
  constructor(seed: number, epoch: number, share: number) {
    this.#random = new RandomStream(seed, "sampling", DROP + 16 * (epoch + 1));
    this.#share = share;
  }

  /** @param position Of the input in the epoch's order. */
  drops(position: number): boolean {
    return this.#random.uint32(position) / 0x100000000 < this.#share;
  }
}

/** Hot rows to watch, ascending. */
export function watchedRows(total: number, count: number, seed: number): Uint32Array {
  return draw(total, count, seed, WATCH, false);
}
