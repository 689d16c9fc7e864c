/**
 * Safetensors files, written and read in pieces: eight bytes of header length, a JSON header, raw little-endian data
 * (https://github.com/huggingface/safetensors#format).
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { setImmediate } from "../../core/node.ts";
import { UserError } from "../../core/errors.ts";
import { fileError, WholeFile } from "../../core/files.ts";

/** Element types that are written. */
export type WritableDtype = keyof TensorArrays;

/** The array type of each element type that is written. */
export interface TensorArrays {
  /** Bytes. */
  readonly U8: Uint8Array;
  /** Unsigned 32-bit integers. */
  readonly U32: Uint32Array;
  /** Floats of 4 bytes. */
  readonly F32: Float32Array;
  /** Floats of 8 bytes. */
  readonly F64: Float64Array;
  /** Signed 64-bit integers. */
  readonly I64: BigInt64Array;
}

/** Bytes of an element, for every type a header may name. */
const BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** A piece of a tensor's data, in row-major order. */
type TensorChunk = TensorArrays[WritableDtype];

/** A tensor to write. */
export interface TensorSource {
  /** Unique in the file; `__metadata__` is reserved. */
  readonly name: string;
  /** Element type, which decides the array type of the pieces. */
  readonly dtype: WritableDtype;
  /** Sizes, outermost first; `[]` for a single number. */
  readonly shape: readonly number[];
  /**
   * Gives the data in pieces, in order, of the array type that belongs to the dtype. Asked for once, when its turn
   * has come, so that only one piece need exist at a time; a piece may be overwritten once the next is asked for.
   */
  chunks(): Iterable<TensorChunk> | AsyncIterable<TensorChunk>;
}

/** A tensor's place in a file. */
interface TensorInfo {
  /** Unique in the file. */
  readonly name: string;
  /** Element type, as the header has it: `F32`, `BF16`, … */
  readonly dtype: string;
  /** Sizes, outermost first; `[]` for a single number. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly byteOffset: number;
  /** Bytes of the data. */
  readonly byteLength: number;
}

/** The largest header that is read, as in the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
/** Bytes that are in memory at a time when a whole file is read. */
const WHOLE_PIECE_BYTES = 1 << 23;
const ARRAYS = {
  U8: Uint8Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
} as const;

