/**
 * A schema from JSON: every field is checked, and what is wrong is said with its path.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { readJsonFile } from "../../core/json_file.ts";
import { nearest } from "../../core/nearest.ts";
import {
  LOG_SCHEMA_VERSION,
  type LogColumn,
  type LogSchema,
  nameInFile,
  type RowRule,
  type SplitRule,
  type TextLayout,
} from "./log_schema.ts";
import { parseTime } from "./times.ts";

/** Says that the value at a path is wrong. */
type Refuse = (path: string, problem: string) => never;
type Fields = Readonly<Record<string, unknown>>;

const KINDS = ["label", "dense", "categorical", "categorical list", "time", "ignored"] as const;
const SPELLINGS = ["text", "decimal", "hexadecimal", "buckets"] as const;
const MAX_ROWS = 2 ** 31;
/** Each place of a bag is a column of the cache. */
const MOST_LOOKUPS = 1024;
/** A file of 4096 columns has a hundredth of it. */
const MOST_BYTES = 64e6;

/**
 * Reads the schema in a file.
 *
 * @throws UserError if the file cannot be read or is no schema, with the path of the field: `columns[3].kind`.
 * @category Data
 */
export async function readSchema(path: string): Promise<LogSchema> {
  const cannot = `Cannot read the schema ${path}`;
  return checkLogSchema(
    await readJsonFile(path, { cannot, mostBytes: MOST_BYTES, seal: "optional" }),
    path,
  );
}

/**
 * Checks that a document is a schema.
 *
 * @param source Where it came from, for messages.
 * @throws UserError if it is none.
 */
export function checkLogSchema(document: unknown, source: string): LogSchema {
  const refuse: Refuse = (path, problem) => {
    throw new UserError(`Cannot read the schema ${source}: ${path} ${problem}`);
  };
  const fields = object(document, "the document", refuse);
  known(fields, "", ["schema_version", "name", "text", "missing", "split", "columns"], refuse);
  if (fields.schema_version !== LOG_SCHEMA_VERSION) {
    refuse("schema_version", `is ${show(fields.schema_version)}, not ${LOG_SCHEMA_VERSION}`);
  }
  const text = optional(fields.text, (value) => checkText(value, refuse));
  const missing = optional(fields.missing, (value) => {
    if (!Array.isArray(value)) return refuse("missing", `is ${show(value)}, not a list of texts`);
    return value.map((marker, i) => string(marker, `missing[${i}]`, refuse));
  });
  if (!Array.isArray(fields.columns) || fields.columns.length === 0) {
    return refuse("columns", "is no list of columns");
  }
  const columns = fields.columns.map((value, i) => checkColumn(value, `columns[${i}]`, refuse));
  checkTogether(columns, text, refuse);
  return {
    schema_version: LOG_SCHEMA_VERSION,
    name: string(fields.name, "name", refuse),
    ...(text === undefined ? {} : { text }),
    ...(missing === undefined ? {} : { missing }),
    ...(fields.split === undefined ? {} : { split: checkSplit(fields.split, columns, refuse) }),
    columns,
  };
}

function checkText(value: unknown, refuse: Refuse): TextLayout {
  const fields = object(value, "text", refuse);
  known(fields, "text.", ["separator", "header", "quotes", "trailing"], refuse);
  const quotes = optional(fields.quotes, (value) => boolean(value, "text.quotes", refuse));
  const trailing = optional(
    fields.trailing,
    (value) => choice(value, ["exact", "stripped"], "text.trailing", refuse),
  );
  return {
    separator: character(fields.separator, "text.separator", refuse),
    header: boolean(fields.header, "text.header", refuse),
    ...(quotes === undefined ? {} : { quotes }),
    ...(trailing === undefined ? {} : { trailing }),
  };
}

/** Fields that each kind of column has besides name, position and kind. */
const FIELDS: Readonly<Record<LogColumn["kind"], readonly string[]>> = {
  label: ["above"],
  dense: ["transform", "missing"],
  categorical: ["ids", "bits", "bounds", "rows", "min_count"],
  "categorical list": ["ids", "bounds", "rows", "min_count", "separator", "most"],
  time: ["format", "dense"],
  ignored: [],
};

