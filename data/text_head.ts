/**
 * What the first lines of a text look like between possible separators.
 *
 * @module
 */

import { quote, splitFields } from "./fields.ts";
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
  /** Fields stand in double quotes. */
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
  const lines = splitFields(text.subarray(start), LF)
    .map((line) => line.at(-1) === CR ? line.subarray(0, -1) : line)
    .filter((line) => line.length > 0)
    .slice(0, LINES);
  return {
    text,
    lines,
    quoted: lines.some((line) => line[0] === QUOTE),
    endsInSpace: lines.length > 0 && lines.every((line) => line.at(-1) === SPACE),
    separated: SEPARATORS.map(([separator]) => separate(lines, separator)),
  };
}

function separate(lines: readonly Uint8Array[], separator: string): SeparatedHead {
  const byte = separator.charCodeAt(0);
  const rows = lines.map((line) => {
    let end = line.length;
    while (end > 0 && line[end - 1] === SPACE && byte !== SPACE) end--;
    return splitFields(line.subarray(0, end), byte);
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
