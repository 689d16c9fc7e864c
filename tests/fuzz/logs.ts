/**
 * Logs that something has happened to: texts in several formats are changed at random, by columns and lines as by bytes, and
 * read. The parsers must take the lines that the slow reader takes, with the same values, and refuse the others.
 */

import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { AvazuParser } from "../../data/avazu_parser.ts";
import { CriteoParser } from "../../data/criteo_parser.ts";
import { NO_LOOKUP } from "../../data/id_layout.ts";
import { RowBlock } from "../../data/row_block.ts";
import { type BadRow, MAX_LINE, type RowParser } from "../../data/row_parser.ts";
import { AVAZU_TEXT, avazuSchema, CRITEO_TEXT, criteoSchema } from "../../data/schema/known.ts";
import { LOG_SCHEMA_VERSION, type LogSchema } from "../../data/schema/log_schema.ts";
import { RowShape } from "../../data/schema/row_shape.ts";
import { SchemaParser } from "../../data/schema/schema_parser.ts";
import { Draw } from "./draw.ts";
import { HeaderRefused, readSlowly, type SlowReading, type SlowRow } from "./slow_reader.ts";
import type { Subject } from "./subject.ts";

/** What was run. */
export interface LogFuzzing {
  /** Texts read. */
  readonly cases: number;
  /** Rows that both readers took, with the same values. */
  readonly rows: number;
  /** Lines that both refused. */
  readonly refused: number;
}

/** A text that the readers read differently. */
export class LogFuzzFailure extends Error {
  /** To be run again: `fuzzLogs({ seed, from: number, cases: 1 })`. */
  readonly number: number;

  /** @param text What was read. */
  constructor(number: number, format: string, text: Uint8Array, cause: unknown) {
    const shown = JSON.stringify(new TextDecoder("latin1").decode(text)).slice(0, 2000);
    super(`Case ${number} (${format}): ${(cause as Error).message}\n${shown}`, { cause });
    this.number = number;
  }
}

/** Which texts. */
export interface LogFuzzOptions {
  /** An integer in [0, 2^32). */
  readonly seed: number;
  /** Number of the first text. Default 0. */
  readonly from?: number;
  /** How many. */
  readonly cases: number;
}

/**
 * Reads texts of some numbers; what text a number has depends on the seed alone.
 *
 * @throws LogFuzzFailure for the first that is read wrongly.
 */
export function fuzzLogs({ seed, from = 0, cases }: LogFuzzOptions): LogFuzzing {
  let rows = 0, refused = 0;
  for (let number = from; number < from + cases; number++) {
    const draw = new Draw(seed, number);
    const format = FORMATS[draw.below(FORMATS.length)]!;
    const text = mutateText(format.write(draw), format.schema.text!.separator, draw);
    try {
      const reading = check(format, text, draw);
      rows += reading.rows.length;
      refused += reading.bad.length;
    } catch (error) {
      throw new LogFuzzFailure(number, format.name, text, error);
    }
  }
  return { cases, rows, refused };
}

interface Format {
  readonly name: string;
  readonly schema: LogSchema;
  readonly maxLine: number;
  /** A text that is as it should be. */
  write(draw: Draw): string;
  create(onBad: (bad: BadRow) => void, shape: RowShape): RowParser;
}

const hex = (draw: Draw) => draw.below(2 ** 32).toString(16).padStart(draw.below(2) * 8, "0");
const few = (draw: Draw) => String(draw.below(30));
const lines = (draw: Draw, line: () => string[], separator: string, header?: readonly string[]) =>
  [
    ...(header === undefined ? [] : [header.join(separator)]),
    ...Array.from({ length: 1 + draw.below(8) }, () => line().join(separator)),
  ].map((text) => `${text}\n`).join("");

const CRITEO = criteoSchema({
  name: "criteo",
  text: CRITEO_TEXT,
  header: null,
  labelled: true,
  split: { by: "sevenths" },
}, "original");
const criteoRow = (draw: Draw) => [
  few(draw).slice(0, 1) === "1" ? "1" : "0",
  ...Array.from({ length: 13 }, () => draw.of(["", few(draw), `-${few(draw)}`, "123456"])),
  ...Array.from({ length: 26 }, () => draw.of(["", hex(draw), hex(draw)])),
];

