/**
 * The dictionary of ids that are texts, or numbers of more than 32 bits.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";

const FIRST_SLOTS = 64;
const MAX_SLOTS = 2 ** 29;
/** Bytes that all texts of a dictionary may have together. */
const MAX_BYTES = 2 ** 32;

/**
 * An open-addressing map from byte strings to 0, 1, 2, … in order of first appearance. An entry takes its bytes, 8 for
 * where they end, and 12 to 24 of slots.
 */
export class ByteDictionary {
  /** Slot s holds a hash at 2s and an index + 1 at 2s + 1; 0 there means empty. */
  #slots = new Int32Array(2 * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #size = 0;
  #bytes = new Uint8Array(1024);
  /** Where each entry ends in `#bytes`; it begins where the one before ends. */
  #ends = new Float64Array(64);

  /** Different texts so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * The index of the text `buffer[from … to)`, the next one if it is new.
   *
   * @throws UserError beyond 357,913,941 texts, or 4 GiB of them.
   */
  index(buffer: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(buffer, from, to) | 0;
    const slots = this.#slots, mask = this.#mask;
    let slot = hash & mask;
    for (;;) {
      const found = slots[2 * slot + 1]!;
      if (found === 0) return this.#add(buffer, from, to, hash, slot);
      if (slots[2 * slot] === hash && this.#equals(found - 1, buffer, from, to)) return found - 1;
      slot = (slot + 1) & mask;
    }
  }

  /** The text of an index; valid until the next is added. */
  text(index: number): Uint8Array {
    return this.#bytes.subarray(this.#start(index), this.#ends[index]!);
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  #equals(index: number, buffer: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes;
    let at = this.#start(index);
    if (this.#ends[index]! - at !== to - from) return false;
    for (let p = from; p < to; p++) if (bytes[at++] !== buffer[p]) return false;
    return true;
  }

  #add(buffer: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const index = this.#size, start = this.#start(index), end = start + to - from;
    if (end > this.#bytes.length) this.#growBytes(end);
    if (index === this.#ends.length) {
      const ends = new Float64Array(2 * index);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    const bytes = this.#bytes;
    for (let p = from, at = start; p < to; p++) bytes[at++] = buffer[p]!;
    this.#ends[index] = end;
    this.#slots[2 * slot] = hash;
    this.#slots[2 * slot + 1] = ++this.#size;
    if (3 * this.#size > 2 * (this.#mask + 1)) this.#growSlots();
    return index;
  }

  #growBytes(needed: number): void {
    if (needed > MAX_BYTES) {
      throw new UserError(
        `Cannot number the ids of a column: their texts have more than ${MAX_BYTES} bytes, and hashing them would do without`,
      );
    }
    const bytes = new Uint8Array(Math.min(MAX_BYTES, Math.max(needed, 2 * this.#bytes.length)));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  #growSlots(): void {
    const old = this.#slots, count = 2 * (this.#mask + 1);
    if (count > MAX_SLOTS) {
      throw new UserError(
        `Cannot number the ids of a column: it has more than ${this.#size} different ones, and hashing them would bring them down`,
      );
    }
    const slots = new Int32Array(2 * count), mask = count - 1;
    for (let from = 0; from < old.length; from += 2) {
      const index = old[from + 1]!;
      if (index === 0) continue;
      let slot = old[from]! & mask;
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = old[from]!;
      slots[2 * slot + 1] = index;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

/** FNV-1a of 32 bits, spread by Murmur3's finaliser; unsigned. */
export function hashBytes(buffer: Uint8Array, from: number, to: number): number {
  let h = 0x811c9dc5;
  for (let p = from; p < to; p++) h = Math.imul(h ^ buffer[p]!, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
