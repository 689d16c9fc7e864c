/**
 * The pages of a Parquet file, unpacked and looked through before the library decodes them. It trusts the counts it reads, so
 * that one flipped bit could make it repeat a value two thousand million times.
 *
 * Layouts: https://github.com/apache/parquet-format (parquet.thrift, Encodings.md).
 *
 * @module
 */

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "../../core/node.ts";
import { compressors, type PageHeader, parquetHeader } from "../../core/npm/hyparquet.ts";

/** Values that a run may have more than its page: writers fill up the last run. */
const SLACK = 4096;
/** Bytes that all pages of a column in a row group may have when they are unpacked. */
const MAX_BYTES = 2 ** 32;
const MAX_BIT_WIDTH = 32;
/** Values of a block of differences and parts that it has; writers use 128 and 4, or some thousand and some ten. */
const MAX_BLOCK = 1 << 20;

/** A column within a row group. */
export interface ColumnChunk {
  readonly codec: string;
  readonly type: string;
  /** Values, missing ones and those of lists included. */
  readonly values: number;
  readonly unpackedBytes: number;
  /** Largest levels of definition and repetition. */
  readonly levels: { readonly definition: number; readonly repetition: number };
  /** Bytes of a value of fixed length. */
  readonly typeLength: number;
}

/** Unpacked pages, by the bytes that they come from, until they are asked for. */
export class Pages {
  readonly #unpacked = new WeakMap<ArrayBufferLike, Map<number, Uint8Array>>();

  /** What the library unpacks pages with: each was unpacked when it was looked through. */
  readonly compressors: Readonly<Record<string, (packed: Uint8Array) => Uint8Array>> = Object
    .fromEntries(
      ["SNAPPY", "GZIP", "BROTLI", "ZSTD", "LZ4", "LZ4_RAW"].map((codec) => [
        codec,
        (packed) => {
          const pages = this.#unpacked.get(packed.buffer);
          const page = pages?.get(packed.byteOffset);
          if (page === undefined) throw new RangeError("a page lies where none was");
          pages!.delete(packed.byteOffset);
          return page;
        },
      ]),
    );

  /**
   * Looks through all pages of a column in a row group.
   *
   * @throws {Error} A page is not what its header and the chunk say.
   */
  check(buffer: ArrayBuffer, chunk: ColumnChunk): void {
    const reader = { view: new DataView(buffer), offset: 0 };
    const unpacked = new Map<number, Uint8Array>();
    this.#unpacked.set(buffer, unpacked);
    let values = 0, bytes = 0;
    // A last byte is passed over, as by the library.
    while (reader.offset < buffer.byteLength - 1) {
      const header = parquetHeader(reader), start = reader.offset;
      const size = header.compressed_page_size, length = header.uncompressed_page_size;
      need(isCount(size, buffer.byteLength - start), "a page is cut short");
      bytes += length;
      need(isCount(length, MAX_BYTES) && bytes <= chunk.unpackedBytes, "a page is too long");
      reader.offset += size;
      values += checkPage(new Uint8Array(buffer, start, size), header, chunk, unpacked);
    }
    need(values === chunk.values, `its pages have ${values} values and not ${chunk.values}`);
  }
}

/** Unpacks a page, looks through it, and returns its values; of a dictionary none. */
function checkPage(
  packed: Uint8Array,
  header: PageHeader,
  chunk: ColumnChunk,
  unpacked: Map<number, Uint8Array>,
): number {
  const { definition, repetition } = chunk.levels;
  const unpack = (from: Uint8Array, length: number): Uint8Array => {
    if (chunk.codec === "UNCOMPRESSED") return from;
    const page = unpackPage(from, length, chunk.codec);
    need(page.length === length, `a page has ${page.length} bytes and not ${length}`);
    unpacked.set(from.byteOffset, page);
    return page;
  };
  const length = header.uncompressed_page_size;
  const { dictionary_page_header: dictionary, data_page_header_v2: second } = header;
  if (header.type === "DICTIONARY_PAGE" && dictionary !== undefined) {
    const page = unpack(packed, length);
    const least = chunk.type === "FIXED_LEN_BYTE_ARRAY" ? chunk.typeLength : 1;
    need(isCount(dictionary.num_values * least, page.length), "a dictionary is cut short");
    return 0;
  }
  if (header.type === "DATA_PAGE" && header.data_page_header !== undefined) {
    const { num_values: values, encoding } = header.data_page_header;
    need(isCount(values, chunk.values), "a page has too many values");
    const walk = new Walk(unpack(packed, length), values);
    for (const most of [repetition, definition]) if (most > 0) walk.prefixed(bitWidth(most));
    walk.values(encoding, chunk);
    return values;
  }
  if (header.type === "DATA_PAGE_V2" && second !== undefined) {
    const { num_values: values, num_nulls: nulls, num_rows: rows, encoding } = second;
    const { repetition_levels_byte_length: first, definition_levels_byte_length: next } = second;
    need(isCount(values, chunk.values), "a page has too many values");
    need(isCount(nulls, values) && isCount(rows, values), "a page has more rows than values");
    need(
      isCount(first, packed.length) && isCount(next, packed.length - first) &&
        first + next <= length,
      "the levels of a page are cut short",
    );
    if (repetition > 0) {
      new Walk(packed.subarray(0, first), values).runs(bitWidth(repetition));
    }
    if (definition > 0) {
      new Walk(packed.subarray(first, first + next), values).runs(bitWidth(definition));
    }
    const rest = packed.subarray(first + next), left = length - first - next;
    const page = second.is_compressed !== false && left > 0 ? unpack(rest, left) : rest;
    new Walk(page, values - nulls).values(encoding, chunk);
    return values;
  }
  throw new RangeError(`a page is of the kind ${header.type}`);
}