const AVAZU = avazuSchema(
  {
    name: "avazu",
    text: { ...AVAZU_TEXT, header: false },
    header: null,
    labelled: true,
    split: { by: "random" },
  },
  "YYMMDDHH",
  true,
  "original",
);

const OWN: LogSchema = {
  schema_version: LOG_SCHEMA_VERSION,
  name: "own",
  text: { separator: ",", header: true, quotes: true, trailing: "stripped" },
  missing: ["NULL", "-"],
  columns: [
    { name: "item", kind: "categorical", ids: "text" },
    { name: "click", kind: "label" },
    { name: "price", kind: "dense" },
    { name: "count", kind: "dense", transform: "log", missing: -1 },
    { name: "user", kind: "categorical", ids: "decimal" },
    { name: "when", kind: "time", format: "ISO 8601", dense: "hour of day" },
    { name: "token", kind: "categorical", ids: "hexadecimal" },
    { name: "age", kind: "categorical", ids: "buckets", bounds: [1, 18, 65.5] },
    { name: "row", kind: "categorical", ids: "decimal", rows: { keep: 100 } },
  ],
};
const OWN_NAMES = OWN.columns.map(({ name }) => name);

const PLACED: LogSchema = {
  schema_version: LOG_SCHEMA_VERSION,
  name: "placed",
  text: { separator: ";", header: false, decimal: "," },
  columns: [
    { name: "stars", kind: "label", above: 3.5, position: 4 },
    { name: "user", kind: "categorical", ids: "decimal", position: 1 },
    { name: "time", kind: "time", format: "milliseconds", position: 5 },
    { name: "film", kind: "categorical", ids: "text", position: 2 },
    {
      name: "cast",
      kind: "categorical list",
      ids: "decimal",
      separator: "|",
      most: 2,
      position: 6,
    },
  ],
};

const STEPS: LogSchema = {
  schema_version: LOG_SCHEMA_VERSION,
  name: "steps",
  text: { separator: "\t", header: false },
  missing: ["-"],
  columns: [
    { name: "click", kind: "label" },
    { name: "seen", kind: "sequence", of: "item", separator: "^", steps: 3 },
    { name: "item", kind: "categorical", ids: "decimal" },
    { name: "user", kind: "categorical", ids: "text" },
    { name: "bought", kind: "sequence", of: "user", separator: " ", steps: 3 },
    { name: "price", kind: "dense" },
  ],
};

const schemaParser = (schema: LogSchema): Format["create"] => (onBad, shape) =>
  new SchemaParser(schema, shape, onBad, "text");

const FORMATS: readonly Format[] = [
  {
    name: "Criteo, fast",
    schema: CRITEO,
    maxLine: MAX_LINE,
    write: (draw) => lines(draw, () => criteoRow(draw), "\t"),
    create: (onBad) => new CriteoParser(onBad),
  },
  {
    name: "Criteo by schema",
    schema: { ...CRITEO, text: { separator: ",", header: false } },
    maxLine: 1 << 20,
    write: (draw) => lines(draw, () => criteoRow(draw), ","),
    create: schemaParser({ ...CRITEO, text: { separator: ",", header: false } }),
  },
  {
    name: "Avazu, fast",
    schema: AVAZU,
    maxLine: MAX_LINE,
    write: (draw) =>
      lines(draw, () => [
        String(draw.below(1e9)),
        few(draw).slice(0, 1) === "1" ? "1" : "0",
        `1410${draw.of(["21", "30"])}${draw.of(["00", "09", "23"])}`,
        ...AVAZU.columns.flatMap((column) =>
          column.kind !== "categorical" ? [] : [column.ids === "decimal" ? few(draw) : hex(draw)]
        ),
      ], ","),
    create: (onBad) => new AvazuParser(onBad),
  },
  {
    name: "own, with a header and quotes",
    schema: OWN,
    maxLine: 1 << 20,
    write: (draw) =>
      lines(
        draw,
        () => [
          draw.of(["tea", '"tea, green"', '"6"" pipe"', "NULL", "caf\xc3\xa9", '"two\nlines"']),
          draw.of(["0", "1", "-1", "true", "No"]),
          draw.of(["1.5", "-2e3", "0.001", ".5", ""]),
          few(draw),
          draw.of([few(draw), "-7", "007", "18446744073709551616", "12.0"]),
          draw.of(["2020-02-29", "2020-02-29 23:59:59", "2021-12-01T10:00:00Z"]),
          draw.of([hex(draw), "0xAB", "-"]),
          draw.of(["0", "18", "65.5", "-"]),
          draw.of(["0", "99", "50"]),
        ],
        ",",
        OWN_NAMES,
      ),
    create: schemaParser(OWN),
  },
  {
    name: "own, by position, without dense columns",
    schema: PLACED,
    maxLine: 1 << 20,
    write: (draw) =>
      lines(draw, () => [
        few(draw),
        draw.of(["Alien", "Up", "8\xc2\xbd"]),
        "passed over",
        draw.of(["1", "3,5", "4", "5"]),
        String(1_500_000_000_000 + draw.below(1e6)),
        draw.of(["", "7", "7|8", "9||7", "1|2|3", "[4| 7,0]", " [ ]", `${few(draw)}|-1`]),
      ], ";"),
    create: schemaParser(PLACED),
  },
  {
    name: "own, sequences",
    schema: STEPS,
    maxLine: 1 << 20,
    write: (draw) =>
      lines(draw, () => [
        draw.of(["0", "1", "y"]),
        draw.of(["", "-", "7", "1^2^3^4^5", "[8^ 9]", `${few(draw)}^-^${few(draw)}`]),
        draw.of([few(draw), "-"]),
        draw.of(["ann", "bob"]),
        draw.of(["", "ann", "bob ann bob ann"]),
        few(draw),
      ], "\t"),
    create: schemaParser(STEPS),
  },
];

