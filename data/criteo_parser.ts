/**
 * Criteo rows from bytes, without a string a row. What a row means:
 *
 * - label: `0` or `1`;
 * - integer: empty is 0, negative is 0, and then ln(x + 1) is stored as float32. Up to 15 digits;
 * - id: hexadecimal, up to 8 digits, an unsigned 32-bit number; empty is 0.
 *
 * DLRM's own preprocessing stores integers and ids as int32, so that ids from 2^31 wrap to negative numbers (older
 * NumPy) or end the run with an OverflowError (NumPy 2), and a modulus taken later sees the wrong number. Here both are
 * unsigned throughout.
 *
 * @module
 */

import {
  CRITEO_COLUMNS,
  CRITEO_DENSE,
  CRITEO_TABLES,
  criteoColumnName as columnName,
} from "./criteo.ts";
import { BLOCK_ROWS, type RowBlock } from "./row_block.ts";

/** Bytes a line may have, without its end. A Criteo row has at most some 450. */
export const MAX_LINE = 4096;

const TAB = 9, LF = 10, CR = 13, MINUS = 45, ZERO = 48;
const NOT_HEX = 16;

const HEX = new Uint8Array(256).fill(NOT_HEX);
for (let d = 0; d < 16; d++) {
  HEX[d.toString(16).charCodeAt(0)] = d;
  HEX[d.toString(16).toUpperCase().charCodeAt(0)] = d;
}

/** ln(x + 1) of the small integers that most fields hold. */
const LOGS = Float32Array.from({ length: 4096 }, (_, x) => Math.log(x + 1));

/** A row that is not what the format says. */
export interface BadRow {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** `label`, `I1`, … or empty beyond the last column. */
  readonly field: string;
  /** What is wrong, as the end of a sentence. */
  readonly reason: string;
}

/**
 * Turns the bytes of one file, in pieces cut anywhere, into blocks of rows. Memory is one piece and one line.
 *
 * Call `feed` with a piece, then `parse` until it returns false; at the end `finish`, and `parse` again.
 */
export class CriteoParser {
  /** Rows put into blocks. */
  rows = 0;
  /** Lines begun, good or bad. */
  lines = 0;
  /** Bytes of the text up to the end of the last line looked at. */
  consumed = 0;

  readonly #onBad: (bad: BadRow) => void;
  #buffer = new Uint8Array(1 << 16);
  #at = 0;
  #end = 0;
  #length = 0;
  #started = false;
  /** Inside a line that is too long and has been reported. */
  #skipping = false;
  #finished = false;

  /** @param onBad Told of every bad row; it throws, or the row is left out. */
  constructor(onBad: (bad: BadRow) => void) {
    this.#onBad = onBad;
  }

  /** Takes the next piece of the file. Everything parsable so far must have been parsed. */
  feed(piece: Uint8Array): void {
    if (this.#finished) throw new Error("Cannot feed a parser: it is finished");
    const carried = this.#length - this.#at;
    const needed = carried + piece.length + 1;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(needed)));
      larger.set(this.#buffer.subarray(this.#at, this.#length));
      this.#buffer = larger;
    } else {
      this.#buffer.copyWithin(0, this.#at, this.#length);
    }
    this.#buffer.set(piece, carried);
    this.#at = 0;
    this.#length = carried + piece.length;
    this.#end = this.#buffer.subarray(0, this.#length).lastIndexOf(LF) + 1;
    if (!this.#started) this.#start(false);
    if (this.#skipping) this.#skip();
  }

  /** Says that the file has ended. A last line without a line end becomes a line like any other. */
  finish(): void {
    if (!this.#started) this.#start(true);
    this.#finished = true;
    if (this.#at < this.#length && !this.#skipping && this.#buffer[this.#length - 1] !== LF) {
      this.#buffer[this.#length] = LF;
      this.#end = this.#length + 1;
    }
  }

  /** A byte-order mark may be cut by a piece's end, so it is looked for once three bytes are there. */
  #start(final: boolean): void {
    if (this.#length < 3 && !final) {
      this.#end = 0;
      return;
    }
    this.#started = true;
    if (final) this.#end = this.#buffer.subarray(0, this.#length).lastIndexOf(LF) + 1;
    const b = this.#buffer;
    if (this.#length >= 3 && b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf) {
      this.#at = 3;
      this.consumed += 3;
    }
  }

  #tooLong(): void {
    const line = ++this.lines;
    this.#skipping = true;
    this.#drop(this.#length);
    this.#onBad(tooLong(line));
  }

