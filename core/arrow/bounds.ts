/**
 * Whether the bytes of an Arrow IPC file or stream can be given to the Arrow library: it trusts every length it reads, so that
 * one flipped bit could make it fill all memory.
 *
 * Layouts: https://github.com/apache/arrow/tree/main/format (File.fbs, Message.fbs, Schema.fbs).
 *
 * @module
 */

import { FlatBuffer } from "./flatbuffer.ts";
import { type ArrowMessage, DICTIONARY_BATCH, messageAt, RECORD_BATCH, SCHEMA } from "./message.ts";

/** Bytes that an entry of a vector takes at least. */
const ENTRY_BYTES = 4;
/** Bytes of "ARROW1" and the footer's length at the end. */
const TAIL_BYTES = 10;

/** The kind of a column whose values are of several kinds. */
const UNION = 14;

/** Whether bytes begin as an Arrow file does; a stream begins with its first message. */
export function isArrowFile(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 6)) === "ARROW1";
}

/**
 * Follows every offset and length that the library follows.
 *
 * @param bytes A file that begins and ends with "ARROW1".
 * @returns Rows of all record batches.
 * @throws {RangeError} One leads out of the file.
 */
export function checkArrowBounds(bytes: Uint8Array): number {
  return new BoundsCheck(bytes.length).file(bytes);
}

/**
 * The same for a stream: messages one after another, the first of them a schema.
 *
 * @returns Rows of all record batches.
 * @throws {RangeError} An offset or a length leads out of it.
 */
export function checkStreamBounds(bytes: Uint8Array): number {
  return new BoundsCheck(bytes.length).stream(bytes);
}

class BoundsCheck {
  /** Entries of vectors that may still come: more than fit the file are some of them read again and again. */
  #entries: number;

  constructor(bytes: number) {
    this.#entries = bytes / ENTRY_BYTES;
  }

  file(bytes: Uint8Array): number {
    const file = new FlatBuffer(bytes);
    const tail = bytes.length - TAIL_BYTES;
    const footer = file.table(tail - file.int32(tail));
    const schema = footer(6);
    if (schema === null) throw new RangeError("it has no schema");
    this.#schema(file, schema);
    for (const at of this.#vector(file, footer(8), 24)) {
      this.#message(messageAt(bytes, file.int64(at)), DICTIONARY_BATCH);
    }
    let rows = 0;
    for (const at of this.#vector(file, footer(10), 24)) {
      rows += this.#message(messageAt(bytes, file.int64(at)), RECORD_BATCH);
    }
    this.#metadata(file, footer(12));
    return rows;
  }

  stream(bytes: Uint8Array): number {
    let rows = 0, first = true;
    for (let start = 0; start + 8 <= bytes.length;) {
      const message = messageAt(bytes, start);
      if (message === null) break;
      const { kind } = message;
      if (first && kind !== SCHEMA) throw new RangeError("it does not begin with a schema");
      first = false;
      if (kind === SCHEMA) this.#schema(message.description, message.header);
      else if (kind === DICTIONARY_BATCH) this.#message(message, kind);
      else rows += this.#message(message, RECORD_BATCH);
      start = message.end;
    }
    if (first) throw new RangeError("it has no schema");
    return rows;
  }

  #schema(file: FlatBuffer, at: number): void {
    const members = file.table(at);
    this.#fields(file, members(6));
    this.#metadata(file, members(8));
  }

  #fields(file: FlatBuffer, vector: number | null): void {
    for (const at of this.#vector(file, vector, 4)) {
      const members = file.table(at);
      const type = members(8);
      if (type !== null && file.uint8(type) === UNION) throw new RangeError("it has a union");
      this.#fields(file, members(14));
      this.#metadata(file, members(16));
    }
  }

  #metadata(file: FlatBuffer, vector: number | null): void {
    for (const at of this.#vector(file, vector, 4)) file.table(at);
  }

  #message(message: ArrowMessage | null, kind: number): number {
    if (message?.kind !== kind) {
      throw new RangeError("a message is of another kind than it should be");
    }
    const { description, header, body } = message;
    if (kind === RECORD_BATCH) return this.#batch(description, header, body.length);
    const data = description.table(header)(6);
    if (data === null) throw new RangeError("a dictionary is empty");
    return this.#batch(description, data, body.length);
  }

  #batch(message: FlatBuffer, at: number, bodyBytes: number): number {
    const members = message.table(at);
    for (const node of this.#vector(message, members(6), 16)) {
      // A value takes a bit or more, but for columns without any value, which stand beside others.
      if (message.int64(node) > 8 * bodyBytes) throw new RangeError("a column is cut short");
    }
    for (const region of this.#vector(message, members(8), 16)) {
      if (message.int64(region) + message.int64(region + 8) > bodyBytes) {
        throw new RangeError("a column is cut short");
      }
    }
    this.#vector(message, members(12), 8);
    const length = members(4), rows = length === null ? 0 : message.int64(length);
    if (rows > 8 * bodyBytes) throw new RangeError("it claims more rows than it has bits");
    return rows;
  }

  /** Positions of a vector's entries. */
  #vector(file: FlatBuffer, at: number | null, stride: number): number[] {
    if (at === null) return [];
    const base = at + file.int32(at);
    const length = file.int32(base);
    this.#entries -= length;
    if (length < 0 || base + 4 + length * stride > file.bytes.length) {
      throw new RangeError("a list is cut short");
    }
    if (this.#entries < 0) throw new RangeError("its lists are too long");
    return Array.from({ length }, (_, i) => base + 4 + i * stride);
  }
}
