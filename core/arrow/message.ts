/**
 * Messages of Arrow IPC files and streams: what each describes, and where its body lies.
 *
 * Layouts: https://github.com/apache/arrow/tree/main/format (Message.fbs), and "Encapsulated message format" in
 * https://arrow.apache.org/docs/format/Columnar.html.
 *
 * @module
 */

import { FlatBuffer } from "./flatbuffer.ts";

/** Kinds of messages. */
export const SCHEMA = 1, DICTIONARY_BATCH = 2, RECORD_BATCH = 3;
/** Members of a message. */
const KIND = 6, HEADER = 8;
/** The member that says how long the body is, by its place in the layout. */
export const BODY_LENGTH = 10;

/** A message: its description, and what it describes. */
export interface ArrowMessage {
  readonly description: FlatBuffer;
  /** One of the kinds, or another number; 0 where nothing is described. */
  readonly kind: number;
  /** Where the table of that kind begins; 0 where there is none. */
  readonly header: number;
  readonly body: Uint8Array;
  /** The place behind it. */
  readonly end: number;
}

/**
 * The message that begins at a place.
 *
 * @returns Null for the mark that ends a stream.
 * @throws {RangeError} The message does not lie within the bytes.
 */
export function messageAt(bytes: Uint8Array, start: number): ArrowMessage | null {
  const whole = new FlatBuffer(bytes);
  const marked = whole.int32(start) === -1;
  const length = whole.int32(marked ? start + 4 : start);
  if (length === 0) return null;
  const from = start + (marked ? 8 : 4), to = from + length;
  if (length < 0 || to > bytes.length) throw new RangeError("a message is cut short");
  const description = new FlatBuffer(bytes.subarray(from, to));
  const members = description.table(0);
  const kind = members(KIND), header = members(HEADER), body = members(BODY_LENGTH);
  const end = to + (body === null ? 0 : description.int64(body));
  if (end > bytes.length) throw new RangeError("a message is cut short");
  return {
    description,
    kind: kind === null || header === null ? 0 : description.uint8(kind),
    header: header ?? 0,
    body: bytes.subarray(to, end),
    end,
  };
}
