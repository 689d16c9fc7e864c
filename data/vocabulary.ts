/**
 * The dictionary of one categorical column: value to running index, in order of first appearance.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";

const FIRST_SLOTS = 64;
const MAX_SLOTS = 2 ** 29;

/**
 * An open-addressing map from unsigned 32-bit values to 0, 1, 2, … in order of first appearance. A slot takes 8 bytes
 * (value, index + 1) and at most two thirds of the slots are filled, so an entry takes 12 to 24 bytes, and 36 for
 * the moment in which the map doubles.
 */
export class Vocabulary {
  /** Slot s holds the value at 2s and its index + 1 at 2s + 1; 0 there means empty. */
  #slots = new Int32Array(2 * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #size = 0;

  /** Different values so far. */
  get size(): number {
    return this.#size;
  }

  /** Bytes held by the map. */
  get byteLength(): number {
    return this.#slots.byteLength;
  }

  /**
   * Replaces each value by its index, giving new values the next ones.
   *
   * @param values Unsigned 32-bit values; receives the indices.
   * @param range Values are first reduced modulo this, as unsigned numbers; 0 leaves them as they are.
   * @throws UserError beyond 357,913,941 different values.
   */
  replace(values: Uint32Array, range: number): void {
    if (range > 0) {
      for (let i = 0; i < values.length; i++) values[i] = values[i]! % range;
    }
    // Growing at most once before a run of inserts keeps the check out of the loop.
    const chunk = 4096;
    for (let start = 0; start < values.length; start += chunk) {
      const end = Math.min(start + chunk, values.length);
      while (3 * (this.#size + end - start) > 2 * (this.#mask + 1)) this.#grow();
      this.#insert(values, start, end);
    }
  }

  /** The values by index, after the range has been taken. */
  values(): Uint32Array {
    const values = new Uint32Array(this.#size);
    for (let at = 0; at < this.#slots.length; at += 2) {
      const index = this.#slots[at + 1]!;
      if (index !== 0) values[index - 1] = this.#slots[at]!;
    }
    return values;
  }

  #insert(values: Uint32Array, start: number, end: number): void {
    const slots = this.#slots, mask = this.#mask;
    let size = this.#size;
    for (let i = start; i < end; i++) {
      const value = values[i]! | 0;
      let slot = hash(value) & mask;
      for (;;) {
        const index = slots[2 * slot + 1]!;
        if (index === 0) {
          slots[2 * slot] = value;
          slots[2 * slot + 1] = ++size;
          values[i] = size - 1;
          break;
        }
        if (slots[2 * slot] === value) {
          values[i] = index - 1;
          break;
        }
        slot = (slot + 1) & mask;
      }
    }
    this.#size = size;
  }

  #grow(): void {
    const old = this.#slots;
    const count = 2 * (this.#mask + 1);
    if (count > MAX_SLOTS) {
      throw new UserError(
        `Cannot number the values of a column: it has more than ${this.#size} different ones, ` +
          `and a maximum index range would bring them down`,
      );
    }
    const slots = new Int32Array(2 * count), mask = count - 1;
    for (let from = 0; from < old.length; from += 2) {
      const index = old[from + 1]!;
      if (index === 0) continue;
      let slot = hash(old[from]!) & mask;
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = old[from]!;
      slots[2 * slot + 1] = index;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

/** Murmur3's finaliser: neighbouring and equally spaced values spread over the slots. */
function hash(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
