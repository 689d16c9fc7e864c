/**
 * Arrow files whose buffers are packed with LZ4 or zstd, as pandas writes Feather, unpacked for a library that does not.
 *
 * A message's body is put together anew from its unpacked buffers; in its description the places of the buffers change, and
 * the member that says how they are packed goes.
 *
 * @module
 */

import { zstdDecompressSync } from "../../core/node.ts";
import { isArrowFile } from "../../core/arrow/bounds.ts";
import {
  type ArrowMessage,
  BODY_LENGTH,
  DICTIONARY_BATCH,
  messageAt,
  RECORD_BATCH,
} from "../../core/arrow/message.ts";
import { unpackLz4 } from "./lz4.ts";

/** Members of tables, by their places in the layout: Message.fbs. */
const BATCH_OF_DICTIONARY = 6, BUFFERS = 8, COMPRESSION = 10, CODEC = 4;
const LZ4 = 0, ZSTD = 1;
/** Before each packed buffer stands its length; this one is not packed. */
const STORED = -1;
const ALIGNMENT = 8;
const PREFIX_BYTES = 8;

/** A message that is to be written: its description, and what it describes. */
interface Unpacked {
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
  if (messages.every((message) => compressionOf(message) === null)) return bytes;
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
function* messagesOf(bytes: Uint8Array): Generator<ArrowMessage, void, void> {
  for (let start = isArrowFile(bytes) ? 8 : 0; start + 8 <= bytes.length;) {
    const message = messageAt(bytes, start);
    if (message === null) return;
    yield message;
    start = message.end;
  }
}

/** Where the batch of a message begins; null of other messages. */
function batchOf({ description, kind, header }: ArrowMessage): number | null {
  if (kind === RECORD_BATCH) return header;
  return kind === DICTIONARY_BATCH ? description.table(header)(BATCH_OF_DICTIONARY) : null;
}

/** The member of a message that says how its buffers are packed, or null. */
function compressionOf(message: ArrowMessage): number | null {
  const batch = batchOf(message);
  return batch === null ? null : message.description.table(batch)(COMPRESSION);
}

function unpackMessage(message: ArrowMessage, most: number): Unpacked {
  const compression = compressionOf(message), old = message.description;
  if (compression === null) return { description: old.bytes, body: message.body };
  const batch = batchOf(message)!;
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