/** The texts of each format, for whoever tries everything. */
export const LOGS: readonly Subject[] = FORMATS.map((format) => ({
  name: `log-${format.name.toLowerCase().replace(/\W+/g, "-")}`,
  make: (draw) => mutateText(format.write(draw), format.schema.text!.separator, draw),
  check: (input) => {
    const { rows, bad } = check(format, input, new Draw(input.length, 0));
    return bad.length === 0 && rows.length > 0 ? "accepted" : "refused";
  },
}));

/** Fields that files have where they should not. */
const FIELDS = [
  ...["", " ", "0", "1", "-1", "+1", "-", "+", ".", "1.", ".5", "1e5", "1e", "1e400", "-0", "007"],
  ...[
    "NULL",
    "null",
    "\\N",
    "NaN",
    "nan",
    "None",
    "NA",
    "inf",
    "-inf",
    "0x",
    "0x1F",
    "0X1f",
    "ffff",
  ],
  ...["ffffffff", "100000000", "4294967296", "2147483648", "-2147483648", "-2147483649", "3.0"],
  ...["1234567890123456789", "0.30000000000000004", "123456789.123456789", "9007199254740993"],
  ...[
    "true",
    "False",
    "YES",
    "1,5",
    "1,0",
    "[1|2]",
    "[",
    '"a\nb"',
    '"\n',
    "\xff",
    "\0",
    "\xc3\xa9",
    '"',
    '""',
    '"a"',
    '"a',
    'a"',
    '"a""b"',
    '","',
  ],
  ...["14102124", "14130100", "2020-02-30", "2020-01-01 24:00", "2020-01-01T00:00:00+01:00"],
  ...[
    "1500000000",
    "99",
    "100",
    "x".repeat(300),
    "1\r",
    "\r",
    "1".repeat(400),
    "0".repeat(30) + "7",
  ],
];

