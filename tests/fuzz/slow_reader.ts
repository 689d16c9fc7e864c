/**
 * Separated text by a schema, read the slow way: strings, regular expressions, BigInt. It shares no code with the parsers,
 * which are checked against it.
 */

import type { LogColumn, LogSchema, TableColumn } from "../../data/schema/log_schema.ts";

/** A row: label, dense values as float32, and ids by what they are and not by number. */
export interface SlowRow {
  readonly label: number;
  readonly dense: readonly number[];
  readonly ids: readonly string[];
}

/** What a text says. */
export interface SlowReading {
  /** Rows, in order. */
  readonly rows: readonly SlowRow[];
  /** Numbers of the lines, counted from 1, that are no rows. */
  readonly bad: readonly number[];
}

/** The header lacks a column, or has it twice. */
export class HeaderRefused extends Error {}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Reads a text.
 *
 * @param maxLine Bytes that a line may have.
 */
export function readSlowly(bytes: Uint8Array, schema: LogSchema, maxLine: number): SlowReading {
  const text = textOf(bytes), lines = rowsOf(text, schema, maxLine);
  const last = text.endsWith("\n") ? null : lines.at(-1);
  while (lines.length > 0 && /^\r?$/.test(lines.at(-1)!.whole)) lines.pop();
  const layout = schema.text!;
  let places: (LogColumn | null)[] | null = layout.header ? null : inOrder(schema.columns);
  const rows: SlowRow[] = [], bad: number[] = [];
  for (const [i, one] of lines.entries()) {
    const { whole, number } = one, line = whole.replace(/\r$/, "");
    if (i === 0 && layout.header && line !== "" && whole.length <= maxLine) {
      places = byName(schema.columns, split(line, schema) ?? []);
      continue;
    }
    const regular = line !== "" && whole.length <= maxLine;
    if (regular && places === null) throw new HeaderRefused("no header");
    const row = regular ? readRow(line, schema, places!, one === last) : null;
    if (row === null) bad.push(number);
    else rows.push(row);
  }
  return { rows, bad };
}

/** The rows of a text as they stand there, each with the number of its first line; quotes may go over several lines. */
function rowsOf(
  text: string,
  { text: layout }: LogSchema,
  maxLine: number,
): { readonly whole: string; readonly number: number }[] {
  const { separator, quotes, trailing } = layout!;
  const between = `\\x${separator.charCodeAt(0).toString(16).padStart(2, "0")}`;
  const field = `(?:"(?:[^"]|"")*"|[^${between}\n"][^${between}\n]*|)`;
  const quoted = new RegExp(
    `${field}(?:${between}${field})*${trailing === "stripped" ? " *" : ""}\r?(?=\n|$)`,
    "y",
  );
  const lines: { whole: string; number: number }[] = [];
  for (let at = 0, number = 1; at < text.length;) {
    quoted.lastIndex = at;
    const row = quotes === true ? quoted.exec(text)?.[0] : undefined;
    const line = text.slice(at).split("\n", 1)[0]!;
    const whole = row !== undefined && row.length <= maxLine ? row : line;
    lines.push({ whole, number });
    number += whole.split("\n").length;
    at += whole.length + 1;
  }
  return lines;
}

/** A text, a byte a character, without the byte-order mark before it. */
function textOf(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return text.startsWith("\xef\xbb\xbf") ? text.slice(3) : text;
}

/**
 * The lines of a text, a byte a character, without the byte-order mark before them and the empty ones behind them.
 *
 * @returns `last` is the number, from 0, of a line that ends without a line end; -1 without one.
 */
export function linesOf(bytes: Uint8Array): {
  readonly lines: readonly string[];
  readonly last: number;
} {
  const lines = textOf(bytes).split("\n");
  const unended = lines.at(-1) !== "";
  if (!unended) lines.pop();
  const last = unended ? lines.length - 1 : -1;
  while (lines.length > 0 && /^\r?$/.test(lines.at(-1)!)) lines.pop();
  return { lines, last };
}

function inOrder(columns: readonly LogColumn[]): (LogColumn | null)[] {
  const places: (LogColumn | null)[] = [];
  for (const [i, column] of columns.entries()) {
    const at = (column.position ?? i + 1) - 1;
    while (places.length <= at) places.push(null);
    places[at] = column;
  }
  return places;
}

