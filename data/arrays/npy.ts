/**
 * NumPy's `.npy` format: what its header says, and its numbers as float64. Source: numpy.lib.format, versions 1 to 3.
 *
 * @module
 */

/** Types of elements that are read, as `descr` names them without the byte order. */
export const NPY_TYPES = {
  b1: 1,
  i1: 1,
  u1: 1,
  i2: 2,
  u2: 2,
  f2: 2,
  i4: 4,
  u4: 4,
  f4: 4,
  i8: 8,
  u8: 8,
  f8: 8,
} as const;

/** A type of elements. */
export type NpyType = keyof typeof NPY_TYPES;

/** What a header says of the array behind it. */
export interface NpyHeader {
  readonly type: NpyType;
  /** Sizes of the dimensions. */
  readonly shape: readonly number[];
  /** Whether the first index varies fastest (column after column of a matrix). */
  readonly fortranOrder: boolean;
  /** Bytes before the first element. */
  readonly headerBytes: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Bytes that hold any header of an array of numbers; NumPy pads them to a multiple of 64. */
export const NPY_HEAD_BYTES = 4096;

/** Whether bytes begin as an `.npy` file does. */
export function isNpy(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * Reads a header. Gives a reason in words where it cannot: `it is …`.
 *
 * @param head The first {@link NPY_HEAD_BYTES} bytes, or all there are.
 */
export function parseNpyHeader(head: Uint8Array): NpyHeader | string {
  if (!isNpy(head)) return "it does not begin as a .npy array does";
  const version = head[6]!;
  if (version < 1 || version > 3) return `it has version ${version} of the .npy format, not 1 to 3`;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const start = version === 1 ? 10 : 12;
  if (head.length < start) return "its header is cut short";
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > head.length) {
    return head.length < NPY_HEAD_BYTES
      ? "its header is cut short"
      : `its header has ${length} bytes, more than an array of numbers needs`;
  }
  const text = new TextDecoder("latin1").decode(head.subarray(start, start + length));
  const descr = /'descr':\s*'([<>|=]?)(\w+)'/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text);
  if (descr === null || order === null || shape === null) {
    return "its header does not name one type, an order and a shape";
  }
  const [, endian, type] = descr;
  if (!(type! in NPY_TYPES)) return `its elements are ${type}, not integers or floats`;
  if (endian === ">") return "its elements are big-endian";
  return {
    type: type as NpyType,
    shape: shape[1]!.split(",").map((size) => size.trim()).filter((size) => size !== "").map(
      Number,
    ),
    fortranOrder: order[1] === "True",
    headerBytes: start + length,
  };
}

/**
 * Elements of an array as float64: exact but for integers beyond 2^53, which are rounded.
 *
 * @param bytes The elements, from a multiple of 8 within their buffer.
 * @param at Place of the first in `into`, and how far apart they are put.
 */
export function decodeNumbers(
  type: NpyType,
  bytes: Uint8Array,
  into: Float64Array,
  at: number,
  stride: number,
): void {
  const count = bytes.length / NPY_TYPES[type];
  const { buffer, byteOffset } = bytes;
  if (type === "i8" || type === "u8") {
    const words = new Uint32Array(buffer, byteOffset, 2 * count);
    for (let i = 0; i < count; i++) {
      const high = type === "i8" ? words[2 * i + 1]! | 0 : words[2 * i + 1]!;
      into[at + i * stride] = high * 2 ** 32 + words[2 * i]!;
    }
    return;
  }
  const numbers = view(type, buffer, byteOffset, count);
  for (let i = 0; i < count; i++) into[at + i * stride] = numbers[i]!;
}

function view(
  type: Exclude<NpyType, "i8" | "u8">,
  buffer: ArrayBufferLike,
  offset: number,
  count: number,
): ArrayLike<number> {
  switch (type) {
    case "b1":
    case "u1":
      return new Uint8Array(buffer, offset, count);
    case "i1":
      return new Int8Array(buffer, offset, count);
    case "i2":
      return new Int16Array(buffer, offset, count);
    case "u2":
      return new Uint16Array(buffer, offset, count);
    case "f2":
      return new Float16Array(buffer, offset, count);
    case "i4":
      return new Int32Array(buffer, offset, count);
    case "u4":
      return new Uint32Array(buffer, offset, count);
    case "f4":
      return new Float32Array(buffer, offset, count);
    case "f8":
      return new Float64Array(buffer, offset, count);
  }
}
