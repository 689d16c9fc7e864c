/**
 * Drafts the schema of a log from its first rows, to be corrected by hand.
 *
 * @module
 */

import { basename } from "../../core/node.ts";
import { UserError } from "../../core/errors.ts";
import { openColumnar } from "../columnar/open.ts";
import { splitFields, splitQuoted } from "../fields.ts";
import { isNumberText } from "../numbers.ts";
import { type Head, headOf, notSeparated, type SeparatedHead } from "../text_head.ts";
import { isColumnar, type TextFile } from "../text_source.ts";
import {
  LOG_SCHEMA_VERSION,
  type LogColumn,
  type LogSchema,
  type TextLayout,
  type TimeSpelling,
  USUAL_MARKERS,
} from "./log_schema.ts";
import { parseTime } from "./times.ts";

/** Rows that are looked at. */
const ROWS = 1000;

/** The values of a column in the first rows, as text; `list` where they are lists in the file. */
interface Sample {
  readonly name: string;
  readonly values: readonly string[];
  readonly list: boolean;
  /** Structures, which cannot be read. */
  readonly nested?: boolean;
}

/**
 * Drafts the schema of a log.
 *
 * @throws UserError for a file without rows, or without columns.
 */
export async function draftSchema(file: TextFile): Promise<LogSchema> {
  const { text, samples } = isColumnar(file) ? await sampleColumns(file) : await sampleText(file);
  const markers = [
    ...USUAL_MARKERS.filter((marker) => samples.some(({ values }) => values.includes(marker))),
    ...infinities(samples),
  ];
  const present = samples.map(({ name, values, list, nested }) => ({
    name,
    list,
    nested: nested ?? false,
    values: values.filter((value) => value !== "" && !markers.includes(value)),
    rows: values.length,
  }));
  const commas = text !== null && hasDecimalCommas(text, present);
  const cleaned = !commas ? present : present.map((sample) => ({
    ...sample,
    values: sample.values.map((value) =>
      COMMA_NUMBER.test(value) ? value.replace(",", ".") : value
    ),
  }));
  const label = labelOf(cleaned);
  const time = cleaned.find((sample) => sample !== label && timeOf(sample) !== null);
  const columns = cleaned.map((sample): LogColumn => {
    if (sample === label) return { name: sample.name, kind: "label" };
    if (sample === time) return { name: sample.name, kind: "time", format: timeOf(sample)! };
    return columnOf(sample);
  });
  return {
    schema_version: LOG_SCHEMA_VERSION,
    name: basename(file.path).replace(/\..*$/, "") || "log",
    ...(text === null ? {} : { text: commas ? { ...text, decimal: "," } : text }),
    missing: markers,
    split: { by: "sevenths" },
    columns,
  };
}

/** How infinite numbers are written in columns that hold numbers besides. */
function infinities(samples: readonly Sample[]): string[] {
  const found = samples.flatMap(({ values }) => {
    const others = values.filter((value) =>
      value !== "" && !USUAL_MARKERS.includes(value) && !INFINITE.test(value)
    );
    const numbers = others.length > 0 && others.every(isNumberText);
    return numbers ? values.filter((value) => INFINITE.test(value)) : [];
  });
  return [...new Set(found)];
}

type Cleaned = Sample & { readonly rows: number };

/** A number as spreadsheets write it where the comma stands before the fraction, and semicolons between columns. */
const COMMA_NUMBER = /^[+-]?\d+(,\d+)?$/;

/** Whether numbers have a comma before their fractions: some column has no other numbers, and none has a point. */
function hasDecimalCommas({ separator }: TextLayout, samples: readonly Cleaned[]): boolean {
  return separator === ";" &&
    samples.some(({ values }) =>
      values.some((value) => value.includes(",")) &&
      values.every((value) => COMMA_NUMBER.test(value))
    ) && !samples.some(({ values }) =>
      values.length > 0 && values.every(isNumberText) &&
      values.some((value) => value.includes("."))
    );
}

const LABEL = /^(label|click(ed)?|is_click|target|y|rating|conversion|purchase)$/i;
const BINARY = /^([+-]?[01](\.0*)?|true|false|yes|no|[tfyn])$/i;