function byName(columns: readonly LogColumn[], header: readonly string[]): (LogColumn | null)[] {
  const names = header.map((name) =>
    new TextDecoder().decode(Uint8Array.from(name, (c) => c.charCodeAt(0))).trim()
  );
  const places: (LogColumn | null)[] = names.map(() => null);
  for (const column of columns) {
    const name = column.header ?? column.name;
    const found = names.filter((one) => one === name).length;
    if (found === 1) places[names.indexOf(name)] = column;
    else if (column.kind !== "ignored") throw new HeaderRefused(`${found} columns ${name}`);
  }
  return places;
}

/** The fields of a line, or null where a quote is not closed. */
function split(line: string, { text }: LogSchema): string[] | null {
  const { separator, quotes } = text!;
  if (quotes !== true) return line.split(separator);
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    if (rest.startsWith('"')) {
      if (quoted === null) return null;
      const after = rest.slice(quoted[0].length);
      if (after !== "" && !after.startsWith(separator)) return null;
      fields.push(quoted[1]!.replaceAll('""', '"'));
      if (after === "") return fields;
      rest = after.slice(1);
      continue;
    }
    const end = rest.indexOf(separator);
    fields.push(end < 0 ? rest : rest.slice(0, end));
    if (end < 0) return fields;
    rest = rest.slice(end + 1);
  }
}

function readRow(
  line: string,
  schema: LogSchema,
  places: readonly (LogColumn | null)[],
  cut: boolean,
): SlowRow | null {
  const stripped = schema.text!.trailing === "stripped";
  const fields = split(stripped ? line.replace(/ +$/, "") : line, schema);
  if (fields === null) return null;
  if (stripped) {
    while (fields.length > places.length && fields.at(-1) === "") fields.pop();
    while (!cut && fields.length < places.length) fields.push("");
  }
  if (fields.length !== places.length) return null;
  const byName = new Map<string, string>();
  for (const [f, column] of places.entries()) {
    if (column !== null) byName.set(column.name, fields[f]!);
  }
  let label = 0;
  const dense: number[] = [], ids: string[] = [];
  for (const column of schema.columns) {
    if (column.kind === "ignored") continue;
    // Spaces are part of a text that is an id, and of nothing else.
    const isText = column.kind === "categorical" && column.ids === "text";
    const field = isText ? byName.get(column.name)! : trim(byName.get(column.name)!);
    const missing = field === "" || (schema.missing ?? []).includes(field);
    switch (column.kind) {
      case "label": {
        if (missing) return null;
        const value = labelOf(field, column.above, schema);
        if (value === null) return null;
        label = value;
        break;
      }
      case "dense": {
        const value = missing ? column.missing ?? 0 : numberOf(field, schema);
        if (!Number.isFinite(value)) return null;
        const log = column.transform === "log";
        const float = Math.fround(log ? Math.log(Math.max(value, 0) + 1) : value);
        if (!Number.isFinite(float)) return null;
        if (!log && Math.abs(value) > 3.4028234663852886e38) return null;
        dense.push(float);
        break;
      }
      case "time": {
        if (missing) return null;
        const seconds = timeOf(field, column.format, schema);
        if (seconds === null) return null;
        if (column.dense !== undefined) {
          dense.push(Math.fround((Math.floor(seconds / 3600) % 24) / 24));
        }
        break;
      }
      case "sequence":
        // Read with the column that it is of.
        break;
      case "categorical list": {
        const list = listOf(missing ? "" : field, column.separator, column, schema);
        if (list === null) return null;
        ids.push(list.slice(0, column.most).join(" "));
        break;
      }
      default: {
        const id = idOf(field, missing, column, schema);
        if (id === null) return null;
        const before = schema.columns.find((one) =>
          one.kind === "sequence" && one.of === column.name
        );
        if (before?.kind !== "sequence") {
          ids.push(id);
          break;
        }
        const text = byName.get(before.name)!;
        const none = text === "" || (schema.missing ?? []).includes(text);
        const list = listOf(none ? "" : text, before.separator, column, schema);
        if (list === null) return null;
        ids.push([...list.slice(-before.steps), id].join(" "));
      }
    }
  }
  return { label, dense: dense.length === 0 ? [1] : dense, ids };
}

