/** Packs the buffers of Arrow streams, which the library of the tests does not. */

import { FlatBuffer } from "../../../core/arrow/flatbuffer.ts";

/** How buffers are packed, by the codes of Message.fbs. */
export type Codec = "lz4" | "zstd";

const padded = (length: number) => length + (-length & 7);

/**
 * A stream whose record batches and dictionaries are packed.
 *
 * @param pack Packs a buffer; null leaves it as it is, which the format allows.
 */
export function packStream(
  stream: Uint8Array,
  codec: Codec,
  pack: (buffer: Uint8Array) => Uint8Array | null,
): Uint8Array {
  const parts: Uint8Array[] = [];
  const whole = new FlatBuffer(stream);
  for (let at = 0; at + 8 <= stream.length && whole.int32(at + 4) > 0;) {
    const length = whole.int32(at + 4);
    const description = stream.subarray(at + 8, at + 8 + length), old = new FlatBuffer(description);
    const message = old.table(0), bodyLength = message(10);
    const size = bodyLength === null ? 0 : old.int64(bodyLength);
    const body = stream.subarray(at + 8 + length, at + 8 + length + size);
    at += 8 + length + size;
    const kind = old.uint8(message(6)!);
    const batch = kind === 3 ? message(8)! : kind === 2 ? old.table(message(8)!)(6)! : null;
    const changed = batch === null
      ? { description, body }
      : packBatch(old, batch, body, codec, pack);
    const mark = new Int32Array([-1, padded(changed.description.length)]);
    const filled = new Uint8Array(padded(changed.description.length));
    filled.set(changed.description);
    parts.push(new Uint8Array(mark.buffer), filled, changed.body);
  }
  parts.push(new Uint8Array(new Int32Array([-1, 0]).buffer));
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function packBatch(
  old: FlatBuffer,
  batch: number,
  body: Uint8Array,
  codec: Codec,
  pack: (buffer: Uint8Array) => Uint8Array | null,
) {
  const start = old.start(batch), vector = old.table(batch)(8)!;
  const base = padded(old.bytes.length);
  // A layout with a fourth member, and behind it the table of the codec, whose layout stands before it.
  const description = new Uint8Array(base + 32), view = new DataView(description.buffer);
  description.set(old.bytes);
  const layout = start - old.int32(start), size = view.getUint16(layout, true);
  description.copyWithin(base, layout, layout + Math.min(size, 14));
  view.setUint16(base, Math.max(size, 14), true);
  const table = base + 24, codecLayout = base + 16;
  view.setUint16(codecLayout, 6, true);
  view.setUint16(codecLayout + 2, 5, true);
  view.setUint16(codecLayout + 4, 4, true);
  view.setInt32(table, table - codecLayout, true);
  view.setInt8(table + 4, codec === "lz4" ? 0 : 1);
  // The member holds the way to its table, in the last four bytes.
  const member = base + 28 + 4;
  const grown = new Uint8Array(padded(member + 4));
  grown.set(description);
  const last = new DataView(grown.buffer);
  last.setUint16(base + 10, member - start, true);
  last.setInt32(start, start - base, true);
  last.setInt32(member, table - member, true);
  const buffers: Uint8Array[] = [];
  const first = vector + old.int32(vector);
  let end = 0;
  for (let i = 0; i < old.int32(first); i++) {
    const place = first + 4 + 16 * i;
    const from = old.int64(place), buffer = body.subarray(from, from + old.int64(place + 8));
    const packed = buffer.length === 0 ? null : pack(buffer);
    const whole = new Uint8Array(buffer.length === 0 ? 0 : 8 + (packed ?? buffer).length);
    if (buffer.length > 0) {
      const length = packed === null ? -1n : BigInt(buffer.length);
      new DataView(whole.buffer).setBigInt64(0, length, true);
      whole.set(packed ?? buffer, 8);
    }
    last.setBigInt64(place, BigInt(end), true);
    last.setBigInt64(place + 8, BigInt(whole.length), true);
    buffers.push(whole);
    end += padded(whole.length);
  }
  const packedBody = new Uint8Array(end);
  let at = 0;
  for (const buffer of buffers) {
    packedBody.set(buffer, at);
    at += padded(buffer.length);
  }
  last.setBigInt64(old.table(0)(10)!, BigInt(end), true);
  return { description: grown, body: packedBody };
}