/** A column that is called as labels are and holds two values; without one, the first or the last that holds 0 and 1. */
function labelOf(samples: readonly Cleaned[]): Cleaned | null {
  const binary = samples.filter(({ values, list }) =>
    !list && values.length > 0 && values.every((value) => BINARY.test(value))
  );
  const both = binary.filter(({ values }) => new Set(values).size === 2);
  return binary.find(({ name }) => LABEL.test(name)) ??
    both.find((sample) => sample === samples[0]) ??
    both.find((sample) => sample === samples.at(-1)) ?? both[0] ?? null;
}

/** How times are written in a column that is one, by its name and its values. */
function timeOf({ name, values, list }: Cleaned): TimeSpelling | null {
  if (list || values.length === 0) return null;
  const all = (test: (value: string) => boolean) => values.every(test);
  if (all((value) => parseTime(value) !== null)) return "ISO 8601";
  if (!/time|date|hour|^ts$|day|_at$/i.test(name)) return null;
  const between = (low: number, high: number) =>
    all((value) => isNumberText(value) && Number(value) >= low && Number(value) < high);
  if (between(9e8, 4.3e9)) return "seconds";
  if (between(9e11, 4.3e12)) return "milliseconds";
  const hour = /^\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])$/;
  return all((value) => hour.test(value)) ? "YYMMDDHH" : null;
}

/** An integer, perhaps as pandas writes those of a column with missing values. */
const WHOLE = /^[+-]?\d+(\.0*)?$/;
/** What is left of a number that overflowed or was divided by zero. */
const INFINITE = /^[+-]?inf(inity)?$/i;

const LIST = /^[^,;|^ ]+([,;|^ ])[^,;|^ ]+(\1[^,;|^ ]+)*$/;
const ID_NAME = /(^|[_ .-]|[a-z])(id|ids|code|type|category|cat|brand|city|ip|model)$/i;
/** What shops and publishers number. */
const ENTITY =
  /^(user|item|product|shop|store|seller|campaign|ad|advertiser|publisher|site|app|device|region)$/i;

function columnOf(sample: Cleaned): LogColumn {
  const { name, values, list, nested, rows } = sample;
  if (nested) return { name, kind: "ignored" };
  const distinct = new Set(values).size;
  const serial = values.length === rows && distinct === rows && rows >= 100;
  if (serial && (/^(id|index|row|column_1)$/i.test(name))) return { name, kind: "ignored" };
  // Names have blanks between their words, so that only numbers between blanks are a list.
  const brackets = values.length > 0 && values.every((value) => /^\[.*\]$/s.test(value));
  // Words may have spaces behind commas and be no list; numbers and what stands in brackets are one.
  const bare = values.map((value) =>
    brackets || /^[\d ,;|^.-]+$/.test(value)
      ? value.replace(/^\[(.*)\]$/s, "$1").replaceAll(/ *([,;|^]) */g, "$1")
      : value
  );
  const separators = bare.flatMap((value) => LIST.exec(value)?.[1] ?? []);
  const separator = [",", ";", "|", "^", " "].find((one) =>
    20 * separators.filter((found) => found === one).length > values.length &&
    (one !== " " || bare.every((value) => value.split(one).every(isNumberText)))
  );
  if (list || brackets || separator !== undefined) {
    const by = separator ?? (list ? "|" : ",");
    const lists = bare.map((value) => value.split(by).filter((part) => part !== ""));
    const most = Math.max(1, ...lists.map(({ length }) => length));
    return { name, kind: "categorical list", separator: by, most, ids: spellingOf(lists.flat()) };
  }
  const numbers = values.length > 0 && values.every(isNumberText);
  const whole = numbers && values.every((value) => WHOLE.test(value));
  // No measure has so many digits, and a float would hold them as other numbers.
  const inexact = values.some((value) => Math.abs(Number(value)) > Number.MAX_SAFE_INTEGER);
  const idLike = ID_NAME.test(name) || ENTITY.test(name) || /^C\d+$/.test(name) || inexact;
  if (numbers && !(whole && idLike)) {
    const large = values.every((value) => Number(value) >= 0) &&
      values.some((value) => Number(value) > 100);
    return { name, kind: "dense", transform: large ? "log" : "none" };
  }
  return { name, kind: "categorical", ids: spellingOf(values) };
}

function spellingOf(values: readonly string[]): "text" | "decimal" | "hexadecimal" {
  if (values.length > 0 && values.every((value) => WHOLE.test(value))) return "decimal";
  const [first] = values;
  // Words may happen to be hexadecimal digits; numbers of one length hardly are words.
  const hex = first !== undefined && values.every((value) => /^(0x)?[\da-f]{6,}$/i.test(value));
  return hex && values.some((value) => /\d/.test(value)) ? "hexadecimal" : "text";
}