/** A field with a decimal comma, where the schema has those, as one with a point; a point is then no part of a number. */
function pointed(field: string, { text }: LogSchema): string {
  return text!.decimal !== "," ? field : field.replaceAll(/[.,]/g, (c) => c === "," ? "." : "?");
}

function numberOf(field: string, schema: LogSchema): number {
  const text = pointed(field, schema);
  return NUMBER.test(text) ? Number(text) : NaN;
}

function labelOf(field: string, above: number | undefined, schema: LogSchema): number | null {
  if (above !== undefined) {
    const value = numberOf(field, schema);
    return Number.isFinite(value) ? Number(value > above) : null;
  }
  if (/^(true|t|yes|y)$/i.test(field)) return 1;
  if (/^(false|f|no|n)$/i.test(field)) return 0;
  const text = pointed(field, schema);
  if (/^\+?1(\.0*)?$/.test(text)) return 1;
  return /^[+-]?0(\.0*)?$/.test(text) || /^-1(\.0*)?$/.test(text) ? 0 : null;
}

function timeOf(field: string, format: string, schema: LogSchema): number | null {
  let seconds: number;
  if (format === "YYMMDDHH") {
    const part = /^(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(field)?.slice(1).map(Number);
    if (part === undefined) return null;
    const [year, month, day, hour] = part as [number, number, number, number];
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23) return null;
    seconds = Date.UTC(2000 + year, month - 1, day, hour) / 1000;
  } else if (format === "ISO 8601") {
    const parts =
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?:(Z)|([+-])(\d\d):?(\d\d))?)?$/
        .exec(field);
    if (parts === null) return null;
    const day = Date.parse(`${parts[1]}T00:00:00Z`);
    if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== parts[1]) return null;
    const [hour, minute, second] = [parts[2], parts[3], parts[4]].map((x) => Number(x ?? 0));
    if (hour! > 23 || minute! > 59 || second! > 60) return null;
    const offset = 60 * (60 * Number(parts[7] ?? 0) + Number(parts[8] ?? 0));
    seconds = day / 1000 + hour! * 3600 + minute! * 60 + second! -
      (parts[6] === "-" ? -offset : offset);
  } else {
    seconds = numberOf(field, schema) / (format === "milliseconds" ? 1000 : 1);
    if (Number.isNaN(seconds)) return null;
  }
  const whole = Math.floor(seconds);
  return whole >= 0 && whole < 2 ** 32 ? whole : null;
}

/** The ids of a list; null where one of them is none. */
function listOf(
  field: string,
  separator: string,
  column: TableColumn,
  schema: LogSchema,
): string[] | null {
  const inner = trim(field).replace(/^\[([^]*)\]$/, "$1");
  const items = inner.split(separator).map(trim)
    .filter((item) => item !== "" && !(schema.missing ?? []).includes(item))
    .map((item) => idOf(item, false, column, schema));
  return items.includes(null) ? null : items as string[];
}

function trim(text: string): string {
  return text.replace(/^ +/, "").replace(/ +$/, "");
}

/** What an id is: a text, or a number's shortest spelling; `missing` for a missing one. Null for what is none. */
function idOf(
  field: string,
  missing: boolean,
  column: TableColumn,
  schema: LogSchema,
): string | null {
  const { ids, bits, bounds, rows } = column;
  const keep = typeof rows === "object" && "keep" in rows ? rows.keep : null;
  if (ids === "buckets") {
    if (missing) return String(bounds!.length + 1);
    const value = numberOf(field, schema);
    return Number.isFinite(value) ? String(bounds!.filter((bound) => bound <= value).length) : null;
  }
  if (missing) return keep !== null ? null : bits === 32 ? "0" : "missing";
  if (ids === "text") return `=${field}`;
  if (ids === "hexadecimal") {
    const digits = /^(?:0[xX])?([\da-fA-F]+)$/.exec(field)?.[1];
    if (digits === undefined) return null;
    if (bits === 32 && digits.length > 8) return null;
    return BigInt(`0x${digits}`).toString(16);
  }
  const match = /^([+-]?)(\d+)(?:\.0+)?$/.exec(pointed(field, schema));
  if (match === null) return null;
  const value = BigInt(match[2]!) * (match[1] === "-" ? -1n : 1n);
  if (bits === 32 && (value < -(2n ** 31n) || value >= 2n ** 31n)) return null;
  if (keep !== null) return value >= 0n && value < BigInt(keep) ? String(value) : null;
  return String(value);
}
