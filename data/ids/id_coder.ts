/**
 * From an id as it is written to a number of 32 bits: what fills the id columns of a block.
 *
 * @module
 */

import { HEX, NOT_HEX } from "../fields.ts";
import type { TableColumn } from "../schema/log_schema.ts";
import { parseNumber } from "../numbers.ts";
import { ByteDictionary, hashBytes } from "./byte_dictionary.ts";

const PLUS = 43, MINUS = 45, ZERO = 48, LOWER_A = 97, UPPER_X = 88, LOWER_X = 120;
/** Digits of a number that is always exact. */
const MAX_KEEP = 2 ** 31;

/** A field that is no id of its column. */
export const BAD_ID = -1;

/**
 * The ids of one column. Ids of any length become the indices of a dictionary, unless they are hashed, kept or taken modulo
 * a range, and those of 32 bits stay as they are.
 */
export class IdCoder {
  /** Rows that the table has whatever the data; null where rows are numbered by what appears. */
  readonly fixedRows: number | null;
  /** The texts behind the codes, or null where codes are the ids themselves. */
  readonly dictionary: ByteDictionary | null;
  /** The same where an id's own bytes are its text; null where they are brought to one spelling first. */
  readonly texts: ByteDictionary | null;
  readonly #column: TableColumn;
  readonly #range: number;
  readonly #narrow: boolean;
  readonly #hash: number;
  readonly #keep: number;
  readonly #point: number;
  /** What a number is brought to is written into another place than where it is read. */
  #scratch = new Uint8Array(64);
  #encoded = new Uint8Array(64);

  /**
   * @param range Ids are taken modulo this; 0 for as they are. Text ids have none.
   * @param decimal What stands before the fraction of numbers in text.
   */
  constructor(column: TableColumn, range: number, decimal: "." | "," = ".") {
    this.#point = decimal.charCodeAt(0);
    const rows = typeof column.rows === "object" ? column.rows : null;
    this.#column = column;
    this.#narrow = column.bits === 32;
    this.#hash = rows !== null && "hash" in rows ? rows.hash : 0;
    this.#keep = rows !== null && "keep" in rows ? rows.keep : 0;
    this.#range = this.#narrow || rows !== null ? 0 : range;
    this.fixedRows = column.ids === "buckets"
      ? column.bounds!.length + 2
      : this.#hash > 0
      ? this.#hash
      : this.#keep > 0
      ? this.#keep
      : null;
    const plain = this.#narrow || this.fixedRows !== null || this.#range > 0;
    this.dictionary = plain ? null : new ByteDictionary();
    this.texts = column.ids === "text" ? this.dictionary : null;
  }

