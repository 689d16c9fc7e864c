/**
 * Fields that mean "no value".
 *
 * @module
 */

/** A few short texts, told from other fields by a look at a byte or two. */
export class Markers {
  readonly #markers: readonly Uint8Array[];
  readonly #first = new Uint8Array(256);
  #longest = 0;

  /** Markers; the empty field is none of them. */
  constructor(texts: readonly string[]) {
    this.#markers = texts.filter((text) => text !== "").map((text) => encoder.encode(text));
    for (const marker of this.#markers) {
      this.#first[marker[0]!] = 1;
      this.#longest = Math.max(this.#longest, marker.length);
    }
  }

  /** Whether `buffer[from … to)` is one of them. */
  has(buffer: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (length > this.#longest || this.#first[buffer[from]!] === 0) return false;
    for (const marker of this.#markers) {
      if (marker.length !== length) continue;
      let i = 0;
      while (i < length && marker[i] === buffer[from + i]) i++;
      if (i === length) return true;
    }
    return false;
  }

  /** Whether a text is one of them. */
  hasText(text: string): boolean {
    // A character has a byte at least, and one below 128 begins with itself.
    const first = text.charCodeAt(0);
    if (text.length > this.#longest || (first < 128 && this.#first[first] === 0)) return false;
    const bytes = encoder.encode(text);
    return this.has(bytes, 0, bytes.length);
  }
}

const encoder = new TextEncoder();
