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

/** 32-bit words of a slot: four, so that none lies in two lines of the processor's caches. */
const SLOT = 4;
/** Bytes of a text that lie in its slot, so that comparing looks nowhere else. */
const SHORT = 8;
/** What stands for the length of a longer text. */
const LONG = 31;

/**
 * An open-addressing map from byte strings to 0, 1, 2, … in order of first appearance. An entry takes its bytes, 8 for
 * where they end, and 24 to 48 of slots.
 */
export class ByteDictionary {
  /**
   * Slot s has two words of a short text or two hashes of a longer one, then a hash of a longer one's ends; then the index +
   * 1 times 32 and the length of a short text. 0 in the last means empty.
   */
  #slots = new Int32Array(SLOT * FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #size = 0;
  #bytes = new Uint8Array(1024);
  /** Where each entry ends in `#bytes`; it begins where the one before ends. */
  #ends = new Float64Array(64);
  /** Where texts were looked for last, to be read four bytes at a time. */
  #buffer: Uint8Array = this.#bytes;
  #view: DataView = new DataView(this.#bytes.buffer);

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
    if (buffer !== this.#buffer) this.#look(buffer);
    const view = this.#view;
    let a = 0, b = 0, c = 0, kind = length;
    if (length <= SHORT) {
      if (length < 4) a = tail(buffer, from, length);
      else {
        a = view.getInt32(from, true);
        b = length === SHORT ? view.getInt32(from + 4, true) : tail(buffer, from + 4, length - 4);
      }
    } else {
      // Several hashes at once, so that two long texts with the same words in their slots are hardly ever met.
      a = length;
      for (let p = from; p < to - 3; p += 4) {
        const word = view.getInt32(p, true);
        a = Math.imul(a ^ word, 0x85ebca6b);
        a ^= a >>> 13;
        b = Math.imul(b, 31) + word | 0;
      }
      c = view.getInt32(to - 4, true);
      kind = LONG;
    }
    const slots = this.#slots, mask = this.#mask;
    let slot = spread(a, b, c, kind) & mask;
    for (;;) {
      const at = SLOT * slot, found = slots[at + 3]!;
      if (found === 0) {
        slots[at] = a;
        slots[at + 1] = b;
        slots[at + 2] = c;
        return this.#add(buffer, from, to, kind, at);
      }
      if (
        slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && (found & 31) === kind
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

  #look(buffer: Uint8Array): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
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
    this.#slots[at + 3] = (++this.#size << 5) | kind;
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
    const before = this.#mask + 1;
    // Small ones grow faster, because they are filled again soon.
    const old = this.#slots, count = (before < 2 ** 16 ? 4 : 2) * before;
    if (count > MAX_SLOTS) {
      throw new UserError(
        `Cannot number the ids of a column: it has more than ${this.#size} different ones, and hashing them would bring them down`,
      );
    }
    const slots = new Int32Array(SLOT * count), mask = count - 1;
    for (let from = 0; from < old.length; from += SLOT) {
      const entry = old[from + 3]!;
      if (entry === 0) continue;
      let slot = spread(old[from]!, old[from + 1]!, old[from + 2]!, entry & 31) & mask;
      while (slots[SLOT * slot + 3] !== 0) slot = (slot + 1) & mask;
      slots.set(old.subarray(from, from + SLOT), SLOT * slot);
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

/** The last up to three bytes of a text as a number. */
function tail(buffer: Uint8Array, p: number, count: number): number {
  if (count === 0) return 0;
  if (count === 1) return buffer[p]!;
  const two = buffer[p]! | buffer[p + 1]! << 8;
  return count === 2 ? two : two | buffer[p + 2]! << 16;
}

/** Murmur3's finaliser over the words of a slot. */
function spread(a: number, b: number, c: number, kind: number): number {
  let h = a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca77) ^ kind;
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