/** Changes a text up to five times, a byte a character, by fields and lines as by bytes. */
export function mutateText(text: string, separator: string, draw: Draw): Uint8Array {
  for (let changes = draw.below(6); changes > 0; changes--) {
    const rows = text.split("\n");
    const at = draw.below(rows.length);
    const fields = rows[at]!.split(separator), f = draw.below(fields.length);
    switch (draw.below(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        fields[f] = draw.of(FIELDS);
        rows[at] = fields.join(separator);
        break;
      case 4:
        fields.splice(f, 1);
        rows[at] = fields.join(separator);
        break;
      case 5:
        fields.splice(f, 0, draw.of(FIELDS));
        rows[at] = fields.join(separator);
        break;
      case 6:
        rows[at] = rows[at]!.split(separator).join(draw.of(["\t", ",", ";", " ", "|"]));
        break;
      case 7:
        rows[at] += draw.of(["\r", separator, " ", `${separator}${separator}`, "  "]);
        break;
      case 8:
        rows.splice(at, 0, draw.of(["", "\r", " ", rows[at]!, "x".repeat(5000)]));
        break;
      case 9:
        rows.splice(at, 1);
        break;
      case 10: {
        const byte = draw.below(text.length + 1);
        text = text.slice(0, byte) + String.fromCharCode(draw.below(256)) +
          text.slice(byte + draw.below(2));
        continue;
      }
      case 11:
        text = text.slice(0, draw.below(text.length + 1));
        continue;
      case 12: {
        const other = draw.below(fields.length);
        [fields[f], fields[other]] = [fields[other]!, fields[f]!];
        rows[at] = fields.join(separator);
        break;
      }
      default:
        text = draw.of(["\xef\xbb\xbf", "", "\n", "\r\n"]) +
          (draw.below(2) === 0 ? text : text.replaceAll("\n", "\r\n"));
        continue;
    }
    text = rows.join("\n");
  }
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Reads a text by parser and slowly, and compares. */
function check(format: Format, text: Uint8Array, draw: Draw): SlowReading {
  let slow: SlowReading | null = null;
  try {
    slow = readSlowly(text, format.schema, format.maxLine);
  } catch (error) {
    if (!(error instanceof HeaderRefused)) throw error;
  }
  const fast = parse(format, text, draw);
  assert.equal(fast === null, slow === null, "one of the readers refuses the header");
  if (fast === null || slow === null) return { rows: [], bad: [] };
  assert.deepEqual(fast.bad, slow.bad, "bad lines");
  assert.deepEqual(fast.rows, slow.rows, "rows");
  return slow;
}

/** Blocks are large, and there is one for each shape. */
const BLOCKS = new Map<LogSchema, RowBlock>();

/** Gives a parser a text in pieces of any length; false if it refuses the header. */
export function readInPieces(
  parser: RowParser,
  block: RowBlock,
  text: Uint8Array,
  draw: Draw,
): boolean {
  try {
    for (let from = 0; from < text.length;) {
      const to = Math.min(text.length, from + 1 + draw.below(2 * text.length));
      parser.feed(text.slice(from, to));
      parser.parse(block);
      from = to;
    }
    parser.finish();
    parser.parse(block);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** What a parser makes of a text in pieces; null if it refuses the header. */
function parse(format: Format, text: Uint8Array, draw: Draw): SlowReading | null {
  const shape = new RowShape(format.schema, 0);
  let block = BLOCKS.get(format.schema);
  if (block === undefined) {
    BLOCKS.set(format.schema, block = new RowBlock(shape.dense.length, shape.places));
  }
  block.rows = 0;
  const bad: number[] = [];
  const parser = format.create((row) => bad.push(row.line), shape);
  if (!readInPieces(parser, block, text, draw)) return null;
  assert.equal(parser.rows, block.rows);
  return { rows: Array.from({ length: block.rows }, (_, r) => rowOf(block, shape, r)), bad };
}

function rowOf(block: RowBlock, shape: RowShape, r: number): SlowRow {
  return {
    label: block.labels[r]!,
    dense: shape.dense.map((_, j) => block.dense[j * block.stride + r]!),
    ids: shape.tables.map((column, t) => {
      const codes = Array.from(
        { length: shape.lookups[t]! },
        (_, p) => block.ids[(shape.firsts[t]! + p) * block.stride + r]!,
      );
      const own = column.kind === "categorical list" || shape.perStep[t];
      const ids = own ? codes.filter((code) => code !== NO_LOOKUP) : codes;
      // Places without an id lie behind a list and before a sequence.
      const from = shape.perStep[t] ? codes.length - ids.length : 0;
      assert.deepEqual(codes.slice(from, from + ids.length), ids);
      return ids.map((code) => idText(shape, t, code)).join(" ");
    }),
  };
}

/** What a code of a table stands for, as the slow reader says it. */
function idText(shape: RowShape, t: number, code: number): string {
  const column = shape.tables[t]!, { dictionary } = shape.coders[t]!;
  if (dictionary !== null) {
    const text = latin1(dictionary.text(code));
    if (text === "") return "missing";
    return column.ids === "text" ? `=${text}` : text;
  }
  if (column.bits !== 32) return String(code);
  return column.ids === "hexadecimal" ? code.toString(16) : String(code | 0);
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