function checkColumn(value: unknown, path: string, refuse: Refuse): LogColumn {
  const fields = object(value, path, refuse);
  const kind = choice(fields.kind, KINDS, `${path}.kind`, refuse);
  known(fields, `${path}.`, ["name", "header", "position", "kind", ...FIELDS[kind]], refuse);
  const position = optional(
    fields.position,
    (value) => integer(value, `${path}.position`, 1, 4096, refuse),
  );
  const header = optional(fields.header, (value) => string(value, `${path}.header`, refuse));
  const placed = {
    name: string(fields.name, `${path}.name`, refuse),
    ...(header === undefined ? {} : { header }),
    ...(position === undefined ? {} : { position }),
  };
  switch (kind) {
    case "label": {
      const above = optional(fields.above, (value) => number(value, `${path}.above`, refuse));
      return { ...placed, kind, ...(above === undefined ? {} : { above }) };
    }
    case "dense": {
      const transforms = ["none", "log", "standardise"] as const;
      const transform = optional(
        fields.transform,
        (value) => choice(value, transforms, `${path}.transform`, refuse),
      );
      const missing = optional(fields.missing, (value) => number(value, `${path}.missing`, refuse));
      return {
        ...placed,
        kind,
        ...(transform === undefined ? {} : { transform }),
        ...(missing === undefined ? {} : { missing }),
      };
    }
    case "categorical":
      return { ...placed, kind, ...checkIds(fields, path, refuse) };
    case "categorical list":
      return {
        ...placed,
        kind,
        ...checkIds(fields, path, refuse),
        separator: character(fields.separator, `${path}.separator`, refuse),
        most: integer(fields.most, `${path}.most`, 1, MOST_LOOKUPS, refuse),
      };
    case "time": {
      const formats = ["seconds", "milliseconds", "YYMMDDHH", "ISO 8601"] as const;
      const dense = optional(
        fields.dense,
        (value) => choice(value, ["hour of day"], `${path}.dense`, refuse),
      );
      return {
        ...placed,
        kind,
        format: choice(fields.format, formats, `${path}.format`, refuse),
        ...(dense === undefined ? {} : { dense }),
      };
    }
    case "ignored":
      return { ...placed, kind };
  }
}

function checkIds(fields: Fields, path: string, refuse: Refuse) {
  const ids = choice(fields.ids, SPELLINGS, `${path}.ids`, refuse);
  if (fields.bits !== undefined && fields.bits !== 32) {
    refuse(`${path}.bits`, `is ${show(fields.bits)}, not 32 (leave it out for ids of any length)`);
  }
  const narrow = fields.bits === 32;
  if (narrow && ids !== "decimal" && ids !== "hexadecimal") {
    refuse(`${path}.bits`, `is given, but ids are ${ids} and not decimal or hexadecimal`);
  }
  const bounds = optional(fields.bounds, (value) => {
    if (!Array.isArray(value) || value.length === 0) {
      return refuse(`${path}.bounds`, `is ${show(value)}, not a list of numbers`);
    }
    const numbers = value.map((bound, i) => number(bound, `${path}.bounds[${i}]`, refuse));
    numbers.forEach((bound, i) => {
      if (i > 0 && bound <= numbers[i - 1]!) {
        refuse(`${path}.bounds[${i}]`, `is ${bound}, not above the one before it`);
      }
    });
    return numbers;
  });
  if ((bounds !== undefined) !== (ids === "buckets")) {
    refuse(
      `${path}.bounds`,
      bounds === undefined ? "is missing, and ids are buckets" : `is given, but ids are ${ids}`,
    );
  }
  const rows = optional(fields.rows, (value) => checkRows(value, `${path}.rows`, refuse));
  if (typeof rows === "object" && "keep" in rows && ids !== "decimal") {
    refuse(`${path}.rows`, `keeps ids, but they are ${ids} and not decimal`);
  }
  if (typeof rows === "object" && narrow) {
    refuse(`${path}.bits`, "is given beside rows that are not by appearance; leave it out");
  }
  const minCount = optional(
    fields.min_count,
    (value) => integer(value, `${path}.min_count`, 0, 2 ** 32 - 1, refuse),
  );
  if (minCount !== undefined && typeof rows === "object") {
    refuse(`${path}.min_count`, "is given beside rows that are not by appearance; leave it out");
  }
  return {
    ids,
    ...(narrow ? { bits: 32 as const } : {}),
    ...(bounds === undefined ? {} : { bounds }),
    ...(rows === undefined ? {} : { rows }),
    ...(minCount === undefined ? {} : { min_count: minCount }),
  };
}

