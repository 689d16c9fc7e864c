/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11). A number depends only on (seed, stream,
 * position), so any part of a sequence can be had without what came before, on every machine and device alike.
 *
 * @module
 */

/** One stream a purpose; the number is the third counter word. Never renumber: it would change every result. */
export const STREAMS = {
  tables: 1,
  dense: 2,
  order: 3,
  sampling: 4,
  synthetic: 5,
  twin: 6,
} as const;

/** The name of a stream. */
export type StreamName = keyof typeof STREAMS;

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/**
 * High 32 bits of the product of two unsigned 32-bit integers. Products of 16-bit halves with a carry fit in 32 bits, so that
 * everything stays in the integer registers.
 */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16;
  const bLow = b & 0xffff, bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow) >>> 16;
  const mid = (Math.imul(aHigh, bLow) + low) >>> 0;
  const mid2 = (Math.imul(aLow, bHigh) + (mid & 0xffff)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (mid >>> 16) + (mid2 >>> 16)) >>> 0;
}

/**
 * Philox4x32-10: writes four 32-bit words for a 128-bit counter and a 64-bit key.
 *
 * @param out Receives the four words, as unsigned integers.
 */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < 10; round++) {
    const h0 = mulHigh(M0, c0), l0 = Math.imul(M0, c0) >>> 0;
    const h1 = mulHigh(M1, c2), l1 = Math.imul(M1, c2) >>> 0;
    const n0 = (h1 ^ c1 ^ k0) >>> 0;
    const n2 = (h0 ^ c3 ^ k1) >>> 0;
    c0 = n0;
    c1 = l1;
    c2 = n2;
    c3 = l0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** 24 random bits as a number in [0, 1), exact in float32: word / 2^32 with the low 8 bits dropped. */
export function toUnit(word: number): number {
  return (word >>> 8) / 0x1000000;
}

/**
 * A stream of random numbers addressed by position. Block b of stream s under seed k is
 * Philox(counter = [low(b), high(b), s, sub], key = [k, 0]); position p is word p mod 4 of block floor(p / 4).
 */
export class RandomStream {
  readonly #seed: number;
  readonly #stream: number;
  readonly #sub: number;
  readonly #words = new Uint32Array(4);
  #block = -1;

  /**
   * Addresses a stream; nothing is computed yet. Throws a `RangeError` if the seed is out of range.
   *
   * @param seed An integer in [0, 2^32).
   * @param stream Which purpose.
   * @param sub A number within the purpose (epoch, layer, …), in [0, 2^32).
   */
  constructor(seed: number, stream: StreamName, sub = 0) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new RangeError(
        `Cannot use seed ${seed}: it must be an integer from 0 to 4294967295`,
      );
    }
    this.#seed = seed;
    this.#stream = STREAMS[stream];
    this.#sub = sub >>> 0;
  }

  /** The unsigned 32-bit word at a position, 0 ≤ position < 2^53. */
  uint32(position: number): number {
    const block = Math.floor(position / 4);
    if (block !== this.#block) {
      philox4x32(
        block >>> 0,
        Math.floor(block / 0x100000000),
        this.#stream,
        this.#sub,
        this.#seed,
        0,
        this.#words,
      );
      this.#block = block;
    }
    return this.#words[position % 4]!;
  }

  /** A number in [0, 1) with 24 bits, exact in float32. */
  uniform(position: number): number {
    return toUnit(this.uint32(position));
  }

  /** A standard normal number (Box-Muller on words 2p and 2p + 1, float64). */
  normal(position: number): number {
    const u = (this.uint32(2 * position) + 1) / 0x100000001;
    const v = this.uint32(2 * position + 1) / 0x100000000;
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }
}

/**
 * A pseudo-random permutation of [0, n) that needs no memory: a balanced Feistel network of 6 rounds over the
 * next even number of bits, walked until it lands inside the range.
 */
export class Permutation {
  /** Number of elements, as given. */
  readonly size: number;
  readonly #mask: number;
  readonly #seed: number;
  readonly #sub: number;

  /**
   * Sets up the permutation in constant time. Throws a `RangeError` if the size is out of range.
   *
   * @param size How many elements, from 0 to 2^52.
   * @param seed An integer in [0, 2^32).
   * @param sub Which of the seed's permutations, for example the epoch.
   */
  constructor(size: number, seed: number, sub = 0) {
    if (!Number.isInteger(size) || size < 0 || size > 2 ** 52) {
      throw new RangeError(
        `Cannot permute ${size} elements: the count must be an integer from 0 to 2^52`,
      );
    }
    this.size = size;
    // Counted up, because log2 rounds 2^50 + 1 down to 50.
    let half = 1;
    while (4 ** half < size) half++;
    this.#mask = 2 ** half - 1;
    this.#seed = seed >>> 0;
    this.#sub = sub >>> 0;
  }

  /** Where element i goes: a number in [0, size), different for every i. */
  at(i: number): number {
    if (!(Number.isInteger(i) && i >= 0 && i < this.size)) {
      throw new RangeError(`Cannot permute element ${i} of ${this.size}`);
    }
    const modulus = this.#mask + 1;
    let x = i;
    do {
      let left = Math.floor(x / modulus);
      let right = x % modulus;
      for (let round = 0; round < 6; round++) {
        const next = left ^ (mix(right, this.#seed, this.#sub, round) & this.#mask);
        left = right;
        right = next;
      }
      x = left * modulus + right;
    } while (x >= this.size);
    return x;
  }
}

/** A keyed 32-bit mix (two murmur3 finalisers), enough for a shuffle. */
function mix(x: number, seed: number, sub: number, round: number): number {
  let h = (x ^ Math.imul(seed, 0x9e3779b1) ^ Math.imul(sub + 1, 0x85ebca77) ^
    Math.imul(round + 1, 0xc2b2ae3d)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul((h + seed) ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}