  /** The code of a field without a value; {@link BAD_ID} where ids are rows, because there is no row for it. */
  missing(): number {
    if (this.#column.ids === "buckets") return this.fixedRows! - 1;
    if (this.#keep > 0) return BAD_ID;
    if (this.#narrow || this.#range > 0) return 0;
    return this.#codeText(this.#scratch, 0, 0);
  }

  /** The code of the id `buffer[from … to)`, or {@link BAD_ID}. */
  code(buffer: Uint8Array, from: number, to: number): number {
    switch (this.#column.ids) {
      case "text":
        return this.#codeText(buffer, from, to);
      case "decimal":
        return this.#codeDecimal(buffer, from, to);
      case "hexadecimal":
        return this.#codeHexadecimal(buffer, from, to);
      case "buckets":
        return this.#bucket(parseNumber(buffer, from, to, this.#point));
    }
  }

  /** The code of a number that comes as one, as in Parquet and Arrow files; or {@link BAD_ID}. */
  codeNumber(value: number | bigint): number {
    if (this.#column.ids === "buckets") return this.#bucket(Number(value));
    if (typeof value === "number" && !Number.isFinite(value)) return BAD_ID;
    const text = this.#column.ids === "hexadecimal" && Number.isInteger(Number(value))
      ? BigInt(value).toString(16)
      : String(value);
    return this.codeString(text);
  }

  /** The code of a text that comes as one; or {@link BAD_ID}. */
  codeString(text: string): number {
    if (3 * text.length > this.#encoded.length) this.#encoded = new Uint8Array(6 * text.length);
    const bytes = this.#encoded;
    let length = 0;
    for (let code = 0; length < text.length; length++) {
      if ((code = text.charCodeAt(length)) > 127) break;
      bytes[length] = code;
    }
    if (length < text.length) length = encoder.encodeInto(text, bytes).written;
    return this.code(bytes, 0, length);
  }

  /** What a good id would be, as the end of a sentence. */
  describe(): string {
    switch (this.#column.ids) {
      case "text":
        return "a text";
      case "buckets":
        return "a number";
      case "decimal":
        if (this.#keep > 0) return `a row number below ${this.#keep}`;
        return this.#narrow ? "an integer of 32 bits" : "an integer";
      case "hexadecimal":
        return this.#narrow ? "a hexadecimal number of 1 to 8 digits" : "a hexadecimal number";
    }
  }

  #codeText(buffer: Uint8Array, from: number, to: number): number {
    return this.#hash > 0
      ? hashBytes(buffer, from, to) % this.#hash
      : this.dictionary!.index(buffer, from, to);
  }

  #codeDecimal(buffer: Uint8Array, from: number, to: number): number {
    let negative = false;
    if (buffer[from] === MINUS || buffer[from] === PLUS) negative = buffer[from++] === MINUS;
    // pandas writes integers of a column with missing values as floats.
    to = withoutZeroFraction(buffer, from, to, this.#point);
    if (from === to) return BAD_ID;
    for (let p = from; p < to; p++) if ((buffer[p]! - ZERO) >>> 0 > 9) return BAD_ID;
    while (from < to - 1 && buffer[from] === ZERO) from++;
    if (negative && buffer[from] === ZERO) negative = false;
    if (this.#narrow) {
      if (to - from > 10) return BAD_ID;
      const value = decimalValue(buffer, from, to);
      if (negative ? value > 2 ** 31 : value >= 2 ** 31) return BAD_ID;
      return negative ? 2 ** 32 - value : value;
    }
    if (this.#keep > 0) {
      if (negative || to - from > 10) return BAD_ID;
      const row = decimalValue(buffer, from, to);
      return row < this.#keep && row < MAX_KEEP ? row : BAD_ID;
    }
    if (this.#range > 0) {
      let rest = 0;
      for (let p = from; p < to; p++) rest = (rest * 10 + buffer[p]! - ZERO) % this.#range;
      return negative && rest > 0 ? this.#range - rest : rest;
    }
    if (!negative) return this.#codeText(buffer, from, to);
    const length = 1 + to - from, scratch = this.#room(length);
    scratch[0] = MINUS;
    for (let p = from, at = 1; p < to; p++) scratch[at++] = buffer[p]!;
    return this.#codeText(scratch, 0, length);
  }

  #codeHexadecimal(buffer: Uint8Array, from: number, to: number): number {
    if (buffer[from] === ZERO && (buffer[from + 1] === LOWER_X || buffer[from + 1] === UPPER_X)) {
      if (to - from > 2) from += 2;
    }
    if (from === to) return BAD_ID;
    let lower = true;
    for (let p = from; p < to; p++) {
      const byte = buffer[p]!;
      if (HEX[byte] === NOT_HEX) return BAD_ID;
      if (byte > ZERO + 9 && byte < LOWER_A) lower = false;
    }
    if (this.#narrow) {
      if (to - from > 8) return BAD_ID;
      let value = 0;
      for (let p = from; p < to; p++) value = (value << 4) | HEX[buffer[p]!]!;
      return value >>> 0;
    }
    while (from < to - 1 && buffer[from] === ZERO) from++;
    if (this.#range > 0) {
      let rest = 0;
      for (let p = from; p < to; p++) rest = (rest * 16 + HEX[buffer[p]!]!) % this.#range;
      return rest;
    }
    if (lower) return this.#codeText(buffer, from, to);
    const scratch = this.#room(to - from);
    for (let p = from, at = 0; p < to; p++) {
      const byte = buffer[p]!;
      scratch[at++] = byte > ZERO + 9 && byte < LOWER_A ? byte + 32 : byte;
    }
    return this.#codeText(scratch, 0, to - from);
  }

  #bucket(value: number): number {
    if (Number.isNaN(value)) return BAD_ID;
    const bounds = this.#column.bounds!;
    let low = 0, high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #room(bytes: number): Uint8Array {
    if (bytes > this.#scratch.length) this.#scratch = new Uint8Array(2 * bytes);
    return this.#scratch;
  }
}

const encoder = new TextEncoder();

/** The end of an integer that may have a fraction of zeros: `12.0`. */
function withoutZeroFraction(
  buffer: Uint8Array,
  from: number,
  to: number,
  point: number,
): number {
  let end = to;
  while (end > from && buffer[end - 1] === ZERO) end--;
  return end > from + 1 && end < to && buffer[end - 1] === point ? end - 1 : to;
}

function decimalValue(buffer: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let p = from; p < to; p++) value = value * 10 + buffer[p]! - ZERO;
  return value;
}