function checkRows(value: unknown, path: string, refuse: Refuse): RowRule {
  if (value === "appearance") return value;
  if (typeof value !== "object" || value === null) {
    return refuse(path, `is ${show(value)}, not "appearance", {"hash": N} or {"keep": N}`);
  }
  const fields = object(value, path, refuse);
  known(fields, `${path}.`, ["hash", "keep"], refuse);
  const keys = Object.keys(fields);
  if (keys.length !== 1) return refuse(path, `is ${show(value)}, not one of hash and keep`);
  const count = integer(fields[keys[0]!], `${path}.${keys[0]}`, 1, MAX_ROWS, refuse);
  return keys[0] === "hash" ? { hash: count } : { keep: count };
}

function checkSplit(value: unknown, columns: readonly LogColumn[], refuse: Refuse): SplitRule {
  const fields = object(value, "split", refuse);
  const rules = ["sevenths", "last file", "random", "share", "time", "user"] as const;
  const by = choice(fields.by, rules, "split.by", refuse);
  const shares = () => {
    const test = share(fields.test, "split.test", refuse);
    const validation = optional(fields.validation, (v) => share(v, "split.validation", refuse));
    if (test + (validation ?? 0) >= 1) refuse("split", "leaves nothing to train with");
    return { test, ...(validation === undefined ? {} : { validation }) };
  };
  switch (by) {
    case "share":
      known(fields, "split.", ["by", "test", "validation"], refuse);
      return { by, ...shares() };
    case "time": {
      known(fields, "split.", ["by", "test_from", "validation_from"], refuse);
      const test = time(fields.test_from, "split.test_from", refuse);
      const validation = optional(
        fields.validation_from,
        (value) => time(value, "split.validation_from", refuse),
      );
      if (validation !== undefined && parseTime(validation)! >= parseTime(test)!) {
        refuse("split.validation_from", `is ${validation}, not before test_from`);
      }
      if (!columns.some(({ kind }) => kind === "time")) {
        refuse("split.by", "is time, but no column has that kind");
      }
      return {
        by,
        test_from: test,
        ...(validation === undefined ? {} : { validation_from: validation }),
      };
    }
    case "user": {
      known(fields, "split.", ["by", "column", "test", "validation"], refuse);
      const column = string(fields.column, "split.column", refuse);
      if (!columns.some(({ kind, name }) => kind === "categorical" && name === column)) {
        refuse("split.column", `is ${show(column)}, which is no categorical column`);
      }
      return { by, column, ...shares() };
    }
    default:
      known(fields, "split.", ["by"], refuse);
      return { by };
  }
}

