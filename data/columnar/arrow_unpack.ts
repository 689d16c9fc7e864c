/**
 * Arrow files whose buffers are packed with LZ4 or zstd, as pandas writes Feather, unpacked for a library that does not.
 *
 * A message's body is put together anew from its unpacked buffers; in its description the places of the buffers change, and
 * the member that says how they are packed goes.
 *
 * @module
 */

import { zstdDecompressSync } from "node:zlib";
import { DICTIONARY_BATCH, isArrowFile, RECORD_BATCH } from "../../core/arrow/bounds.ts";
import { FlatBuffer } from "../../core/arrow/flatbuffer.ts";
import { unpackLz4 } from "./lz4.ts";

/** Members of tables, by their places in the layout: Message.fbs. */
const KIND = 6, HEADER = 8, BODY_LENGTH = 10;
const BATCH_OF_DICTIONARY = 6, BUFFERS = 8, COMPRESSION = 10, CODEC = 4;
const LZ4 = 0, ZSTD = 1;
/** Before each packed buffer stands its length; this one is not packed. */
const STORED = -1;
const ALIGNMENT = 8;
const PREFIX_BYTES = 8;

/** A message of a stream: its description, and what it describes. */
interface Message {
  readonly description: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * The same as a stream that is not packed.
 *
 * @param bytes A file or a stream within its bounds.
 * @param most Bytes that it may have unpacked.
 * @returns The bytes themselves where nothing is packed.
 * @throws {RangeError} What is packed is damaged, has too many bytes, or is packed otherwise.
 */
export function unpackArrow(bytes: Uint8Array, most: number): Uint8Array {
  const messages = [...messagesOf(bytes)];
  if (!messages.some(({ description }) => compressionOf(description) !== null)) return bytes;
  let left = most;
  const parts = messages.flatMap((message) => {
    const { description, body } = unpackMessage(message, left);
    left -= body.length;
    const padded = padding(description.length);
    const mark = new Int32Array([-1, description.length + padded]);
    return [new Uint8Array(mark.buffer), description, new Uint8Array(padded), body];
  });
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0) + ALIGNMENT);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  // What is left are zeros behind a mark: the end of the stream.
  all.fill(0xff, at, at + 4);
  return all;
}

/** The messages of a stream; a file has one behind its first eight bytes. */
function* messagesOf(bytes: Uint8Array): Generator<Message, void, void> {
  const whole = new FlatBuffer(bytes);
  for (let start = isArrowFile(bytes) ? 8 : 0; start + 8 <= bytes.length;) {
    const marked = whole.int32(start) === -1;
    const length = whole.int32(marked ? start + 4 : start);
    const from = start + (marked ? 8 : 4);
    if (length <= 0) return;
    const description = bytes.subarray(from, from + length);
    const bodyLength = new FlatBuffer(description).table(0)(BODY_LENGTH);
    const body = bodyLength === null ? 0 : new FlatBuffer(description).int64(bodyLength);
    start = from + length + body;
    if (start > bytes.length) throw new RangeError("a message is cut short");
    yield { description, body: bytes.subarray(from + length, start) };
  }
}

/** Where the batch of a message begins; null of other messages. */
function batchOf(description: FlatBuffer): number | null {
  const message = description.table(0), kind = message(KIND), header = message(HEADER);
  if (kind === null || header === null) return null;
  const found = description.uint8(kind);
  if (found === RECORD_BATCH) return header;
  return found === DICTIONARY_BATCH ? description.table(header)(BATCH_OF_DICTIONARY) : null;
}

/** The member of a message that says how its buffers are packed, or null. */
function compressionOf(description: Uint8Array): number | null {
  const buffer = new FlatBuffer(description), batch = batchOf(buffer);
  return batch === null ? null : buffer.table(batch)(COMPRESSION);
}

function unpackMessage(message: Message, most: number): Message {
  const compression = compressionOf(message.description);
  if (compression === null) return message;
  const old = new FlatBuffer(message.description), batch = batchOf(old)!;
  const codecAt = old.table(compression)(CODEC),
    codec = codecAt === null ? LZ4 : old.uint8(codecAt);
  const start = old.start(batch), layout = start - old.int32(start);
  // Tables may share a layout, so the batch gets one of its own, behind everything else.
  const layoutBytes = new DataView(old.bytes.buffer, old.bytes.byteOffset).getUint16(layout, true);
  const moved = old.bytes.length + padding(old.bytes.length);
  const description = new Uint8Array(moved + layoutBytes);
  description.set(old.bytes);
  description.copyWithin(moved, layout, layout + layoutBytes);
  const view = new DataView(description.buffer);
  view.setInt32(start, start - moved, true);
  view.setUint16(moved + COMPRESSION, 0, true);
  const vector = old.table(batch)(BUFFERS), buffers: Uint8Array[] = [];
  let end = 0;
  if (vector !== null) {
    const first = vector + old.int32(vector);
    for (let i = 0; i < old.int32(first); i++) {
      const place = first + 4 + 16 * i;
      const from = old.int64(place), length = old.int64(place + 8);
      const buffer = unpackBuffer(message.body.subarray(from, from + length), codec, most - end);
      view.setBigInt64(place, BigInt(end), true);
      view.setBigInt64(place + 8, BigInt(buffer.length), true);
      buffers.push(buffer);
      end += buffer.length + padding(buffer.length);
    }
  }
  const bodyLength = old.table(0)(BODY_LENGTH);
  if (bodyLength !== null) view.setBigInt64(bodyLength, BigInt(end), true);
  const body = new Uint8Array(end);
  let at = 0;
  for (const buffer of buffers) {
    body.set(buffer, at);
    at += buffer.length + padding(buffer.length);
  }
  return { description, body };
}

function unpackBuffer(packed: Uint8Array, codec: number, most: number): Uint8Array {
  if (packed.length === 0) return packed;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const length = Number(view.getBigInt64(0, true)), rest = packed.subarray(PREFIX_BYTES);
  if (length === STORED) return rest;
  if (!(length >= 0 && length <= most)) throw new RangeError("it has too many bytes unpacked");
  if (codec === LZ4) return unpackLz4(rest, length);
  if (codec !== ZSTD) throw new RangeError("its columns are packed in a way that is not known");
  const buffer = zstdDecompressSync(rest, { maxOutputLength: Math.max(1, length) });
  if (buffer.length !== length) {
    throw new RangeError(`a column has ${buffer.length} bytes and not ${length}`);
  }
  return buffer;
}

/** Bytes up to the next multiple of eight. */
function padding(length: number): number {
  return -length & (ALIGNMENT - 1);
}