/** Follows what a page says of its own lengths. */
class Walk {
  readonly #bytes: Uint8Array;
  readonly #count: number;
  #at = 0;

  /** @param count Values that the page has at most. */
  constructor(bytes: Uint8Array, count: number) {
    this.#bytes = bytes;
    this.#count = count;
  }

  /** Runs behind their length in four bytes. */
  prefixed(width: number): void {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    const length = view.getUint32(this.#at, true), start = this.#at += 4;
    need(isCount(length, this.#bytes.length - start), "levels are cut short");
    this.runs(width, start + length);
    this.#at = start + length;
  }

  /** Runs of equal values, and of values of `width` bits each. */
  runs(width: number, end = this.#bytes.length): void {
    for (let seen = 0; seen < this.#count && this.#at < end;) {
      const header = this.#varint(), packed = (header & 1) === 1;
      const count = packed ? 8 * (header >>> 1) : header >>> 1;
      need(count <= this.#count + SLACK, "a run has more values than its page");
      this.#at += packed ? count / 8 * width : (width + 7) >> 3;
      seen += count;
    }
  }

  values(encoding: string, { type, typeLength }: ColumnChunk): void {
    switch (encoding) {
      case "PLAIN":
      case "BYTE_STREAM_SPLIT":
        need(typeLength <= Math.max(1, this.#bytes.length), "a value is longer than its page");
        return;
      case "PLAIN_DICTIONARY":
      case "RLE_DICTIONARY":
        if (this.#count === 0) return;
        return this.runs(this.#bitWidth());
      case "RLE":
        need(type === "BOOLEAN", "its values are no dictionary's");
        return this.prefixed(1);
      case "DELTA_BINARY_PACKED":
        if (this.#count > 0) this.#deltaHeader();
        return;
      case "DELTA_LENGTH_BYTE_ARRAY":
        if (this.#count > 0) this.#deltas();
        return;
      case "DELTA_BYTE_ARRAY": {
        if (this.#count === 0) return;
        const prefixes = this.#deltas(), suffixes = this.#deltas();
        for (let i = 0, before = 0; i < prefixes.length; i++) {
          need(isCount(prefixes[i]!, before), "a text begins with more than the one before it has");
          need(isCount(suffixes[i]!, this.#bytes.length), "a text is longer than its page");
          before = prefixes[i]! + suffixes[i]!;
        }
        return;
      }
      default:
        throw new RangeError(`its encoding ${encoding} is not read`);
    }
  }

  #bitWidth(): number {
    const width = this.#bytes[this.#at++]!;
    need(width <= MAX_BIT_WIDTH, `indices have ${width} bits`);
    return width;
  }

  #deltaHeader(): { readonly block: number; readonly parts: number; readonly count: number } {
    const block = this.#varint(), parts = this.#varint(), count = this.#varint();
    need(
      block > 0 && block <= MAX_BLOCK && parts > 0 && parts <= block && block % parts === 0,
      "a block of differences has no such parts",
    );
    need(isCount(count, this.#count), "a page has more differences than values");
    return { block, parts, count };
  }

  /** Whole numbers of 32 bits as differences: lengths of texts. */
  #deltas(): Int32Array {
    const { block, parts, count } = this.#deltaHeader();
    const values = new Int32Array(count), each = block / parts;
    let value = this.#zigzag(), done = 0;
    if (count > 0) values[done++] = value;
    while (done < count) {
      const least = this.#zigzag(), widths = this.#at;
      this.#at += parts;
      for (let part = 0; part < parts && done < count; part++) {
        const width = this.#byte(widths + part);
        need(width <= MAX_BIT_WIDTH, `differences have ${width} bits`);
        for (let i = 0; i < each && done < count; i++) {
          value = (value + least + this.#bits(8 * this.#at + i * width, width)) | 0;
          values[done++] = value;
        }
        this.#at += each * width / 8;
      }
    }
    return values;
  }

  #bits(first: number, width: number): number {
    let value = 0;
    for (let bit = 0; bit < width; bit++) {
      const at = first + bit;
      value |= (this.#byte(at >>> 3) >>> (at & 7) & 1) << bit;
    }
    return value;
  }

  #byte(at: number): number {
    const byte = this.#bytes[at];
    need(byte !== undefined, "a page is cut short");
    return byte!;
  }

  /** As the library reads it: of more than 32 bits the last ones wrap. */
  #varint(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.#byte(this.#at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return (value >>> 1) ^ -(value & 1);
  }
}

function unpackPage(packed: Uint8Array, length: number, codec: string): Uint8Array {
  try {
    return unpackBytes(packed, length, codec);
  } catch (error) {
    throw new RangeError(`a page cannot be unpacked: ${(error as Error).message}`);
  }
}

function unpackBytes(packed: Uint8Array, length: number, codec: string): Uint8Array {
  const options = { maxOutputLength: Math.max(1, length) };
  switch (codec) {
    case "GZIP":
      return gunzipSync(packed, options);
    case "BROTLI":
      return brotliDecompressSync(packed, options);
    case "ZSTD":
      return zstdDecompressSync(packed, options);
    case "SNAPPY":
    case "LZ4":
    case "LZ4_RAW":
      return compressors[codec]!(packed, length);
    default:
      throw new RangeError(`its pages are packed with ${codec}, which is not read`);
  }
}

function bitWidth(most: number): number {
  return 32 - Math.clz32(most);
}

/** Whether a number from a file is a count of at most so many. */
function isCount(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function need(holds: boolean, otherwise: string): void {
  if (!holds) throw new RangeError(otherwise);
}