function checkTogether(
  columns: readonly LogColumn[],
  text: TextLayout | undefined,
  refuse: Refuse,
): void {
  const names = new Map<string, number>(), positions = new Map<number, number>();
  const inFile = new Map<string, number>();
  for (const [i, column] of columns.entries()) {
    const { name, position, kind } = column;
    const written = nameInFile(column), same = inFile.get(written);
    if (position === undefined && kind !== "ignored" && written !== name && same !== undefined) {
      refuse(`columns[${i}].header`, `is ${show(written)}, as that of columns[${same}]`);
    }
    if (position === undefined && kind !== "ignored") inFile.set(written, i);
    const twin = names.get(name);
    if (twin !== undefined && kind !== "ignored" && columns[twin]!.kind !== "ignored") {
      refuse(`columns[${i}].name`, `is ${show(name)}, as that of columns[${twin}]`);
    }
    names.set(name, i);
    if (position !== undefined) {
      const other = positions.get(position);
      if (other !== undefined) {
        refuse(`columns[${i}].position`, `is ${position}, as that of columns[${other}]`);
      }
      positions.set(position, i);
    }
    if (
      kind === "categorical list" && column.separator === text?.separator && text.quotes !== true
    ) {
      refuse(
        `columns[${i}].separator`,
        `is ${show(column.separator)}, as that between columns, and fields do not stand in quotes`,
      );
    }
  }
  for (const kind of ["label", "time"] as const) {
    const found = columns.flatMap((column, i) => column.kind === kind ? i : []);
    if (found.length > 1) {
      refuse(`columns[${found[1]}].kind`, `is ${kind}, as that of columns[${found[0]}]`);
    }
  }
  const placed = columns.filter(({ position }) => position !== undefined).length;
  if (text?.header === false && placed > 0 && placed < columns.length) {
    refuse("columns", "give positions for some columns and not for others, and there is no header");
  }
  if (!columns.some(({ kind }) => kind === "categorical" || kind === "categorical list")) {
    refuse("columns", "name no categorical column, so there would be no embedding table");
  }
}

function optional<T>(value: unknown, check: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : check(value);
}

function object(value: unknown, path: string, refuse: Refuse): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(path, `is ${show(value)}, not an object`);
  }
  return value as Fields;
}

function known(fields: Fields, path: string, names: readonly string[], refuse: Refuse): void {
  for (const name of Object.keys(fields)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    refuse(
      `${path}${name}`,
      `is no field of a schema here${near === null ? "" : `, did you mean ${near}?`}`,
    );
  }
}

function string(value: unknown, path: string, refuse: Refuse): string {
  if (typeof value !== "string" || value === "") {
    return refuse(path, value === undefined ? "is missing" : `is ${show(value)}, not a text`);
  }
  return value;
}

/** One character below 128 that does not mean anything else in text. */
function character(value: unknown, path: string, refuse: Refuse): string {
  const text = string(value, path, refuse);
  const code = text.charCodeAt(0);
  if (text.length !== 1 || code >= 128 || /["\r\n0-9a-zA-Z.+\-]/.test(text)) {
    return refuse(path, `is ${show(text)}, not one character that stands in no number or word`);
  }
  return text;
}

function boolean(value: unknown, path: string, refuse: Refuse): boolean {
  return typeof value === "boolean" ? value : refuse(path, `is ${show(value)}, not true or false`);
}

function number(value: unknown, path: string, refuse: Refuse): number {
  return typeof value === "number" ? value : refuse(path, `is ${show(value)}, not a number`);
}

function integer(
  value: unknown,
  path: string,
  least: number,
  most: number,
  refuse: Refuse,
): number {
  const fits = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return fits
    ? Number(value)
    : refuse(path, `is ${show(value)}, not an integer from ${least} to ${most}`);
}

function share(value: unknown, path: string, refuse: Refuse): number {
  return typeof value === "number" && value > 0 && value < 1
    ? value
    : refuse(path, `is ${show(value)}, not a share between 0 and 1`);
}

function time(value: unknown, path: string, refuse: Refuse): string {
  const text = string(value, path, refuse);
  return parseTime(text) !== null ? text : refuse(path, `is ${show(text)}, not an ISO 8601 time`);
}

function choice<const T extends string>(
  value: unknown,
  choices: readonly T[],
  path: string,
  refuse: Refuse,
): T {
  if (value === undefined) return refuse(path, `is missing: one of ${choices.join(", ")}`);
  return choices.find((choice) => choice === value) ??
    refuse(path, `is ${show(value)}, not one of ${choices.join(", ")}`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
