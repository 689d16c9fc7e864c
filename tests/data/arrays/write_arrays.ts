/** Writes `.npy` arrays and `.npz` archives, as NumPy does, from numbers made up by tests. */

import { crc32, deflateRawSync } from "node:zlib";

type Element = "i4" | "i8" | "f4" | "f8" | "u1";

const BYTES = { i4: 4, i8: 8, f4: 4, f8: 8, u1: 1 } as const;

export interface ArrayOptions {
  readonly fortranOrder?: boolean;
  /** Version of the format; 1 unless told. */
  readonly version?: 1 | 2;
}

/** A matrix (or, where rows are numbers, a vector) as the bytes of an `.npy` file. */
export function npy(
  type: Element,
  rows: readonly (number | readonly number[])[],
  { fortranOrder = false, version = 1 }: ArrayOptions = {},
): Uint8Array<ArrayBuffer> {
  const first = rows[0];
  const columns = typeof first === "object" ? first.length : 1;
  const shape = typeof first === "object" ? `(${rows.length}, ${columns})` : `(${rows.length},)`;
  const start = version === 1 ? 10 : 12;
  const descr = type === "u1" ? "|u1" : `<${type}`;
  let header = `{'descr': '${descr}', 'fortran_order': ${
    fortranOrder ? "True" : "False"
  }, 'shape': ${shape}, }`;
  header += " ".repeat((64 - (start + header.length + 1) % 64) % 64) + "\n";
  const bytes = new Uint8Array(start + header.length + rows.length * columns * BYTES[type]);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), start);
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < columns; j++) {
      const value = typeof row === "object" ? row[j]! : row;
      const place = fortranOrder ? j * rows.length + i : i * columns + j;
      const at = start + header.length + place * BYTES[type];
      if (type === "i4") view.setInt32(at, value, true);
      else if (type === "i8") view.setBigInt64(at, BigInt(value), true);
      else if (type === "f4") view.setFloat32(at, value, true);
      else if (type === "f8") view.setFloat64(at, value, true);
      else view.setUint8(at, value);
    }
  }
  return bytes;
}

/** An archive of arrays, as `savez` and `savez_compressed` write it: sizes in ZIP64 fields of the local headers. */
export function npz(
  arrays: Readonly<Record<string, Uint8Array>>,
  { compressed = false, zip64 = false } = {},
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [], directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(arrays)) {
    const data = compressed ? deflateRawSync(bytes) : bytes;
    const fileName = new TextEncoder().encode(`${name}.npy`);
    const sizes = [bytes.length, data.length];
    const local = header(30 + fileName.length + 20);
    local.u32(0, 0x04034b50).u16(4, 45).u16(8, compressed ? 8 : 0).u32(14, crc32(bytes));
    local.u32(18, 0xffffffff).u32(22, 0xffffffff).u16(26, fileName.length).u16(28, 20);
    local.bytes.set(fileName, 30);
    local.u16(30 + fileName.length, 1).u16(32 + fileName.length, 16);
    local.u64(34 + fileName.length, sizes[0]!).u64(42 + fileName.length, sizes[1]!);
    const extra = zip64 ? 28 : 0;
    const central = header(46 + fileName.length + extra);
    central.u32(0, 0x02014b50).u16(4, 45).u16(6, 45).u16(10, compressed ? 8 : 0);
    central.u32(16, crc32(bytes)).u16(28, fileName.length).u16(30, extra);
    central.u32(20, zip64 ? 0xffffffff : sizes[1]!).u32(24, zip64 ? 0xffffffff : sizes[0]!);
    central.u32(42, zip64 ? 0xffffffff : offset);
    central.bytes.set(fileName, 46);
    if (zip64) {
      const at = 46 + fileName.length;
      central.u16(at, 1).u16(at + 2, 24).u64(at + 4, sizes[0]!).u64(at + 12, sizes[1]!);
      central.u64(at + 20, offset);
    }
    parts.push(local.bytes, data);
    directory.push(central.bytes);
    offset += local.bytes.length + data.length;
  }
  const length = directory.reduce((sum, { length }) => sum + length, 0);
  const count = directory.length;
  const tail: Uint8Array[] = [];
  if (zip64) {
    const end64 = header(56);
    end64.u32(0, 0x06064b50).u64(4, 44).u16(12, 45).u16(14, 45).u64(24, count).u64(32, count);
    end64.u64(40, length).u64(48, offset);
    const locator = header(20);
    locator.u32(0, 0x07064b50).u64(8, offset + length).u32(16, 1);
    tail.push(end64.bytes, locator.bytes);
  }
  const end = header(22);
  end.u32(0, 0x06054b50).u16(8, count).u16(10, count);
  end.u32(12, zip64 ? 0xffffffff : length).u32(16, zip64 ? 0xffffffff : offset);
  return concat([...parts, ...directory, ...tail, end.bytes]);
}

function header(length: number) {
  const bytes = new Uint8Array(length), view = new DataView(bytes.buffer);
  const self = {
    bytes,
    u16: (at: number, value: number) => (view.setUint16(at, value, true), self),
    u32: (at: number, value: number) => (view.setUint32(at, value, true), self),
    u64: (at: number, value: number) => (view.setBigUint64(at, BigInt(value), true), self),
  };
  return self;
}

/** Rows of int32, one after another, and nothing else. */
export function int32Rows(rows: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return concat(rows.map((row) => new Uint8Array(Int32Array.from(row).buffer)));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
