/**
 * A schema from JSON: every field is checked, and what is wrong is said with its path.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { readJsonFile } from "../../core/json_file.ts";
import { showValue } from "../../core/printable.ts";
import { checkSchema } from "../../core/schema.ts";
import { type LogColumn, type LogSchema, nameInFile } from "./log_schema.ts";
import { LOG_SCHEMA } from "./schema_document.ts";

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
  const cannot = `Cannot read the schema ${source}`;
  const schema = checkSchema(LOG_SCHEMA, document, cannot);
  const refuse: Refuse = (path, problem) => {
    throw new UserError(`${cannot}: ${path} ${problem}`);
  };
  checkNames(schema.columns, refuse);
  checkPlaces(schema, refuse);
  checkSequences(schema, refuse);
  checkSplit(schema, refuse);
  if (!schema.columns.some(({ kind }) => kind === "categorical" || kind === "categorical list")) {
    refuse("columns", "name no categorical column, so there would be no embedding table");
  }
  return schema;
}

/** Says that the value at a path is wrong. */
type Refuse = (path: string, problem: string) => never;

/** Columns that are read have names of their own, in the data set and in the file. */
function checkNames(columns: readonly LogColumn[], refuse: Refuse): void {
  const names = new Map<string, number>(), inFile = new Map<string, number>();
  for (const [i, column] of columns.entries()) {
    const { name, position, kind } = column;
    if (kind === "ignored") continue;
    const twin = names.get(name);
    if (twin !== undefined) {
      refuse(`columns[${i}].name`, `is ${showValue(name)}, as that of columns[${twin}]`);
    }
    names.set(name, i);
    if (position !== undefined) continue;
    const written = nameInFile(column), same = inFile.get(written);
    if (same !== undefined) {
      const member = written === name ? "name" : "header";
      refuse(`columns[${i}].${member}`, `is ${showValue(written)}, as that of columns[${same}]`);
    }
    inFile.set(written, i);
  }
}

/** Places, and what stands between values. */
function checkPlaces({ columns, text }: LogSchema, refuse: Refuse): void {
  const positions = new Map<number, number>();
  for (const [i, column] of columns.entries()) {
    const { position, kind } = column;
    if (position !== undefined) {
      const other = positions.get(position);
      if (other !== undefined) {
        refuse(`columns[${i}].position`, `is ${position}, as that of columns[${other}]`);
      }
      positions.set(position, i);
    }
    if (
      (kind === "categorical list" || kind === "sequence") &&
      column.separator === text?.separator && text.quotes !== true
    ) {
      refuse(
        `columns[${i}].separator`,
        `is ${
          showValue(column.separator)
        }, as that between columns, and fields do not stand in quotes`,
      );
    }
  }
  if (text?.header === false && positions.size > 0 && positions.size < columns.length) {
    refuse("columns", "give positions for some columns and not for others, and there is no header");
  }
  if (text?.decimal === "," && text.separator === "," && text.quotes !== true) {
    refuse("text.decimal", 'is ",", as that between columns, and fields do not stand in quotes');
  }
  for (const kind of ["label", "time"] as const) {
    const [, second] = columns.flatMap((column, i) => column.kind === kind ? i : []);
    if (second !== undefined) {
      const first = columns.findIndex((column) => column.kind === kind);
      refuse(`columns[${second}].kind`, `is ${kind}, as that of columns[${first}]`);
    }
  }
}

/** Sequences of one length, each of a categorical column of its own, and no lists beside them. */
function checkSequences({ columns }: LogSchema, refuse: Refuse): void {
  const first = columns.findIndex(({ kind }) => kind === "sequence");
  const of = new Map<string, number>();
  for (const [i, column] of columns.entries()) {
    if (first >= 0 && column.kind === "categorical list") {
      refuse(
        `columns[${i}].kind`,
        `is "categorical list", and columns[${first}] is a sequence, whose steps have one id a table`,
      );
    }
    if (column.kind !== "sequence") continue;
    const place = `columns[${i}]`, twin = of.get(column.of), { steps } = column;
    if (!columns.some(({ kind, name }) => kind === "categorical" && name === column.of)) {
      refuse(`${place}.of`, `is ${showValue(column.of)}, which is no categorical column`);
    }
    if (twin !== undefined) {
      refuse(`${place}.of`, `is ${showValue(column.of)}, as that of columns[${twin}]`);
    }
    of.set(column.of, i);
    const other = columns[first]!;
    if (other.kind === "sequence" && steps !== other.steps) {
      refuse(`${place}.steps`, `is ${steps}, and that of columns[${first}] is ${other.steps}`);
    }
  }
}

/** A split by a column needs it. */
function checkSplit({ columns, split }: LogSchema, refuse: Refuse): void {
  if (split?.by === "time" && !columns.some(({ kind }) => kind === "time")) {
    refuse("split.by", "is time, but no column has that kind");
  }
  if (
    split?.by === "user" &&
    !columns.some(({ kind, name }) => kind === "categorical" && name === split.column)
  ) {
    refuse("split.column", `is ${showValue(split.column)}, which is no categorical column`);
  }
}
