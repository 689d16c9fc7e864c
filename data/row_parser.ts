/**
 * Text files as lines, lines as rows of a block: what the parsers of all formats share.
 *
 * @module
 */

import { BLOCK_ROWS, type RowBlock } from "./row_block.ts";

/** Bytes a line may have unless a parser says otherwise, without its end. The longest of the originals, Criteo's, has some 450. */
export const MAX_LINE = 4096;

const LF = 10, CR = 13;

/** What is wrong with a line. */
export interface BadField {
  /** Counted from 1. */
  readonly column: number;
  /** The column's name, or empty beyond the last column. */
  readonly field: string;
  /** What is wrong, as the end of a sentence. */
  readonly reason: string;
}

/** A row that is not what the format says. */
export interface BadRow extends BadField {
  /** Counted from 1. */
  readonly line: number;
  /** The file ended within this line, which may be why it is bad. */
  readonly unended: boolean;
}

/**
 * Turns the bytes of one file, in pieces cut anywhere, into blocks of rows. Memory is one piece and one line.
 *
 * Call `feed` with a piece, then `parse` until it returns false; at the end `finish`, and `parse` again.
 */
export abstract class RowParser {
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
  /** The text ended without a line end, which has been added. */
  #unended = false;
  /** Empty lines since the last line that was not: bad rows if another follows, nothing at a file's end. */
  #blanks = 0;

  /** @param onBad Told of every bad row; it throws, or the row is left out. */
  constructor(onBad: (bad: BadRow) => void) {
    this.#onBad = onBad;
  }

  /**
   * Parses ordinary rows from `from` until the block has `room` rows or a line is not ordinary. Between `from` and
   * `end` are whole lines, line ends included.
   *
   * @returns Where it stopped, at a line's start; `block.rows` counts what was parsed.
   */
  protected abstract parseFast(
    buffer: Uint8Array,
    from: number,
    end: number,
    block: RowBlock,
    room: number,
  ): number;

  /**
   * Parses one line (no line end) in any accepted spelling into the block's next row.
   *
   * @returns What is wrong with it, or null.
   */
  protected abstract parseLine(line: Uint8Array, block: RowBlock): BadField | null;

  /** The name of the first column, for lines that are not looked into. */
  protected abstract readonly firstField: string;

  /** Bytes a line may have, without its end. */
  protected readonly maxLine: number = MAX_LINE;

  /**
   * Whether the first line of a file names the columns.
   *
   * @throws UserError if it does, and not those that are wanted.
   */
  protected isHeader(_line: Uint8Array): boolean {
    return false;
  }

  /**
   * The place of the line end that ends the row that begins at `from`; `end` if it lies further on, and -1 if it is that of
   * the line.
   */
  protected rowEnd(_buffer: Uint8Array, _from: number, _end: number): number {
    return -1;
  }

  /** Whether the line that is looked at is the last of its file, and has no line end. */
  protected get atUnended(): boolean {
    return this.#unended && this.#at === this.#end;
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
      this.#unended = true;
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
    this.lines++;
    this.#skipping = true;
    this.#drop(this.#length);
    this.#reportTooLong();
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
      if (this.#passBlank()) continue;
      const from = this.#at, rows = block.rows;
      const room = Math.min(BLOCK_ROWS, block.rows + limit - this.rows);
      this.#at = this.parseFast(this.#buffer, this.#at, this.#end, block, room);
      this.rows += block.rows - rows;
      this.lines += block.rows - rows;
      if (this.#at < this.#end && block.rows < room && this.#blankEnd() === 0) {
        if (!this.#parseSlow(block)) {
          this.consumed += this.#at - from;
          return false;
        }
      }
      this.consumed += Math.min(this.#at, this.#length) - from;
    }
    if (block.rows >= BLOCK_ROWS || this.rows >= limit) return true;
    if (this.#length - this.#at > this.maxLine && !this.#skipping) {
      this.#reportBlanks();
      this.#tooLong();
    }
    return false;
  }

  /** Where the next line ends if it is empty, else 0. */
  #blankEnd(): number {
    const from = this.#at;
    if (this.#buffer[from] === LF) return from + 1;
    return this.#buffer[from] === CR && this.#buffer[from + 1] === LF ? from + 2 : 0;
  }

  /** Passes over an empty line, which may be one of those at the file's end; those before another line are bad. */
  #passBlank(): boolean {
    const from = this.#at, end = this.#blankEnd();
    if (end === 0) {
      this.#reportBlanks();
      return false;
    }
    this.#blanks++;
    this.#at = end;
    this.consumed += Math.min(end, this.#length) - from;
    return true;
  }

  #reportBlanks(): void {
    for (; this.#blanks > 0; this.#blanks--) {
      this.lines++;
      this.#onBad({
        line: this.lines,
        unended: false,
        column: 1,
        field: this.firstField,
        reason: "the line is empty",
      });
    }
  }

  /**
   * Takes one row in any accepted spelling, or says exactly what is wrong with it.
   *
   * @returns False if the rest of the row is not there yet.
   */
  #parseSlow(block: RowBlock): boolean {
    const from = this.#at;
    const found = this.#findRowEnd(from);
    if (found < 0) return false;
    this.#at = found + 1;
    this.lines++;
    if (found - from > this.maxLine) this.#reportTooLong();
    else {
      const to = found > from && this.#buffer[found - 1] === CR ? found - 1 : found;
      this.#parseRow(this.#buffer.subarray(from, to), block);
    }
    return true;
  }

  #parseRow(row: Uint8Array, block: RowBlock): void {
    if (this.lines === 1 && this.isHeader(row)) return this.#countLines(row);
    const before = block.rows;
    const bad = this.parseLine(row, block);
    if (bad !== null) this.#report(bad);
    else this.rows += block.rows - before;
    this.#countLines(row);
  }

  /** Counts the lines of a row behind its first. */
  #countLines(row: Uint8Array): void {
    for (let at = row.indexOf(LF); at >= 0; at = row.indexOf(LF, at + 1)) this.lines++;
  }

  /** The end of the row that begins at a place, at the latest that of a longest line; -1 if it is not there yet. */
  #findRowEnd(from: number): number {
    const there = this.#finished ? this.#end : this.#length;
    const end = Math.min(there, from + this.maxLine + 1);
    const found = this.rowEnd(this.#buffer, from, end);
    if (found >= 0 && found < end) return found;
    if (found === end && end === there && !this.#finished) return -1;
    return from + this.#buffer.subarray(from, this.#end).indexOf(LF);
  }

  #reportTooLong(): void {
    const reason = `the line has more than ${this.maxLine} bytes`;
    this.#report({ column: 1, field: this.firstField, reason });
  }

  #report(bad: BadField): void {
    this.#onBad({ line: this.lines, unended: this.atUnended, ...bad });
  }
}
