/**
 * The dictionary of ids that are texts, or numbers of more than 32 bits.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";

const FIRST_SLOTS = 64;
const MAX_SLOTS = 2 ** 27;
/** Bytes that all texts of a dictionary may have together. */
const MAX_BYTES = 2 ** 32;

/** 32-bit words of a slot. */
const SLOT = 5;
/** Bytes of a text that lie in its slot, so that comparing looks nowhere else. */
const SHORT = 16;
/** What stands for the length of a longer text. */
const LONG = 31;

/**
 * An open-addressing map from byte strings to 0, 1, 2, … in order of first appearance. An entry takes its bytes, 8 for
 * where they end, and 30 to 60 of slots.
 */
export class ByteDictionary {
  /**
   * Slot s has four words of a short text or two hashes and two words of a longer one; then the index + 1 times 32 and
   * the length of a short text. 0 in the last means empty.
   */
  #slots = new Int32Array(SLOT * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #size = 0;
  #bytes = new Uint8Array(1024);
  /** Where each entry ends in `#bytes`; it begins where the one before ends. */
  #ends = new Float64Array(64);
  /** The four words of the text that is looked for. */
  readonly #words = new Int32Array(4);

  /** Different texts so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * The index of the text `buffer[from … to)`, the next one if it is new.
   *
   * @throws UserError beyond 89,478,485 texts, or 4 GiB of them.
   */
  index(buffer: Uint8Array, from: number, to: number): number {
    const length = to - from;
    let a = 0, b = 0, c = 0, d = 0, kind = length;
    if (length <= SHORT) {
      const whole = length >> 2, rest = tail(buffer, from + 4 * whole, length & 3);
      a = whole > 0 ? word(buffer, from) : rest;
      if (whole > 0) b = whole > 1 ? word(buffer, from + 4) : rest;
      if (whole > 1) c = whole > 2 ? word(buffer, from + 8) : rest;
      if (whole > 2) d = whole > 3 ? word(buffer, from + 12) : rest;
    } else {
      // Two hashes at once, so that two long texts with the same words in their slots are hardly ever met.
      a = length;
      for (let p = from; p < to; p++) {
        const byte = buffer[p]!;
        a = Math.imul(a ^ byte, 0x01000193);
        b = Math.imul(b, 31) + byte | 0;
      }
      c = word(buffer, from);
      d = word(buffer, to - 4);
      kind = LONG;
    }
    const slots = this.#slots, mask = this.#mask;
    let slot = spread(a, b, c, d, kind) & mask;
    for (;;) {
      const at = SLOT * slot, found = slots[at + 4]!;
      if (found === 0) {
        this.#words[0] = a;
        this.#words[1] = b;
        this.#words[2] = c;
        this.#words[3] = d;
        return this.#add(buffer, from, to, kind, at);
      }
      if (
        slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d &&
        (found & 31) === kind
      ) {
        const index = (found >>> 5) - 1;
        if (kind !== LONG || this.#equals(index, buffer, from, to)) return index;
      }
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

  #add(buffer: Uint8Array, from: number, to: number, kind: number, at: number): number {
    const index = this.#size, start = this.#start(index), end = start + to - from;
    if (end > this.#bytes.length) this.#growBytes(end);
    if (index === this.#ends.length) {
      const ends = new Float64Array(2 * index);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    const bytes = this.#bytes;
    for (let p = from, to = start; to < end; p++) bytes[to++] = buffer[p]!;
    this.#ends[index] = end;
    this.#slots.set(this.#words, at);
    this.#slots[at + 4] = (++this.#size << 5) | kind;
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
    const slots = new Int32Array(SLOT * count), mask = count - 1;
    for (let from = 0; from < old.length; from += SLOT) {
      const entry = old[from + 4]!;
      if (entry === 0) continue;
      const [a, b, c, d] = [old[from]!, old[from + 1]!, old[from + 2]!, old[from + 3]!];
      let slot = spread(a, b, c, d, entry & 31) & mask;
      while (slots[SLOT * slot + 4] !== 0) slot = (slot + 1) & mask;
      slots.set(old.subarray(from, from + SLOT), SLOT * slot);
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

/** Four bytes as a number. */
function word(buffer: Uint8Array, p: number): number {
  return buffer[p]! | buffer[p + 1]! << 8 | buffer[p + 2]! << 16 | buffer[p + 3]! << 24;
}

/** The last up to three bytes of a text as a number. */
function tail(buffer: Uint8Array, p: number, count: number): number {
  if (count === 0) return 0;
  if (count === 1) return buffer[p]!;
  const two = buffer[p]! | buffer[p + 1]! << 8;
  return count === 2 ? two : two | buffer[p + 2]! << 16;
}

/** Murmur3's finaliser over the words of a slot. */
function spread(a: number, b: number, c: number, d: number, kind: number): number {
  let h = a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca77) ^ Math.imul(d, 0xc2b2ae3d) ^ kind;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** FNV-1a of 32 bits, spread by Murmur3's finaliser; unsigned. */
export function hashBytes(buffer: Uint8Array, from: number, to: number): number {
  let h = 0x811c9dc5;
  for (let p = from; p < to; p++) h = Math.imul(h ^ buffer[p]!, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
