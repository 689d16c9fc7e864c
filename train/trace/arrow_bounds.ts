/**
 * Whether the bytes of an Arrow IPC file can be given to the Arrow library: it trusts every length it reads, so that one
 * flipped bit could make it fill all memory.
 *
 * Layouts: https://github.com/apache/arrow/tree/main/format (File.fbs, Message.fbs, Schema.fbs).
 *
 * @module
 */

/** Entries of all vectors that are read before a file is held to be damaged; a trace has a few hundred. */
const MAX_ENTRIES = 1_000_000;
/** Bytes of "ARROW1" and the footer's length at the end. */
const TAIL_BYTES = 10;

const DICTIONARY_BATCH = 2, RECORD_BATCH = 3;
const UNION = 14;

/** A table of a flatbuffer: gives the position of a member's value, or null where it is left out. */
type Members = (slot: number) => number | null;

/**
 * Follows every offset and length that the library follows.
 *
 * @param bytes A file that begins and ends with "ARROW1".
 * @returns Rows of all record batches.
 * @throws {RangeError} One leads out of the file.
 */
export function checkArrowBounds(bytes: Uint8Array): number {
  return new BoundsCheck().file(bytes);
}

class BoundsCheck {
  #entries = 0;

  file(bytes: Uint8Array): number {
    const file = new Reader(bytes);
    const tail = bytes.length - TAIL_BYTES;
    const footer = file.table(tail - file.int32(tail));
    const schema = footer(6);
    if (schema === null) throw new RangeError("it has no schema");
    this.#schema(file, schema);
    for (const at of this.#vector(file, footer(8), 24)) {
      this.#message(bytes, file.int64(at), DICTIONARY_BATCH);
    }
    let rows = 0;
    for (const at of this.#vector(file, footer(10), 24)) {
      rows += this.#message(bytes, file.int64(at), RECORD_BATCH);
    }
    this.#metadata(file, footer(12));
    return rows;
  }

  #schema(file: Reader, at: number): void {
    const members = file.table(at);
    this.#fields(file, members(6));
    this.#metadata(file, members(8));
  }

  #fields(file: Reader, vector: number | null): void {
    for (const at of this.#vector(file, vector, 4)) {
      const members = file.table(at);
      const type = members(8);
      if (type !== null && file.uint8(type) === UNION) throw new RangeError("it has a union");
      this.#fields(file, members(14));
      this.#metadata(file, members(16));
    }
  }

  #metadata(file: Reader, vector: number | null): void {
    for (const at of this.#vector(file, vector, 4)) file.table(at);
  }

  #message(bytes: Uint8Array, start: number, kind: number): number {
    const file = new Reader(bytes);
    const marked = file.int32(start) === -1;
    const length = file.int32(marked ? start + 4 : start);
    const from = start + (marked ? 8 : 4);
    if (length < 0 || from + length > bytes.length) throw new RangeError("a message is cut short");
    const message = new Reader(bytes.subarray(from, from + length));
    const members = message.table(0);
    const type = members(6), header = members(8), body = members(10);
    if (type === null || header === null || message.uint8(type) !== kind) {
      throw new RangeError("a message is not what the footer says");
    }
    const bodyBytes = body === null ? 0 : message.int64(body);
    if (from + length + bodyBytes > bytes.length) throw new RangeError("a message is cut short");
    if (kind === RECORD_BATCH) return this.#batch(message, header, bodyBytes);
    const data = message.table(header)(6);
    if (data === null) throw new RangeError("a dictionary is empty");
    return this.#batch(message, data, bodyBytes);
  }

  #batch(message: Reader, at: number, bodyBytes: number): number {
    const members = message.table(at);
    for (const node of this.#vector(message, members(6), 16)) {
      // A value takes a byte or more, but for kinds of columns that a trace does not have.
      if (message.int64(node) > bodyBytes) throw new RangeError("a column is cut short");
    }
    for (const region of this.#vector(message, members(8), 16)) {
      if (message.int64(region) + message.int64(region + 8) > bodyBytes) {
        throw new RangeError("a column is cut short");
      }
    }
    this.#vector(message, members(12), 8);
    const length = members(4);
    return length === null ? 0 : message.int64(length);
  }

  /** Positions of a vector's entries. */
  #vector(file: Reader, at: number | null, stride: number): number[] {
    if (at === null) return [];
    const base = at + file.int32(at);
    const length = file.int32(base);
    this.#entries += length;
    if (length < 0 || base + 4 + length * stride > file.bytes.length) {
      throw new RangeError("a list is cut short");
    }
    if (this.#entries > MAX_ENTRIES) throw new RangeError("its lists are too long");
    return Array.from({ length }, (_, i) => base + 4 + i * stride);
  }
}

/** Reads numbers; a `DataView` throws a `RangeError` where there are none. */
class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(at: number): number {
    return this.#view.getUint8(at);
  }

  int32(at: number): number {
    return this.#view.getInt32(at, true);
  }

  /** A length or position; never negative. */
  int64(at: number): number {
    const value = Number(this.#view.getBigInt64(at, true));
    if (value < 0 || !Number.isSafeInteger(value)) throw new RangeError("a length is no count");
    return value;
  }

  /** The table that the offset at a position leads to. */
  table(at: number): Members {
    const start = at + this.int32(at);
    const layout = start - this.int32(start);
    const size = this.#view.getUint16(layout, true);
    return (slot) => {
      if (slot >= size) return null;
      const offset = this.#view.getUint16(layout + slot, true);
      return offset === 0 ? null : start + offset;
    };
  }
}