/**
 * Writes a file, whole or not at all: under a temporary name beside it, flushed, then renamed.
 *
 * @param path The file; replaced if it exists.
 * @param tensors In the order of their data. Data begin at a multiple of 8 bytes; those of a tensor of 8-byte elements
 * that follows an odd number of 4-byte ones do not, so put wider elements first.
 * @param metadata Strings for the header's `__metadata__`.
 * @param written Is given all bytes of the file, in order and the header in one piece, as they are written: for a checksum.
 * @param complete Is given the file once all of it is written, before it has its name.
 * @throws {UserError} The file cannot be written.
 * @throws {TypeError} A name is used twice or reserved, or a piece is of the wrong array type.
 * @throws {RangeError} A shape is not of whole numbers, or a tensor's pieces hold more or fewer elements than its
 * shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>> = {},
  written: (bytes: Uint8Array) => void = () => {},
  complete: (file: WholeFile) => void = () => {},
): Promise<void> {
  const header = encodeHeader(tensors, metadata);
  await using file = await WholeFile.create(path);
  const write = async (bytes: Uint8Array) => {
    await file.write(bytes);
    written(bytes);
  };
  await write(header);
  for (const tensor of tensors) {
    let left = tensor.shape.reduce((product, size) => product * size, 1);
    for await (const chunk of tensor.chunks()) {
      if (!(chunk instanceof ARRAYS[tensor.dtype])) {
        throw new TypeError(
          `Cannot write tensor ${tensor.name}: a piece is a ${chunk.constructor.name}, which is not ${tensor.dtype}`,
        );
      }
      left -= chunk.length;
      if (left < 0) break;
      await write(bytesOf(chunk));
    }
    if (left !== 0) {
      throw new RangeError(
        `Cannot write tensor ${tensor.name}: its pieces hold ${
          left > 0 ? `${left} elements fewer` : "more elements"
        } than its shape ${shapeText(tensor.shape)}`,
      );
    }
  }
  complete(file);
  await file.commit();
}

/** An open file. Reads are synchronous, so that readers of different tensors may take turns. */
export class SafetensorsFile implements Disposable {
  /** Where the file is, for messages. */
  readonly path: string;
  /** The header's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile, header: ParsedHeader) {
    this.path = path;
    this.#file = file;
    this.metadata = header.metadata;
    this.tensors = header.tensors;
  }

  /**
   * Opens a file and checks its header: sizes, types, and that the tensors fill the data without gap or overlap.
   *
   * @throws {UserError} The file cannot be opened, is not a safetensors file, is cut short or contradicts itself.
   */
  static open(path: string): SafetensorsFile {
    const refuse: Refuse = (reason) => {
      throw new UserError(`Cannot read ${path}: ${reason}`);
    };
    let file: Deno.FsFile;
    try {
      file = fs.openSync(path);
    } catch (error) {
      throw fileError("read", path, error);
    }
    try {
      const stat = file.statSync();
      if (!stat.isFile) return refuse("it is not a file");
      return new SafetensorsFile(path, file, readHeader(file, stat.size, refuse));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * The tensor of a name.
   *
   * @throws {UserError} There is none, or its dtype or shape is not the wanted one.
   */
  info(name: string, dtype?: string, shape?: readonly number[]): TensorInfo {
    const info = this.tensors.get(name);
    if (info === undefined) {
      throw new UserError(`Cannot read ${this.path}: tensor ${name} is missing`);
    }
    if (dtype !== undefined && info.dtype !== dtype) {
      throw new UserError(
        `Cannot read ${this.path}: tensor ${name} is ${info.dtype} and must be ${dtype}`,
      );
    }
    if (shape !== undefined && !sameNumbers(shape, info.shape)) {
      throw new UserError(
        `Cannot read ${this.path}: tensor ${name} has shape ${
          shapeText(info.shape)
        } and must have ${shapeText(shape)}`,
      );
    }
    return info;
  }

  /**
   * Reads elements [start, start + count) of an F32 tensor, counted in row-major order.
   *
   * @throws {UserError} There is no such F32 tensor, or the file has become shorter.
   * @throws {RangeError} The elements lie outside the tensor.
   */
  readFloats(name: string, start: number, count: number): Float32Array {
    return this.readElements(name, "F32", start, count);
  }

  /**
   * Reads elements [start, start + count) of a tensor, counted in row-major order.
   *
   * @throws {UserError} There is no such tensor of this dtype, or the file has become shorter.
   * @throws {RangeError} The elements lie outside the tensor.
   */
  readElements<D extends WritableDtype>(
    name: string,
    dtype: D,
    start: number,
    count: number,
  ): TensorArrays[D] {
    const info = this.info(name, dtype);
    const values = new ARRAYS[dtype](count);
    this.readBytes(info, BYTES[dtype]! * start, bytesOf(values));
    return values as TensorArrays[D];
  }

  /**
   * Reads the whole file, header and data, through the handle that later reads use: what it gives is of those bytes.
   *
   * @param read Is given the bytes in order; the array is overwritten by the next piece.
   * @throws {UserError} The file cannot be read.
   */
  async readWhole(read: (bytes: Uint8Array) => void): Promise<void> {
    const piece = new Uint8Array(WHOLE_PIECE_BYTES);
    for (let at = 0;; at += piece.length) {
      let count: number;
      try {
        count = readAt(this.#file, at, piece);
      } catch (error) {
        throw fileError("read", this.path, error);
      }
      read(piece.subarray(0, count));
      if (count < piece.length) return;
      // Gigabytes take seconds, in which signals and timers must have their turn.
      await setImmediate();
    }
  }

  /**
   * Fills `into` with a tensor's bytes from `byteOffset` on, counted from the tensor's first byte.
   *
   * @throws {UserError} The file has become shorter.
   * @throws {RangeError} The bytes lie outside the tensor.
   */
  readBytes(info: TensorInfo, byteOffset: number, into: Uint8Array): void {
    const inside = Number.isSafeInteger(byteOffset) && byteOffset >= 0 &&
      byteOffset + into.length <= info.byteLength;
    if (!inside) {
      throw new RangeError(
        `Cannot read bytes ${byteOffset} to ${
          byteOffset + into.length
        } of tensor ${info.name}: it has ${info.byteLength}`,
      );
    }
    if (readAt(this.#file, info.byteOffset + byteOffset, into) < into.length) {
      throw new UserError(`Cannot read ${this.path}: tensor ${info.name} is cut short`);
    }
  }

  /** Closes the file; reading afterwards throws. */
  close(): void {
    this.#file.close();
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

interface ParsedHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

type Refuse = (reason: string) => never;

/** Bytes of an element. */
export function elementBytes(dtype: WritableDtype): number {
  return BYTES[dtype]!;
}

function encodeHeader(
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push(["__metadata__", metadata]);
  const names = new Set(["__metadata__"]);
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    if (names.has(name)) {
      throw new TypeError(`Cannot write tensor ${name}: the name is reserved or used twice`);
    }
    names.add(name);
    const begin = end;
    end = begin + BYTES[dtype]! * shape.reduce((product, size) => product * size, 1);
    if (!shape.every(isCount) || !isCount(end)) {
      throw new RangeError(`Cannot write tensor ${name}: its shape is ${shapeText(shape)}`);
    }
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  // A list of members instead of an object, so that names such as "7" or "__proto__" keep their place.
  const members = entries.map(([name, value]) =>
    `${JSON.stringify(name)}:${JSON.stringify(value)}`
  );
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, 8);
  return header;
}

function readHeader(file: Deno.FsFile, fileSize: number, refuse: Refuse): ParsedHeader {
  const prefix = new Uint8Array(8);
  if (readAt(file, 0, prefix) < 8) refuse("it is shorter than a safetensors header");
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    refuse(`its header would have ${length} bytes, so it is not a safetensors file`);
  }
  if (8 + length > fileSize) refuse("it is cut short within its header");
  const bytes = new Uint8Array(length);
  if (readAt(file, 8, bytes) < length) refuse("it is cut short within its header");

  let text = "";
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    refuse("its header is not JSON");
  }
  if (!isRecord(header) || !text.startsWith("{")) refuse("its header is not a JSON object");
  const twice = repeatedKey(text);
  if (twice !== null) refuse(`tensor ${twice} occurs twice`);

  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorInfo>();
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === "__metadata__") {
      if (!isRecord(value)) refuse("its metadata are not an object");
      for (const [key, word] of Object.entries(value as Record<string, unknown>)) {
        if (typeof word !== "string") refuse(`metadata ${key} is not a string`);
        metadata.set(key, word as string);
      }
    } else {
      tensors.set(name, tensorInfo(name, value, 8 + length, refuse));
    }
  }
  checkLayout(tensors, 8 + length, fileSize, refuse);
  return { metadata, tensors };
}

function tensorInfo(name: string, value: unknown, dataStart: number, refuse: Refuse): TensorInfo {
  if (!isRecord(value)) return refuse(`tensor ${name} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    return refuse(`tensor ${name} has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return refuse(`tensor ${name} has the shape ${JSON.stringify(shape)}, not whole numbers`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return refuse(
      `tensor ${name} has the offsets ${JSON.stringify(offsets)}, not two whole numbers`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const byteLength = BYTES[dtype]! *
    (shape as number[]).reduce((product, size) => product * size, 1);
  if (end - begin !== byteLength) {
    return refuse(
      `tensor ${name} has ${end - begin} bytes where its shape ${
        shapeText(shape)
      } needs ${byteLength}`,
    );
  }
  return { name, dtype, shape, byteOffset: dataStart + begin, byteLength };
}

function checkLayout(
  tensors: ReadonlyMap<string, TensorInfo>,
  dataStart: number,
  fileSize: number,
  refuse: Refuse,
): void {
  const inOrder = [...tensors.values()].sort((a, b) =>
    a.byteOffset - b.byteOffset || a.byteLength - b.byteLength
  );
  let end = dataStart;
  for (const tensor of inOrder) {
    if (tensor.byteOffset < end) refuse(`tensor ${tensor.name} overlaps another`);
    if (tensor.byteOffset > end) refuse(`there is a gap before tensor ${tensor.name}`);
    end += tensor.byteLength;
  }
  if (end > fileSize) refuse(`it is cut short: it has ${fileSize} bytes and needs ${end}`);
  if (end < fileSize) refuse(`it has ${fileSize - end} bytes that belong to no tensor`);
}

/** The first key of the outer object that occurs twice, which `JSON.parse` hides. The text is valid JSON. */
function repeatedKey(text: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  let expectsKey = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/gs)) {
    if (token === "{" || token === "[") {
      depth++;
      expectsKey = depth === 1;
    } else if (token === "}" || token === "]") {
      depth--;
      expectsKey = false;
    } else if (token === ",") {
      expectsKey = depth === 1;
    } else if (expectsKey) {
      const key = JSON.parse(token) as string;
      if (seen.has(key)) return key;
      seen.add(key);
      expectsKey = false;
    }
  }
  return null;
}

/** Reads from a position until `into` is full or the file ends; returns the number of bytes read. */
function readAt(file: Deno.FsFile, position: number, into: Uint8Array): number {
  file.seekSync(position, fs.SeekMode.Start);
  let filled = 0;
  while (filled < into.length) {
    const read = file.readSync(into.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return filled;
}

function bytesOf(array: TensorChunk): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
