/**
 * SHA-256 in TypeScript, for browsers, whose own takes all bytes at once and answers later. Deno uses OpenSSL's.
 *
 * Source: FIPS 180-4, https://csrc.nist.gov/pubs/fips/180-4/upd1/final
 *
 * @module
 */

/** Bytes of a block. */
const BLOCK = 64;
/** Where the length stands in the last block. */
const LENGTH_AT = 56;

/** The first 64 primes. */
const PRIMES: readonly number[] = Array.from({ length: 312 }, (_, n) => n)
  .filter((n) => n > 1 && Array.from({ length: n }, (_, d) => d).every((d) => d < 2 || n % d > 0));
/** The first 32 bits of a number's fractional part. */
const fraction = (value: number): number => Math.floor((value - Math.floor(value)) * 2 ** 32);
/** Constants of the rounds: of the primes' cube roots. */
const ROUNDS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
/** The state before the first block: of the first eight primes' square roots. */
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** A hash over bytes that arrive in pieces. */
export class PortableSha256 {
  readonly #state = START.slice();
  readonly #block = new Uint8Array(BLOCK);
  readonly #words = new Uint32Array(BLOCK);
  #filled = 0;
  #bytes = 0;

  /** Adds bytes; strings are taken as UTF-8. */
  update(data: Uint8Array | string): this {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.#bytes += bytes.length;
    for (let done = 0; done < bytes.length;) {
      const piece = bytes.subarray(done, done + BLOCK - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      done += piece.length;
      if (this.#filled === BLOCK) this.#mix();
    }
    return this;
  }

  /** The digest as 64 lower-case hexadecimal digits. Ends the hash. */
  hex(): string {
    const bits = 8 * this.#bytes;
    this.#block[this.#filled++] = 0x80;
    if (this.#filled > LENGTH_AT) this.#mix();
    this.#block.fill(0, this.#filled);
    const view = new DataView(this.#block.buffer);
    view.setUint32(LENGTH_AT, Math.floor(bits / 2 ** 32));
    view.setUint32(LENGTH_AT + 4, bits >>> 0);
    this.#filled = BLOCK;
    this.#mix();
    return [...this.#state].map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  /** Takes up the block, which may be filled in part, and empties it. */
  #mix(): void {
    this.#block.fill(0, this.#filled);
    this.#filled = 0;
    const w = this.#schedule(), state = this.#state;
    let [a, b, c, d, e, f, g, h] = state as unknown as EightWords;
    for (let t = 0; t < BLOCK; t++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const first = (h + s1 + (e & f ^ ~e & g) + ROUNDS[t]! + w[t]!) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const second = (s0 + (a & b ^ a & c ^ b & c)) | 0;
      [h, g, f, e] = [g, f, e, (d + first) | 0];
      [d, c, b, a] = [c, b, a, (first + second) | 0];
    }
    for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i]! += word;
  }

  /** The words of the block, and those that the rounds make of them. */
  #schedule(): Uint32Array {
    const w = this.#words, view = new DataView(this.#block.buffer);
    for (let t = 0; t < 16; t++) w[t] = view.getUint32(4 * t);
    for (let t = 16; t < BLOCK; t++) {
      const early = w[t - 15]!, late = w[t - 2]!;
      const s0 = turn(early, 7) ^ turn(early, 18) ^ early >>> 3;
      const s1 = turn(late, 17) ^ turn(late, 19) ^ late >>> 10;
      w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
    }
    return w;
  }
}

type EightWords = [number, number, number, number, number, number, number, number];

/** A word turned to the right. */
function turn(word: number, by: number): number {
  return word >>> by | word << 32 - by;
}
