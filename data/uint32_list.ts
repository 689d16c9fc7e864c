/**
 * A list of numbers that grows without ever being copied.
 *
 * @module
 */

const BITS = 20;
const CHUNK = 1 << BITS;

/** Unsigned 32-bit numbers in chunks of a million. */
export class Uint32List {
  readonly #chunks: Uint32Array[] = [];
  #length = 0;

  /** How many numbers there are. */
  get length(): number {
    return this.#length;
  }

  /** Appends a number. */
  push(value: number): void {
    const place = this.#length % CHUNK;
    if (place === 0) this.#chunks.push(new Uint32Array(CHUNK));
    this.#chunks.at(-1)![place] = value;
    this.#length++;
  }

  /** The number at a position, which must exist. */
  at(index: number): number {
    return this.#chunks[Math.floor(index / CHUNK)]![index % CHUNK]!;
  }
}
