/**
 * Separated text by a schema, from bytes, without a string a row.
 *
 * A line is scanned field by field; what a field means is compiled from the schema into a code for each place. Lines that
 * are out of the ordinary (a doubled quote, a column too few, a field that does not read) are looked at again one by one,
 * which says what is wrong with them.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import {
  closingQuote,
  eightHex,
  quote,
  quotedRowEnd,
  splitFields,
  splitQuoted,
  wrongColumns,
} from "../fields.ts";
import { BAD_ID, type IdCoder } from "../ids/id_coder.ts";
import { isNumberText, MAX_FLOAT, parseNumber } from "../numbers.ts";
import { NO_LOOKUP } from "../id_layout.ts";
import type { RowBlock } from "../row_block.ts";
import { looksLikeJson } from "../text_head.ts";
import { type BadField, type BadRow, RowParser } from "../row_parser.ts";
import { parseLabel } from "./labels.ts";
import { Markers } from "./markers.ts";
import {
  hintOf,
  type LogColumn,
  type LogSchema,
  nameInFile,
  type TextLayout,
} from "./log_schema.ts";
import type { RowShape } from "./row_shape.ts";
import { parseTimeField } from "./times.ts";

const LF = 10, CR = 13, SPACE = 32, QUOTE = 34, COMMA = 44, DOT = 46, ZERO = 48;
const OPEN = 91, CLOSE = 93;

/** What is done with the field at a place. */
const IGNORE = 0, LABEL = 1, LABEL_ABOVE = 2, LOG = 3, NUMBER = 4, ID = 5, NARROW_HEX = 6, TIME = 7;
const LIST = 8, SEQUENCE = 9;

/** A place in a line. */
interface Place {
  readonly op: number;
  readonly column: LogColumn | null;
  /** Of dense values, or of ids. */
  readonly slot: number;
  readonly coder: IdCoder | null;
  /** Of a list or a sequence: the table, the byte between ids, and how many of them count. */
  readonly list:
    | { readonly table: number; readonly separator: number; readonly most: number }
    | null;
}

/** ln(x + 1) of the small integers that most fields hold. */
const LOGS = Float32Array.from({ length: 4096 }, (_, x) => Math.log(x + 1));

/** Rows that are scanned before their ids are coded. */
const BATCH = 4096;
/** In the place of the length of an id that is missing. */
const MISSING = -1;

/** Bytes that a line of a log with a schema may have: rows with lists are long. */
const MAX_OWN_LINE = 1 << 20;

/** Turns separated text into rows by a schema; see {@link RowParser}. */
export class SchemaParser extends RowParser {
  protected override readonly firstField: string;
  protected override readonly maxLine: number = MAX_OWN_LINE;
  /** What messages call a row. */
  protected readonly rowName: string;
  readonly #schema: LogSchema;
  readonly #shape: RowShape;
  readonly #text: TextLayout;
  readonly #path: string;
  readonly #markers: Markers;
  readonly #separator: number;
  readonly #stripped: boolean;
  readonly #separators = new Uint8Array(256);
  readonly #point: number;
  #awaitsHeader: boolean;
  #places: readonly Place[] = [];
  #ops = new Uint8Array(0);
  #slots = new Uint32Array(0);
  #coders: (IdCoder | null)[] = [];
  /** Of the ids of a batch of rows, by place and row. */
  #lengths = new Int32Array(0);
  readonly #lineStarts = new Uint32Array(BATCH);
  /** Codes of the ids of one list. */
  #items = new Uint32Array(64);

  /**
   * @param shape Where the columns of the schema go, and the ids' codes; shared by all files of a log.
   * @param path The file, for what is wrong with its header.
   */
  constructor(
    schema: LogSchema,
    shape: RowShape,
    onBad: (bad: BadRow) => void,
    path: string,
  ) {
    super(onBad);
    if (schema.text === undefined) {
      throw new UserError(`Cannot read ${path} as text: its schema has no field text`);
    }
    this.#schema = schema;
    this.#shape = shape;
    this.#text = schema.text;
    this.#path = path;
    this.#markers = new Markers(schema.missing ?? []);
    this.#separator = schema.text.separator.charCodeAt(0);
    this.#separators[this.#separator] = 1;
    this.#point = schema.text.decimal === "," ? COMMA : DOT;
    this.#stripped = schema.text.trailing === "stripped";
    this.#awaitsHeader = schema.text.header;
    this.firstField = schema.columns[0]!.name;
    this.rowName = `a row of ${schema.name}`;
    if (!schema.text.header) this.#compile(placesInOrder(schema.columns));
  }