async function sampleColumns(file: TextFile): Promise<{ text: null; samples: Sample[] }> {
  const columns = await openColumnar(file);
  for await (const group of columns.groups()) {
    const rows = Math.min(group.rows, ROWS);
    const samples: Sample[] = [];
    for (const name of columns.names) {
      const values = Array.from(await group.read(name)).slice(0, rows);
      samples.push({
        name,
        values: values.map(textOf),
        list: values.some(isList),
        nested: values.some((value) =>
          isList(value) ? value.some(isStructure) : isStructure(value)
        ),
      });
    }
    return { text: null, samples };
  }
  throw new UserError(`Cannot draft a schema of ${file.path}: it has no rows`);
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isStructure(value: unknown): boolean {
  return typeof value === "object" && value !== null && !isList(value) &&
    !ArrayBuffer.isView(value) && !(value instanceof Date);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.map(textOf).join("|") : String(value);
}

async function sampleText(file: TextFile): Promise<{ text: TextLayout; samples: Sample[] }> {
  const head = await headOf(file);
  const other = notSeparated(head);
  if (other !== null) throw new UserError(`Cannot draft a schema of ${file.path}: ${other}`);
  const best = separatorOf(head);
  if (best === null) {
    throw new UserError(
      `Cannot draft a schema of ${file.path}: its first lines are not columns between TABs, commas or the like`,
    );
  }
  const byte = best.separator.charCodeAt(0);
  const rows = head.lines.slice(0, ROWS + 1).map((line) =>
    fieldsOf(line, byte, head.quoted).map((field) => field.trim())
  );
  const header = isHeader(rows);
  const twice = header ? rows[0]!.find((name, i) => rows[0]!.indexOf(name) < i) : undefined;
  if (twice !== undefined) {
    throw new UserError(
      `Cannot draft a schema of ${file.path}: its header has two columns ${twice}, and columns are found by their names`,
    );
  }
  const names = header ? rows[0]!.map((name, i) => name === "" ? `column_${i + 1}` : name) : null;
  const body = header ? rows.slice(1) : rows;
  const words = rows.length === 1 && rows[0]!.every((name) => /^[\p{L}_]/u.test(name));
  if (body.length === 0 || words) {
    throw new UserError(
      `Cannot draft a schema of ${file.path}: it has ${words ? "a header and " : ""}no rows`,
    );
  }
  const text: TextLayout = {
    separator: best.separator,
    header,
    quotes: head.quoted,
    trailing: best.ragged || head.endsInSpace ? "stripped" : "exact",
  };
  return {
    text,
    samples: Array.from({ length: names?.length ?? best.most }, (_, i) => ({
      name: names?.[i] ?? `column_${i + 1}`,
      values: body.map((row) => row[i] ?? ""),
      list: false,
    })),
  };
}

/** The separator between which most lines have the same number of columns, the largest where several do. */
function separatorOf(head: Head): SeparatedHead | null {
  const scored = head.separated.filter(({ most }) => most > 1).map((separated) => {
    const byte = separated.separator.charCodeAt(0);
    const counts = head.lines.map((line) => fieldsOf(line, byte, head.quoted).length);
    const alike = counts.filter((count) => count === separated.most).length / counts.length;
    return { separated, score: (separated.ragged ? 1 : alike) * Math.sqrt(separated.most) };
  });
  return scored.toSorted((a, b) => b.score - a.score)[0]?.separated ?? null;
}

/** A line's fields as text; a quoted one may hold separators. */
function fieldsOf(line: Uint8Array, separator: number, quoted: boolean): string[] {
  const decode = (field: Uint8Array) => decoder.decode(field);
  if (!quoted) return splitFields(line, separator).map(decode);
  return splitQuoted(line, separator).map(decode).map((field) =>
    /^"(.*)"$/s.test(field) ? field.slice(1, -1).replaceAll('""', '"') : field
  );
}

/** The first line names columns if its fields are different words and some column below holds numbers. */
function isHeader(rows: readonly (readonly string[])[]): boolean {
  const [first, second] = rows;
  if (first === undefined || second === undefined) return false;
  const words = first.every((name, i) => i === 0 && name === "" || /^[\p{L}_]/u.test(name));
  return words &&
    second.some((field, i) =>
      (isNumberText(field) || COMMA_NUMBER.test(field)) && !isNumberText(first[i] ?? "")
    );
}

const decoder = new TextDecoder();
