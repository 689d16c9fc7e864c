/**
 * A list of pairs of numbers that grows without ever being copied.
 *
 * @module
 */

const BITS = 19;
const CHUNK = 1 << BITS;

/** Up to 2^32 - 1 pairs of unsigned 32-bit numbers, side by side, in chunks of 4 MiB. */
export class PairList {
  readonly #chunks: Uint32Array[] = [];
  #length = 0;

  /** How many pairs there are. */
  get length(): number {
    return this.#length;
  }

  /** Appends a pair. */
  push(first: number, second: number): void {
    const place = this.#length & (CHUNK - 1);
    if (place === 0) this.#chunks.push(new Uint32Array(2 * CHUNK));
    const chunk = this.#chunks[this.#length >>> BITS]!;
    chunk[2 * place] = first;
    chunk[2 * place + 1] = second;
    this.#length++;
  }

  /** The first number of a pair, which must exist. */
  first(index: number): number {
    return this.#chunks[index >>> BITS]![2 * (index & (CHUNK - 1))]!;
  }

  /** The second number of a pair, which must exist. */
  second(index: number): number {
    return this.#chunks[index >>> BITS]![2 * (index & (CHUNK - 1)) + 1]!;
  }
}
