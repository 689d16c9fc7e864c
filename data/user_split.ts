/**
 * Which users train, validate and test.
 *
 * @module
 */

import { Permutation } from "../core/random.ts";
import type { Split } from "./types.ts";

/** Users whose last event is later than that of this share of users test. */
const TEST_AFTER = 0.7;
/** One in so many of the others validates. */
const VALIDATION = 10;
/** Users that the original trains with at most, and the first of those that it validates with. */
const ORIGINAL_TRAIN = 690_000, ORIGINAL_VALIDATION = 300_000;
/** Of the seed's permutations. */
const SUB = 0x7a0ba0;

/**
 * Splits the users that count by the times of their last events: the latest 30 % test. The others are shuffled; a tenth of
 * them validate and the rest train. With `leak` the first 690,000 train and the first 300,000 of the same users validate, as
 * in the original.
 *
 * @param lastTimes For each user.
 * @param counts Whether a user gives an input; the others are in no split.
 * @returns Users of each split, those that train in shuffled order.
 */
export function splitUsers(
  lastTimes: Uint32Array,
  seed: number,
  leak: boolean,
  counts: (user: number) => boolean = () => true,
): Record<Split, Uint32Array> {
  const users = Uint32Array.from(lastTimes.keys()).filter(counts);
  const sorted = users.map((user) => lastTimes[user]!).sort();
  const limit = sorted[Math.floor(TEST_AFTER * sorted.length)] ?? 0;
  const test = users.filter((user) => lastTimes[user]! > limit);
  const others = users.filter((user) => lastTimes[user]! <= limit);
  const permutation = new Permutation(others.length, seed, SUB);
  const shuffled = Uint32Array.from(others, (_, i) => others[permutation.at(i)]!);
  if (leak) {
    return {
      train: shuffled.subarray(0, ORIGINAL_TRAIN),
      validation: shuffled.subarray(0, ORIGINAL_VALIDATION),
      test,
    };
  }
  const train = shuffled.length - Math.floor(shuffled.length / VALIDATION);
  return { train: shuffled.subarray(0, train), validation: shuffled.subarray(train), test };
}