  #skip(): void {
    const lf = this.#buffer.subarray(this.#at, this.#length).indexOf(LF);
    if (lf >= 0) this.#skipping = false;
    this.#drop(lf >= 0 ? this.#at + lf + 1 : this.#length);
  }

  #drop(to: number): void {
    this.consumed += to - this.#at;
    this.#at = to;
  }

  /**
   * Parses what is there into the block, up to `limit` rows in all of this file.
   *
   * @returns True when it stopped because the block is full or the limit reached, false when it needs more bytes.
   */
  parse(block: RowBlock, limit = Infinity): boolean {
    while (this.#at < this.#end) {
      if (block.rows >= BLOCK_ROWS || this.rows >= limit) return true;
      const from = this.#at, rows = block.rows;
      const room = Math.min(BLOCK_ROWS, block.rows + limit - this.rows);
      this.#at = this.#parseFast(block, room);
      this.rows += block.rows - rows;
      this.lines += block.rows - rows;
      if (this.#at < this.#end && block.rows < room) this.#parseSlow(block);
      this.consumed += Math.min(this.#at, this.#length) - from;
    }
    if (block.rows >= BLOCK_ROWS || this.rows >= limit) return true;
    if (this.#length - this.#at > MAX_LINE && !this.#skipping) this.#tooLong();
    return false;
  }

  /** Parses ordinary rows until the block is full or a line is not ordinary; returns where it stopped, at a line's start. */
  #parseFast(block: RowBlock, room: number): number {
    const buffer = this.#buffer, end = this.#end;
    const { dense, ids, labels, stride } = block;
    let row = block.rows;
    let lineStart = this.#at;
    rows: while (lineStart < end && row < room) {
      let p = lineStart;
      const label = buffer[p]! - ZERO;
      if (label >>> 0 > 1 || buffer[p + 1] !== TAB) break;
      p += 2;
      for (let cell = row; cell < CRITEO_DENSE * stride; cell += stride) {
        let digit = buffer[p++]! - ZERO;
        if (digit === TAB - ZERO) {
          dense[cell] = 0;
          continue;
        }
        const negative = digit === MINUS - ZERO;
        if (negative) digit = buffer[p++]! - ZERO;
        if (digit >>> 0 > 9) break rows;
        let value = digit;
        const first = p;
        while ((digit = buffer[p++]! - ZERO) >>> 0 <= 9) value = (value * 10 + digit) | 0;
        // Nine digits always fit an int32; longer ones go the slow way.
        if (digit !== TAB - ZERO || p - first > 9) break rows;
        dense[cell] = negative ? 0 : value < 4096 ? LOGS[value]! : Math.log(value + 1);
      }
      const last = row + (CRITEO_TABLES - 1) * stride;
      for (let cell = row; cell <= last; cell += stride) {
        let digit = 0, value = 0;
        if (p + 8 < end) {
          const high = eightHex(buffer, p);
          if (high >= 0) {
            ids[cell] = high;
            p += 8;
            digit = buffer[p++]!;
            if (cell < last ? digit !== TAB : digit !== LF) {
              if (cell < last || digit !== CR || buffer[p++] !== LF) break rows;
            }
            continue;
          }
        }
        const first = p;
        while ((digit = HEX[buffer[p++]!]!) < NOT_HEX) value = (value << 4) | digit;
        if (p - first > 9) break rows;
        ids[cell] = value;
        const stop = buffer[p - 1];
        if (cell < last ? stop !== TAB : stop !== LF) {
          if (cell < last || stop !== CR || buffer[p++] !== LF) break rows;
        }
      }
      labels[row] = label;
      row++;
      lineStart = p;
    }
    block.rows = row;
    return lineStart;
  }

  /** Takes one line in any accepted spelling, or says exactly what is wrong with it. */
  #parseSlow(block: RowBlock): void {
    const from = this.#at;
    let to = from + this.#buffer.subarray(from, this.#end).indexOf(LF);
    this.#at = to + 1;
    this.lines++;
    if (to - from > MAX_LINE) return this.#onBad(tooLong(this.lines));
    if (to > from && this.#buffer[to - 1] === CR) to--;
    const bad = parseLine(this.#buffer.subarray(from, to), block);
    if (bad !== null) this.#onBad({ line: this.lines, ...bad });
    else this.rows++;
  }
}

/** The number that eight hexadecimal digits spell (unsigned), or -1 where one of them is no digit. */
function eightHex(buffer: Uint8Array, p: number): number {
  const a = HEX[buffer[p]!]!, b = HEX[buffer[p + 1]!]!, c = HEX[buffer[p + 2]!]!;
  const d = HEX[buffer[p + 3]!]!, e = HEX[buffer[p + 4]!]!, f = HEX[buffer[p + 5]!]!;
  const g = HEX[buffer[p + 6]!]!, h = HEX[buffer[p + 7]!]!;
  if ((a | b | c | d | e | f | g | h) >= NOT_HEX) return -1;
  return ((a << 28) | (b << 24) | (c << 20) | (d << 16) | (e << 12) | (f << 8) | (g << 4) | h) >>>
    0;
}

function tooLong(line: number): BadRow {
  return {
    line,
    column: 1,
    field: columnName(1),
    reason: `the line has more than ${MAX_LINE} bytes`,
  };
}

/** Parses one line (no line end) into the block's next row; returns what is wrong with it, or null. */
function parseLine(line: Uint8Array, block: RowBlock): Omit<BadRow, "line"> | null {
  const bad = (column: number, reason: string) => ({ column, field: columnName(column), reason });
  if (line.length === 0) return bad(1, "the line is empty");
  const fields: Uint8Array[] = [];
  for (let at = 0; at <= line.length;) {
    const tab = line.indexOf(TAB, at);
    fields.push(line.subarray(at, tab < 0 ? line.length : tab));
    if (tab < 0) break;
    at = tab + 1;
  }
  if (fields.length !== CRITEO_COLUMNS) {
    return bad(
      Math.min(fields.length, CRITEO_COLUMNS) + 1,
      `the row has ${fields.length} column${fields.length === 1 ? "" : "s"} ` +
        `where a Criteo row has ${CRITEO_COLUMNS}`,
    );
  }
  const row = block.rows;
  for (let column = 1; column <= CRITEO_COLUMNS; column++) {
    const field = fields[column - 1]!;
    if (column === 1) {
      const label = field.length === 1 ? field[0]! - ZERO : -1;
      if (label !== 0 && label !== 1) return bad(1, `label ${quote(field)} is not 0 or 1`);
      block.labels[row] = label;
    } else if (column <= 1 + CRITEO_DENSE) {
      const value = parseInteger(field);
      if (value === null) {
        return bad(column, `${quote(field)} is not an integer of at most 15 digits`);
      }
      block.dense[(column - 2) * block.stride + row] = Math.log(Math.max(value, 0) + 1);
    } else {
      const value = parseHex(field);
      if (value === null) {
        return bad(column, `${quote(field)} is not a hexadecimal number of at most 8 digits`);
      }
      block.ids[(column - 2 - CRITEO_DENSE) * block.stride + row] = value;
    }
  }
  block.rows++;
  return null;
}

function parseInteger(field: Uint8Array): number | null {
  if (field.length === 0) return 0;
  const first = field[0] === MINUS ? 1 : 0;
  if (field.length === first || field.length - first > 15) return null;
  let value = 0;
  for (let i = first; i < field.length; i++) {
    const digit = field[i]! - ZERO;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return first === 1 ? -value : value;
}

function parseHex(field: Uint8Array): number | null {
  if (field.length > 8) return null;
  let value = 0;
  for (const byte of field) {
    const digit = HEX[byte]!;
    if (digit >= NOT_HEX) return null;
    value = value * 16 + digit;
  }
  return value;
}

/** A field for an error message: at most 20 bytes, everything unprintable escaped. */
function quote(field: Uint8Array): string {
  let text = "";
  for (const byte of field.subarray(0, 20)) {
    text += byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}${field.length > 20 ? "…" : ""}"`;
}
