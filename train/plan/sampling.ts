/**
 * Random choices of a plan, from the stream `sampling`; each purpose has a number of its own.
 *
 * @module
 */

import { Permutation, RandomStream } from "../../core/random.ts";

/** Numbers within the stream `sampling`; 1 is that of `data/random_split.ts`. Never renumber. */
const PROFILE = 2, THRESHOLD = 3, DROP = 4, WATCH = 5, SOFT = 6, NEGATIVES = 7, STATISTICS = 8;

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

/** Training inputs over which means and variances are taken. */
export function statisticsInputs(total: number, most: number, seed: number): Uint32Array {
  return draw(total, most, seed, STATISTICS, false);
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

/** A number in [0, 1) for each input, whatever the order of asking. */
export class PositionDraw {
  readonly #random: RandomStream;

  private constructor(seed: number, sub: number) {
    this.#random = new RandomStream(seed, "sampling", sub);
  }

  /** Decides which inputs `random-drop` drops, by position in the epoch's order. */
  static forDropping(seed: number, epoch: number): PositionDraw {
    return new PositionDraw(seed, DROP + 16 * (epoch + 1));
  }

  /** Decides which stale inputs are skipped where not all are, by position in the epoch's order. */
  static forSoftSkipping(seed: number, epoch: number): PositionDraw {
    return new PositionDraw(seed, SOFT + 16 * (epoch + 1));
  }

  /** Decides which negatives are left out, by position in the training split. */
  static forNegatives(seed: number): PositionDraw {
    return new PositionDraw(seed, NEGATIVES);
  }

  /** The number of the input at a position. */
  uniform(position: number): number {
    return this.#random.uint32(position) / 0x100000000;
  }
}

/** Hot rows to watch, ascending. */
export function watchedRows(total: number, count: number, seed: number): Uint32Array {
  return draw(total, count, seed, WATCH, false);
}
