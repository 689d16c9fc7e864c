/**
 * Fields of text as bytes: splitting, numbers, quoting. For lines that are looked at one by one.
 *
 * @module
 */

const LF = 10, CR = 13, SPACE = 32, QUOTE = 34;
const MINUS = 45, ZERO = 48;

/** What {@link HEX} holds for a byte that is no hexadecimal digit. */
export const NOT_HEX = 16;

/** The value of each byte as a hexadecimal digit. */
export const HEX: Uint8Array = new Uint8Array(256).fill(NOT_HEX);
for (let d = 0; d < 16; d++) {
  HEX[d.toString(16).charCodeAt(0)] = d;
  HEX[d.toString(16).toUpperCase().charCodeAt(0)] = d;
}

/** The number that eight hexadecimal digits spell (unsigned), or -1 where one of them is no digit. */
export function eightHex(buffer: Uint8Array, p: number): number {
  const a = HEX[buffer[p]!]!, b = HEX[buffer[p + 1]!]!, c = HEX[buffer[p + 2]!]!;
  const d = HEX[buffer[p + 3]!]!, e = HEX[buffer[p + 4]!]!, f = HEX[buffer[p + 5]!]!;
  const g = HEX[buffer[p + 6]!]!, h = HEX[buffer[p + 7]!]!;
  if ((a | b | c | d | e | f | g | h) >= NOT_HEX) return -1;
  return ((a << 28) | (b << 24) | (c << 20) | (d << 16) | (e << 12) | (f << 8) | (g << 4) | h) >>>
    0;
}

/** The number that two decimal digits spell, or -1 where one of them is no digit. */
export function twoDigits(buffer: Uint8Array, p: number): number {
  const tens = buffer[p]! - ZERO, ones = buffer[p + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : -1;
}

/** The pieces of a line between separators; an empty line is one empty piece. */
export function splitFields(line: Uint8Array, separator: number): Uint8Array[] {
  const fields: Uint8Array[] = [];
  for (let at = 0; at <= line.length;) {
    const next = line.indexOf(separator, at);
    fields.push(line.subarray(at, next < 0 ? line.length : next));
    if (next < 0) break;
    at = next + 1;
  }
  return fields;
}

/**
 * The fields of a line; in one that stands in quotes, which are kept, separators are none.
 *
 * @param separator The byte between fields.
 */
export function splitQuoted(line: Uint8Array, separator: number): Uint8Array[] {
  const fields: Uint8Array[] = [];
  for (let at = 0; at <= line.length;) {
    const closed = line[at] === QUOTE ? closingQuote(line, at, separator) : -1;
    const next = closed < 0 ? line.indexOf(separator, at) : closed + 1;
    const end = next < 0 ? line.length : next;
    fields.push(line.subarray(at, end));
    if (next < 0) break;
    at = end + 1;
  }
  return fields;
}

/** The place of the quote that closes a field, where a separator or the end follows; -1 where there is none. */
export function closingQuote(line: Uint8Array, open: number, separator: number): number {
  for (let p = open + 1; p < line.length; p++) {
    if (line[p] !== QUOTE) continue;
    if (line[p + 1] === QUOTE) p++;
    else return p + 1 === line.length || line[p + 1] === separator ? p : -1;
  }
  return -1;
}

/**
 * The place of the line end that ends a row in which fields may stand in quotes, where line ends are part of them.
 *
 * @param from Where the row begins.
 * @param end Bytes that are there.
 * @param separators 1 at the bytes between fields.
 * @param spaces Whether spaces may stand behind the last field's quote.
 * @returns `end` if it lies further on, and -1 if a quote is not closed as it should be.
 */
export function quotedRowEnd(
  buffer: Uint8Array,
  from: number,
  end: number,
  separators: Uint8Array,
  spaces: boolean,
): number {
  for (let at = from; at < end; at++) {
    if (buffer[at] !== QUOTE) {
      while (at < end && buffer[at] !== LF && separators[buffer[at]!] === 0) at++;
      if (at === end || buffer[at] === LF) return at;
      continue;
    }
    const isClosing = () => buffer[at] === QUOTE && (at + 1 === end || buffer[at + 1] !== QUOTE);
    for (at++; at < end && !isClosing();) at += buffer[at] === QUOTE ? 2 : 1;
    // What follows the quote decides whether it closes the field.
    let behind = at + 1;
    if (behind >= end) return end;
    if (separators[buffer[behind]!] === 1) {
      at = behind;
      continue;
    }
    while (spaces && behind < end && buffer[behind] === SPACE) behind++;
    if (behind < end && buffer[behind] === CR) behind++;
    if (behind >= end) return end;
    return buffer[behind] === LF ? behind : -1;
  }
  return end;
}

/** A decimal integer of 1 to 15 digits, with a minus or without, or null. */
export function parseInteger(field: Uint8Array): number | null {
  const first = field[0] === MINUS ? 1 : 0;
  if (field.length === first || field.length - first > 15) return null;
  let value = 0;
  for (let i = first; i < field.length; i++) {
    const digit = field[i]! - ZERO;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return first === 1 ? -value : value;
}

/** A field for an error message: at most 20 bytes, everything unprintable escaped. */
export function quote(field: Uint8Array): string {
  let text = "";
  for (const byte of field.subarray(0, 20)) {
    text += byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}${field.length > 20 ? "…" : ""}"`;
}

/** What to say of a row with another number of columns. */
export function wrongColumns(found: number, wanted: number, row: string): string {
  return `the row has ${found} column${found === 1 ? "" : "s"} where ${row} has ${wanted}`;
}
