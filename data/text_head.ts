/**
 * What the first lines of a text look like between possible separators.
 *
 * @module
 */

import { closingQuote, quote, quotedRowEnd, splitFields, splitQuoted } from "./fields.ts";
import { isNumberText } from "./numbers.ts";
import { readHead, type TextFile } from "./text_source.ts";

const LF = 10, CR = 13, SPACE = 32, QUOTE = 34;

/** Separators that are looked for, with their names for messages. */
export const SEPARATORS: readonly (readonly [separator: string, name: string])[] = [
  ["\t", "TABs"],
  [",", "commas"],
  [";", "semicolons"],
  ["|", "bars"],
  [" ", "spaces"],
  ["\x01", "^A"],
];

/** The same by their bytes, without the space, behind which a quote may stand in any text. */
const BETWEEN = new Uint8Array(256);
for (const [separator] of SEPARATORS) if (separator !== " ") BETWEEN[separator.charCodeAt(0)] = 1;

/** Lines that are looked into. */
const LINES = 2000;

/** The first lines, cut at one separator. */
export interface SeparatedHead {
  readonly separator: string;
  /** The fields of the first line, quotes taken off. */
  readonly names: readonly string[];
  /** Columns of the longest line. */
  readonly most: number;
  /** Every line of the longest ends with a separator. */
  readonly endsEmpty: boolean;
  /** Lines have fewer columns than the longest, and none ends with a separator: empty columns at the end were stripped. */
  readonly ragged: boolean;
  /** The first column (counted from 1, with an example) in which fields are lists of words or numbers, or null. */
  readonly listColumn: string | null;
}

/** The beginning of a text. */
export interface Head {
  /** Whole lines, without the one that the end of what was read cuts. */
  readonly text: Uint8Array;
  /** The same, line by line, without line ends, up to some number. */
  readonly lines: readonly Uint8Array[];
  /** Fields stand in double quotes, all of them or some. */
  readonly quoted: boolean;
  /** All lines end with a space. */
  readonly endsInSpace: boolean;
  readonly separated: readonly SeparatedHead[];
}

/** Looks at the beginning of a file's text. */
export async function headOf(file: TextFile): Promise<Head> {
  const { bytes, whole } = await readHead(file);
  const end = bytes.lastIndexOf(LF) + 1;
  // A single line longer than what was read is looked at as far as it goes.
  const text = whole || end === 0 ? bytes : bytes.subarray(0, end);
  const start = text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf ? 3 : 0;
  const body = text.subarray(start);
  const rows = linesOf(body, true);
  // A quote that closes on another line than it opens on is one of a field.
  const quoted = rows.some((row) => row.includes(LF) || hasQuotes(row));
  const lines = quoted ? rows : linesOf(body, false);
  return {
    text,
    lines,
    quoted,
    endsInSpace: lines.length > 0 && lines.every((line) => line.at(-1) === SPACE),
    separated: SEPARATORS.map(([separator]) => separate(lines, separator, quoted)),
  };
}

/** The first lines that are not empty. Within quotes a line end is none. */
function linesOf(text: Uint8Array, quoted: boolean): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < text.length && lines.length < LINES;) {
    const line = text.indexOf(LF, at),
      row = quoted ? quotedRowEnd(text, at, text.length, BETWEEN, true) : -1;
    const end = row >= 0 && row < text.length ? row : line < 0 ? text.length : line;
    const whole = text.subarray(at, end > at && text[end - 1] === CR ? end - 1 : end);
    if (whole.length > 0) lines.push(whole);
    at = end + 1;
  }
  return lines;
}

/** What a text is that has no columns between separators, and what to do; or null. */
export function notSeparated({ text, lines }: Head): string | null {
  if (text.includes(0)) {
    return "it is no text, because there is a byte of 0 in it, and no other file that is known here";
  }
  const first = decoder.decode(lines[0] ?? new Uint8Array(0));
  if (looksLikeJson(first)) return "it is JSON; write its rows as CSV or Parquet first";
  if (!text.includes(LF) && text.subarray(0, -1).includes(CR)) {
    return "its lines end with CR alone; convert them with tr '\\r' '\\n' first";
  }
  if (lines.length > 0 && lines.slice(0, 100).every((line) => SPARSE.test(decoder.decode(line)))) {
    return "its lines are those of libsvm (label number:value …); write its rows as CSV or Parquet first";
  }
  return null;
}

/**
 * The names in the first line, where it is a header: words that differ, and no numbers. No row of the logs that are known here
 * is without a number.
 */
export function headerOf({ names }: SeparatedHead): readonly string[] | null {
  const words = names.filter((name) => name !== "");
  const header = 2 * words.length > names.length && new Set(words).size === words.length &&
    !words.some(isNumberText);
  return header ? names : null;
}

/** Whether a line begins an object, or a list of them. */
export function looksLikeJson(line: string): boolean {
  return /^\s*(\{\s*"|\[\s*\{)/.test(line);
}

/** A line of libsvm's. */
const SPARSE = /^[-+\d.]+( (qid|\d+):[-+\d.eE]+)+ *$/;

/** Whether a line begins with a quote, or has a field in quotes between separators other than spaces. */
function hasQuotes(line: Uint8Array): boolean {
  for (let at = line.indexOf(QUOTE); at >= 0; at = line.indexOf(QUOTE, at + 1)) {
    if (at === 0) return true;
    const before = line[at - 1]!;
    const between = before !== SPACE &&
      SEPARATORS.some(([separator]) => separator.charCodeAt(0) === before);
    if (between && closingQuote(line, at, before) >= 0) return true;
  }
  return false;
}

function separate(lines: readonly Uint8Array[], separator: string, quoted: boolean): SeparatedHead {
  const byte = separator.charCodeAt(0);
  const rows = lines.map((line) => {
    let end = line.length;
    while (end > 0 && line[end - 1] === SPACE && byte !== SPACE) end--;
    const trimmed = line.subarray(0, end);
    return quoted ? splitQuoted(trimmed, byte) : splitFields(trimmed, byte);
  });
  const most = rows.reduce((most, { length }) => Math.max(most, length), 0);
  const longest = rows.filter(({ length }) => length === most);
  const some = rows.some(({ length }) => length < most && 3 * length > most);
  return {
    separator,
    names: (rows[0] ?? []).map((field) => decoder.decode(field).trim().replace(/^"(.*)"$/, "$1")),
    most,
    endsEmpty: longest.every((fields) => fields.at(-1)!.length === 0),
    ragged: some && rows.every((fields) => fields.at(-1)!.length > 0),
    listColumn: listColumn(rows, separator),
  };
}

const LIST = /^[\w.-]+([,;|^ ][\w.-]+)+$/;

function listColumn(rows: readonly (readonly Uint8Array[])[], separator: string): string | null {
  for (const fields of rows.slice(0, 100)) {
    const at = fields.findIndex((field) => LIST.test(decoder.decode(field)));
    if (at >= 0 && separator !== " ") return `${at + 1} (${quote(fields[at]!)})`;
  }
  return null;
}

const decoder = new TextDecoder();
