/**
 * The random words of one input of a twin.
 *
 * @module
 */

import { philox4x32, STREAMS } from "../../core/random.ts";

const TWO_32 = 0x100000000;
const BLOCK = new Uint32Array(4);

/**
 * Writes the first `count` words of input i, from `at` on. One block of Philox, whose counter is [low(i), high(i), stream `twin`, 0], is the
 * state from which sfc32 (Doty-Humphrey, PractRand) goes on: Philox tells inputs apart, and a further word of the same input
 * costs a few additions instead of a quarter of ten rounds. The words depend on (seed, i) alone.
 *
 * @param seed An integer in [0, 2^32).
 */
export function inputWords(
  i: number,
  seed: number,
  into: Uint32Array,
  count: number,
  at = 0,
): void {
  const block = BLOCK;
  philox4x32(i >>> 0, Math.floor(i / TWO_32), STREAMS.twin, 0, seed, 0, block);
  let a = block[0]! | 0, b = block[1]! | 0, c = block[2]! | 0, counter = block[3]! | 0;
  for (let w = at; w < at + count; w++) {
    const word = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21 | c >>> 11) + word) | 0;
    into[w] = word;
  }
}