  protected override isHeader(line: Uint8Array): boolean {
    if (!this.#awaitsHeader) return false;
    this.#awaitsHeader = false;
    const { fields, closed } = this.#split(line);
    if (!closed) {
      throw new UserError(`Cannot read ${this.#path}: a quote in its header is not closed`);
    }
    const names = fields.map((field) => decoder.decode(field).trim());
    this.#compile(placesByName(this.#schema.columns, names, this.#path));
    return true;
  }

  protected override rowEnd(buffer: Uint8Array, from: number, end: number): number {
    if (this.#text.quotes !== true) return -1;
    return quotedRowEnd(buffer, from, end, this.#separators, this.#stripped);
  }

  #compile(columns: readonly (LogColumn | null)[]): void {
    this.#places = columns.map((column) => placeOf(column, this.#shape));
    this.#ops = Uint8Array.from(this.#places, ({ op }) => op);
    this.#slots = Uint32Array.from(this.#places, ({ slot }) => slot);
    this.#coders = this.#places.map(({ coder }) => coder);
    this.#lengths = new Int32Array(this.#places.length * BATCH);
  }

  protected override parseFast(
    buffer: Uint8Array,
    from: number,
    end: number,
    block: RowBlock,
    room: number,
  ): number {
    if (this.#awaitsHeader) return from;
    for (let at = from;;) {
      const first = block.rows, most = Math.min(room, first + BATCH);
      at = this.#scan(buffer, at, end, block, most);
      const good = this.#code(buffer, block, first);
      if (good < block.rows) {
        block.rows = good;
        return this.#lineStarts[good - first]!;
      }
      if (block.rows < most || block.rows === room) return at;
    }
  }

  /** Scans up to `most` rows in the block; of ids it notes in their cells where they begin, and how long they are. */
  #scan(
    buffer: Uint8Array,
    from: number,
    end: number,
    block: RowBlock,
    most: number,
  ): number {
    const ops = this.#ops, slots = this.#slots, coders = this.#coders, last = ops.length - 1;
    const lengths = this.#lengths, lineStarts = this.#lineStarts, first = block.rows;
    const separator = this.#separator, markers = this.#markers;
    const quotes = this.#text.quotes === true, stripped = this.#stripped;
    const { constant } = this.#shape;
    const { dense, ids, labels, stride } = block;
    let row = block.rows;
    let lineStart = from;
    rows: while (lineStart < end && row < most) {
      let p = lineStart;
      lineStarts[row - first] = p;
      for (let f = 0; f <= last; f++) {
        let at = p, byte = 0;
        const quoted = quotes && buffer[p] === QUOTE;
        if (quoted) {
          // What stands behind the quote is looked at below. A line end within quotes is out of the ordinary.
          at = ++p;
          while ((byte = buffer[p]!) !== QUOTE && byte !== LF) p++;
          if (byte === LF) break rows;
          p++;
        }
        const closed = p - 1;
        while ((byte = buffer[p]!) !== separator && byte !== LF) p++;
        let to = p++;
        if (f < last ? byte === LF : byte !== LF) break rows;
        if (f === last) {
          if (to > at && buffer[to - 1] === CR) to--;
          if (stripped) { while (to > at && buffer[to - 1] === SPACE) to--; }
        }
        if (quoted) {
          if (--to !== closed) break rows;
        }
        const op = ops[f]!;
        if (op === IGNORE) continue;
        const missing = to === at || markers.has(buffer, at, to);
        switch (op) {
          case NARROW_HEX: {
            let value = 0;
            if (!missing) {
              value = to - at === 8 ? eightHex(buffer, at) : coders[f]!.code(buffer, at, to);
              if (value < 0) value = coders[f]!.code(buffer, at, to);
            }
            if (value < 0) break rows;
            ids[slots[f]! * stride + row] = value;
            break;
          }
          case ID:
          case LIST:
          case SEQUENCE:
            ids[slots[f]! * stride + row] = at;
            lengths[f * BATCH + row - first] = missing ? MISSING : to - at;
            break;
          case LOG: {
            // Most fields are a few digits.
            let value = 0, digit = 0, q = at;
            const short = to - at <= 9;
            while (short && q < to && (digit = buffer[q]! - ZERO) >>> 0 <= 9) {
              value = value * 10 + digit;
              q++;
            }
            if (missing || q < to || !short) {
              value = this.#denseValue(f, missing, buffer, at, to);
              if (!(value === value)) break rows;
              value = Math.max(value, 0);
            }
            dense[slots[f]! * stride + row] = value < 4096 && value === (value | 0)
              ? LOGS[value]!
              : Math.log(value + 1);
            break;
          }
          case NUMBER: {
            const value = this.#denseValue(f, missing, buffer, at, to);
            if (!(value >= -MAX_FLOAT && value <= MAX_FLOAT)) break rows;
            dense[slots[f]! * stride + row] = value;
            break;
          }
          case LABEL: {
            const digit = buffer[at]! - ZERO;
            if (to - at === 1 && digit >>> 0 <= 1) {
              labels[row] = digit;
              break;
            }
            if (missing || !this.#put(f, buffer, at, to, block, row)) break rows;
            break;
          }
          default:
            if (missing || !this.#put(f, buffer, at, to, block, row)) break rows;
        }
      }
      if (constant) dense[row] = 1;
      row++;
      lineStart = p;
    }
    block.rows = row;
    return lineStart;
  }

  /**
   * Turns the ids of rows from `first` on into their codes, column by column: the dictionary of one column stays in the
   * processor's caches, and those of all columns would not.
   *
   * @returns The first row with an id that is none, or the number of rows.
   */
  #code(buffer: Uint8Array, block: RowBlock, first: number): number {
    const { ids, stride } = block;
    let rows = block.rows;
    for (let f = 0; f < this.#ops.length; f++) {
      if (this.#ops[f] === LIST || this.#ops[f] === SEQUENCE) {
        rows = this.#codeLists(f, buffer, block, first, rows);
        continue;
      }
      if (this.#ops[f] !== ID) continue;
      const coder = this.#coders[f]!, column = this.#slots[f]! * stride, { texts } = coder;
      if (texts !== null) {
        // Any text is an id.
        for (let row = first, at = f * BATCH; row < rows; row++, at++) {
          const cell = column + row, length = this.#lengths[at]!, from = ids[cell]!;
          ids[cell] = length === MISSING
            ? coder.missing()
            : texts.index(buffer, from, from + length);
        }
        continue;
      }
      for (let row = first, at = f * BATCH; row < rows; row++, at++) {
        const cell = column + row, length = this.#lengths[at]!, from = ids[cell]!;
        const code = length === MISSING ? coder.missing() : coder.code(buffer, from, from + length);
        if (code < 0) rows = row;
        else ids[cell] = code;
      }
    }
    return rows;
  }

  /**
   * Turns the lists or sequences of a column into codes as {@link #code} does ids; a list that is longer than what counts
   * stops it too.
   */
  #codeLists(
    f: number,
    buffer: Uint8Array,
    block: RowBlock,
    first: number,
    rows: number,
  ): number {
    const { op, slot, list } = this.#places[f]!, column = slot * block.stride;
    const most = op === LIST ? list!.most : Infinity;
    for (let row = first, at = f * BATCH; row < rows; row++, at++) {
      const from = block.ids[column + row]!, length = this.#lengths[at]!;
      const count = this.#putList(f, buffer, from, length, block, row);
      if (count === BAD_ID || count > most) return row;
    }
    return rows;
  }

  /**
   * Puts the first ids of a list in their places and `NO_LOOKUP` in those behind them, or the last ids of a sequence and
   * `NO_LOOKUP` in those before them.
   *
   * @param length Bytes of the list, or {@link MISSING}.
   * @returns Ids that there are, perhaps more than count; {@link BAD_ID} where one of them is none.
   */
  #putList(
    f: number,
    buffer: Uint8Array,
    from: number,
    length: number,
    block: RowBlock,
    row: number,
  ): number {
    const { op, slot, list } = this.#places[f]!, { most } = list!, { ids, stride } = block;
    const count = this.#codeItems(f, buffer, from, length), items = this.#items;
    if (count === BAD_ID) return count;
    const skipped = op === SEQUENCE ? count - most : 0;
    for (let p = 0; p < most; p++) {
      const item = skipped + p;
      ids[(slot + p) * stride + row] = item >= 0 && item < count ? items[item]! : NO_LOOKUP;
    }
    return count;
  }

  /** Codes the ids of a list or a sequence into `#items`; how many they are, or {@link BAD_ID} where one of them is none. */
  #codeItems(f: number, buffer: Uint8Array, from: number, length: number): number {
    const { coder, list } = this.#places[f]!, { separator } = list!;
    let first = from, end = length === MISSING ? from : from + length;
    while (first < end && buffer[first] === SPACE) first++;
    while (end > first && buffer[end - 1] === SPACE) end--;
    if (end - first >= 2 && buffer[first] === OPEN && buffer[end - 1] === CLOSE) {
      first++;
      end--;
    }
    let count = 0;
    for (let at = first; at < end; at++) {
      let start = at;
      while (at < end && buffer[at] !== separator) at++;
      let to = at;
      while (start < to && buffer[start] === SPACE) start++;
      while (to > start && buffer[to - 1] === SPACE) to--;
      if (to === start || this.#markers.has(buffer, start, to)) continue;
      const code = coder!.code(buffer, start, to);
      if (code === BAD_ID) return BAD_ID;
      if (count === this.#items.length) {
        const items = new Uint32Array(2 * count);
        items.set(this.#items);
        this.#items = items;
      }
      this.#items[count++] = code;
    }
    return count;
  }

  protected override parseLine(line: Uint8Array, block: RowBlock): BadField | null {
    if (this.#awaitsHeader) {
      throw new UserError(
        `Cannot read ${this.#path}: its first line is empty or too long, where its header should be`,
      );
    }
    const places = this.#places, row = block.rows;
    const split = this.#split(this.#stripped ? trimEnd(line) : line);
    if (!split.closed) {
      return this.#bad(split.fields.length - 1, "a quote is not closed");
    }
    let { fields } = split;
    if (this.#stripped) fields = this.#pad(fields, places.length);
    if (fields.length !== places.length) {
      return this.#bad(
        Math.min(fields.length, places.length),
        wrongColumns(fields.length, places.length, this.rowName),
      );
    }
    const longer: number[] = [];
    for (let f = 0; f < places.length; f++) {
      const { op, column, coder, slot, list } = places[f]!;
      if (op === IGNORE) continue;
      const isText = column!.kind === "categorical" && column!.ids === "text";
      const field = isText ? fields[f]! : trimSpaces(fields[f]!);
      const missing = field.length === 0 || this.#markers.has(field, 0, field.length);
      if (op === LOG || op === NUMBER) {
        const value = this.#denseValue(f, missing, field, 0, field.length);
        if (Number.isNaN(value)) {
          const hint = LIKELY_MARKER.test(decoder.decode(field))
            ? "; if it stands for no value, a schema names it in its field missing"
            : "";
          return this.#bad(f, `${quote(field)} is not a number${hint}`);
        }
        if (op === NUMBER && Math.abs(value) > MAX_FLOAT) {
          return this.#bad(f, `${quote(field)} does not fit a float of 32 bits`);
        }
        block.dense[slot * block.stride + row] = op === LOG
          ? Math.log(Math.max(value, 0) + 1)
          : value;
      } else if (op === LIST || op === SEQUENCE) {
        const length = missing ? MISSING : field.length;
        const count = this.#putList(f, field, 0, length, block, row);
        if (count === BAD_ID) {
          return this.#bad(
            f,
            `${quote(field)} is not a list of which each is ${coder!.describe()}`,
          );
        }
        if (op === LIST && count > list!.most) longer.push(list!.table);
      } else if (op === ID || op === NARROW_HEX) {
        const code = missing ? coder!.missing() : coder!.code(field, 0, field.length);
        if (code === BAD_ID) return this.#bad(f, `${quote(field)} is not ${coder!.describe()}`);
        block.ids[slot * block.stride + row] = code;
      } else if (missing || !this.#put(f, field, 0, field.length, block, row)) {
        return this.#bad(f, describeBad(column!, field));
      }
    }
    for (const table of longer) this.#shape.cut[table]!++;
    if (this.#shape.constant) block.dense[row] = 1;
    block.rows++;
    return null;
  }

  /** The number of a dense field, before the transform; NaN where it is none. */
  #denseValue(f: number, missing: boolean, buffer: Uint8Array, at: number, to: number): number {
    if (!missing) return parseNumber(buffer, at, to, this.#point);
    const column = this.#places[f]!.column;
    return column?.kind === "dense" ? column.missing ?? 0 : 0;
  }

  /** Puts a label or a time in its place; false where the field is none. */
  #put(
    f: number,
    buffer: Uint8Array,
    at: number,
    to: number,
    block: RowBlock,
    row: number,
  ): boolean {
    const { op, column } = this.#places[f]!;
    if (op === LABEL) {
      const label = parseLabel(buffer, at, to, this.#point);
      block.labels[row] = label;
      return label >= 0;
    }
    if (column!.kind === "label") {
      const value = parseNumber(buffer, at, to, this.#point);
      block.labels[row] = value > column!.above! ? 1 : 0;
      return !Number.isNaN(value);
    }
    if (column!.kind !== "time") return false;
    const seconds = parseTimeField(column!.format, buffer, at, to, this.#point);
    if (seconds === null) return false;
    this.#shape.putTime(block, row, column!, seconds);
    return true;
  }

  #bad(f: number, reason: string): BadField {
    const place = this.#places[f];
    return { column: f + 1, field: place?.column?.name ?? "", reason };
  }

  /** The fields of a line, quotes taken off, as far as every quote is closed. */
  #split(line: Uint8Array): { fields: Uint8Array[]; closed: boolean } {
    const separator = this.#separator;
    if (this.#text.quotes !== true) return { fields: splitFields(line, separator), closed: true };
    const fields: Uint8Array[] = [];
    for (const field of splitQuoted(line, separator)) {
      const quoted = field[0] === QUOTE, end = field.length - 1;
      fields.push(quoted ? unquote(field.subarray(1, end)) : field);
      if (quoted && closingQuote(field, 0, separator) !== end) return { fields, closed: false };
    }
    return { fields, closed: true };
  }

  /** Adds the empty columns that were stripped off a line's end, and takes off what is too much there and empty. */
  #pad(fields: readonly Uint8Array[], count: number): Uint8Array[] {
    const padded = fields.slice();
    while (padded.length > count && padded.at(-1)!.length === 0) padded.pop();
    // A row that the end of the file cut short looks the same as one whose end was stripped.
    if (this.atUnended) return padded;
    while (padded.length < count) padded.push(new Uint8Array(0));
    return padded;
  }
}

const decoder = new TextDecoder();

/** What stands for no value in many logs, infinite numbers included. */
const LIKELY_MARKER =
  /^([+-]?(nan|inf|infinity)|n\/?a|<na>|null|none|nil|missing|unknown|\\n|[-?.])$/i;

/** The columns of a file without a header: by position, or in the order of the list. */
function placesInOrder(columns: readonly LogColumn[]): (LogColumn | null)[] {
  if (columns[0]!.position === undefined) return [...columns];
  const places: (LogColumn | null)[] = [];
  for (const column of columns) places[column.position! - 1] = column;
  return Array.from(places, (column) => column ?? null);
}

/** The columns of a file by the names in its header; those that no column of the schema names are read over. */
function placesByName(
  columns: readonly LogColumn[],
  names: readonly string[],
  path: string,
): (LogColumn | null)[] {
  const places: (LogColumn | null)[] = names.map(() => null);
  for (const column of columns) {
    const name = nameInFile(column);
    const at = column.position === undefined ? names.indexOf(name) : column.position - 1;
    if (at < 0 || at >= names.length) {
      if (column.kind === "ignored") continue;
      const none = !columns.some((one) => names.includes(nameInFile(one)));
      const hint = none ? wrongHeader(names) : hintOf(column);
      throw new UserError(
        at < 0
          ? `Cannot read ${path}: its header has no column ${name} (it has ${listed(names)})${hint}`
          : `Cannot read ${path}: its header has ${names.length} columns and none at position ${column.position}, where ${name} should be`,
      );
    }
    if (column.position === undefined && names.indexOf(name, at + 1) >= 0) {
      if (column.kind === "ignored") continue;
      throw new UserError(`Cannot read ${path}: its header has two columns ${name}`);
    }
    if (places[at] !== null) {
      throw new UserError(
        `Cannot read ${path}: its column ${names[at]} is both ${
          places[at]!.name
        } and ${column.name} of the schema`,
      );
    }
    places[at] = column;
  }
  return places;
}

/** What to do about a header that has none of the columns. */
function wrongHeader(names: readonly string[]): string {
  const [first] = names;
  if (looksLikeJson(first!)) return "; it is JSON; write its rows as CSV or Parquet first";
  if (first!.startsWith('"')) {
    return "; it stands in double quotes, so the schema's text needs quotes";
  }
  return "; it has none of the columns, so the separator is another, or there is no header";
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 12).join(", ");
  return names.length > 12 ? `${first}, …` : first;
}

function placeOf(column: LogColumn | null, shape: RowShape): Place {
  const place = (op: number, slot = 0, coder: IdCoder | null = null): Place => {
    return { op, column, slot, coder, list: null };
  };
  switch (column?.kind) {
    case "label":
      return place(column.above === undefined ? LABEL : LABEL_ABOVE);
    case "dense":
      return place(column.transform === "log" ? LOG : NUMBER, shape.denseSlot(column));
    case "categorical": {
      const table = shape.tableOf(column);
      const narrow = column.bits === 32 && column.ids === "hexadecimal";
      return place(narrow ? NARROW_HEX : ID, shape.idSlot(table), shape.coders[table]!);
    }
    case "sequence":
    case "categorical list": {
      const [op, most] = column.kind === "sequence"
        ? [SEQUENCE, column.steps]
        : [LIST, column.most];
      const table = shape.tableOf(column);
      const list = { table, separator: column.separator.charCodeAt(0), most };
      return { ...place(op, shape.firsts[table]!, shape.coders[table]!), list };
    }
    case "time":
      return place(TIME, column.dense === undefined ? 0 : shape.denseSlot(column));
    default:
      return place(IGNORE);
  }
}

function describeBad(column: LogColumn, field: Uint8Array): string {
  if (column.kind === "label") {
    if (column.above !== undefined) return `label ${quote(field)} is not a number`;
    const hint = isNumberText(decoder.decode(field))
      ? "; of ratings, a schema says above which number they are clicks"
      : "";
    return `label ${quote(field)} is not 0 or 1${hint}`;
  }
  const format = column.kind === "time" ? column.format : "ISO 8601";
  switch (format) {
    case "seconds":
    case "milliseconds":
      return `${quote(field)} is not a time in ${format} since 1970`;
    case "YYMMDDHH":
      return `${quote(field)} is not an hour written YYMMDDHH`;
    case "ISO 8601":
      return `${quote(field)} is not a time written as 2014-10-21 01:00:00`;
  }
}

/** A field with its doubled quotes made single. */
function unquote(field: Uint8Array): Uint8Array {
  if (!field.includes(QUOTE)) return field;
  const bytes: number[] = [];
  for (let p = 0; p < field.length; p++) {
    bytes.push(field[p]!);
    if (field[p] === QUOTE) p++;
  }
  return Uint8Array.from(bytes);
}

/** Spaces are part of a text that is an id, and of nothing else. */
function trimSpaces(field: Uint8Array): Uint8Array {
  let from = 0;
  while (from < field.length && field[from] === SPACE) from++;
  return trimEnd(field.subarray(from));
}

function trimEnd(field: Uint8Array): Uint8Array {
  let end = field.length;
  while (end > 0 && field[end - 1] === SPACE) end--;
  return field.subarray(0, end);
}
