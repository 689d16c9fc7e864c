/**
 * Rows by a schema out of a file of columns: a group of rows is coded column by column, then handed on in blocks.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { BAD_ID, type IdCoder } from "../ids/id_coder.ts";
import { NO_LOOKUP } from "../id_layout.ts";
import { BLOCK_ROWS, type RowBlock } from "../row_block.ts";
import type { BadRow } from "../row_parser.ts";
import { isNumberText, MAX_FLOAT } from "../numbers.ts";
import {
  type CategoricalListColumn,
  hintOf,
  type LogColumn,
  type LogSchema,
  nameInFile,
  type SequenceColumn,
} from "../schema/log_schema.ts";
import { parseLabel } from "../schema/labels.ts";
import { Markers } from "../schema/markers.ts";
import { hourOfDay, type RowShape } from "../schema/row_shape.ts";
import { parseTimeField } from "../schema/times.ts";
import type { ColumnarFile, ColumnValues, RowGroup } from "./file.ts";

/** Fills blocks with the rows of one file of columns. */
export class ColumnRows {
  /** Rows put into blocks. */
  rows = 0;
  /** Rows looked at, good or bad. */
  lines = 0;
  readonly #schema: LogSchema;
  readonly #shape: RowShape;
  readonly #markers: Markers;
  readonly #file: ColumnarFile;
  readonly #columns: readonly { readonly column: LogColumn; readonly name: string }[];
  readonly #onBad: (bad: BadRow) => void;

  /**
   * @param onBad Told of every bad row; it throws, or the row is left out.
   * @throws UserError if the file lacks a column of the schema.
   */
  constructor(
    schema: LogSchema,
    shape: RowShape,
    file: ColumnarFile,
    path: string,
    onBad: (bad: BadRow) => void,
  ) {
    this.#schema = schema;
    this.#shape = shape;
    this.#file = file;
    this.#markers = new Markers(schema.missing ?? []);
    this.#onBad = onBad;
    this.#columns = schema.columns.flatMap((column) => {
      if (column.kind === "ignored") return [];
      const name = column.position === undefined
        ? file.names.find((name) => name === nameInFile(column))
        : file.names[column.position - 1];
      if (name === undefined) {
        throw new UserError(
          `Cannot read ${path}: it has no column ${nameInFile(column)} (it has ${
            file.names.slice(0, 12).join(", ")
          })${hintOf(column)}`,
        );
      }
      return { column, name };
    });
  }

  /**
   * Reads up to `limit` rows.
   *
   * @param onFull Takes the block when it is full; afterwards it is empty.
   * @param onGroup Told of the rows looked at after each group.
   * @returns Whether the limit came before the end.
   */
  async read(
    block: RowBlock,
    limit: number,
    onFull: () => Promise<void>,
    onGroup: () => void,
  ): Promise<boolean> {
    for await (const group of this.#file.groups()) {
      const coded = await this.#code(group, block);
      for (let r = 0; r < group.rows; r++) {
        if (this.rows >= limit) return true;
        this.lines++;
        const bad = coded.bad.get(r);
        if (bad !== undefined) {
          this.#onBad({ line: this.lines, unended: false, ...bad });
          continue;
        }
        coded.copy(r, block, block.rows);
        for (const table of coded.cut.get(r) ?? []) this.#shape.cut[table]!++;
        block.rows++;
        this.rows++;
        if (block.rows === BLOCK_ROWS) await onFull();
      }
      onGroup();
    }
    return false;
  }

  /** The columns of a group, coded. Of a bad row the first column that is bad is kept. */
  async #code(group: RowGroup, like: RowBlock): Promise<CodedGroup> {
    const coded = new CodedGroup(group.rows, like.denseColumns, like.tables);
    if (this.#shape.constant) coded.dense[0]!.fill(1);
    for (const [i, { column, name }] of this.#columns.entries()) {
      const values = await group.read(name);
      const wrong = (r: number, reason: string) => {
        if (!coded.bad.has(r)) {
          coded.bad.set(r, { column: i + 1, field: column.name, reason });
        }
      };
      this.#codeColumn(column, values, coded, wrong);
    }
    return coded;
  }

  #codeColumn(
    column: LogColumn,
    values: ColumnValues,
    coded: CodedGroup,
    wrong: (r: number, reason: string) => void,
  ): void {
    const rows = coded.rows, shape = this.#shape;
    switch (column.kind) {
      case "label":
        for (let r = 0; r < rows; r++) {
          const label = labelOf(values[r], column.above);
          if (label < 0) wrong(r, wrongLabel(values[r], column.above));
          coded.labels[r] = label;
        }
        return;
      case "dense": {
        const into = coded.dense[shape.denseSlot(column)]!;
        const missing = column.missing ?? 0, log = column.transform === "log";
        for (let r = 0; r < rows; r++) {
          const value = this.#isMissing(values[r]) ? missing : numberOf(values[r]);
          if (!(Math.abs(value) <= (log ? Infinity : MAX_FLOAT)) || Math.abs(value) === Infinity) {
            wrong(r, wrongNumber(values[r]));
          }
          into[r] = log ? Math.log(Math.max(value, 0) + 1) : value;
        }
        return;
      }
      case "categorical": {
        const table = shape.tableOf(column), into = coded.ids[shape.idSlot(table)]!;
        this.#codeIds(shape.coders[table]!, values, into, wrong);
        return;
      }
      case "categorical list":
      case "sequence":
        this.#codeLists(column, values, coded, wrong);
        return;
      case "time": {
        for (let r = 0; r < rows; r++) {
          const seconds = timeOf(values[r], column.format);
          if (seconds === null) wrong(r, `${show(values[r])} is not a time`);
          const hour = column.dense === undefined ? null : coded.dense[shape.denseSlot(column)]!;
          if (hour !== null) hour[r] = hourOfDay(seconds ?? 0);
          if (shape.timeSlot >= 0) coded.ids[shape.timeSlot]![r] = seconds ?? 0;
        }
        return;
      }
      case "ignored":
    }
  }

  #codeIds(
    coder: IdCoder,
    values: ColumnValues,
    into: Uint32Array,
    wrong: (r: number, reason: string) => void,
  ): void {
    // Texts of a group come from its dictionary again and again.
    const known = new Map<unknown, number>();
    for (let r = 0; r < into.length; r++) {
      const value = values[r];
      let code = known.get(value);
      if (code === undefined) {
        code = this.#isMissing(value) ? coder.missing() : codeOf(coder, value);
        known.set(value, code);
      }
      if (code === BAD_ID) wrong(r, `${show(value)} is not ${coder.describe()}`);
      into[r] = code;
    }
  }

  /** Of a list the first ids count, of a sequence the last. */
  #codeLists(
    column: CategoricalListColumn | SequenceColumn,
    values: ColumnValues,
    coded: CodedGroup,
    wrong: (r: number, reason: string) => void,
  ): void {
    const table = this.#shape.tableOf(column), first = this.#shape.firsts[table]!;
    const coder = this.#shape.coders[table]!, isList = column.kind === "categorical list";
    const most = isList ? column.most : column.steps;
    const known = new Map<unknown, number>();
    for (let r = 0; r < values.length; r++) {
      const codes = this.#listOf(values[r], column.separator).map((value) => {
        let code = known.get(value);
        if (code === undefined) known.set(value, code = codeOf(coder, value));
        if (code === BAD_ID) wrong(r, `${show(value)} is not ${coder.describe()}`);
        return code;
      });
      if (isList && codes.length > most) {
        coded.cut.set(r, [...coded.cut.get(r) ?? [], table]);
      }
      const skipped = isList ? 0 : codes.length - most;
      for (let p = 0; p < most; p++) coded.ids[first + p]![r] = codes[skipped + p] ?? NO_LOOKUP;
    }
  }

  /** The ids of a list, of one as the file has it or of a text. */
  #listOf(value: unknown, separator: string): unknown[] {
    if (this.#isMissing(value)) return [];
    const items = typeof value === "string"
      ? trimSpaces(trimSpaces(value).replace(/^\[(.*)\]$/s, "$1")).split(separator).map(trimSpaces)
      : typeof value === "object" && Symbol.iterator in value!
      ? [...value as Iterable<unknown>]
      : [value];
    return items.filter((item) => !this.#isMissing(item));
  }

  #isMissing(value: unknown): boolean {
    if (value === Infinity || value === -Infinity) return this.#markers.hasText(String(value));
    return value === null || value === undefined || value === "" || Number.isNaN(value) ||
      (typeof value === "string" && this.#markers.hasText(value));
  }
}

/** A group of rows as columns of a block. */
class CodedGroup {
  readonly rows: number;
  readonly dense: readonly Float32Array[];
  readonly ids: readonly Uint32Array[];
  readonly labels: Int8Array;
  readonly bad = new Map<number, { column: number; field: string; reason: string }>();
  /** Tables of the lists with more ids than count, by row. */
  readonly cut = new Map<number, number[]>();

  constructor(rows: number, denseColumns: number, tables: number) {
    this.rows = rows;
    this.dense = Array.from({ length: denseColumns }, () => new Float32Array(rows));
    this.ids = Array.from({ length: tables }, () => new Uint32Array(rows));
    this.labels = new Int8Array(rows);
  }

  /** Copies row r to a row of a block. */
  copy(r: number, block: RowBlock, to: number): void {
    const { stride } = block;
    for (let j = 0; j < this.dense.length; j++) block.dense[j * stride + to] = this.dense[j]![r]!;
    for (let t = 0; t < this.ids.length; t++) block.ids[t * stride + to] = this.ids[t]![r]!;
    block.labels[to] = this.labels[r]!;
  }
}

function codeOf(coder: IdCoder, value: unknown): number {
  switch (typeof value) {
    case "string":
      return coder.codeString(value);
    case "number":
    case "bigint":
      return coder.codeNumber(value);
    case "boolean":
      return coder.codeString(String(value));
    default:
      if (value instanceof Uint8Array) return coder.code(value, 0, value.length);
      return value instanceof Date ? coder.codeString(value.toISOString()) : BAD_ID;
  }
}

function labelOf(value: unknown, above: number | undefined): number {
  if (typeof value === "string" && above === undefined) {
    const bytes = encoder.encode(value);
    return parseLabel(bytes, 0, bytes.length);
  }
  const number = typeof value === "boolean" ? Number(value) : numberOf(value);
  if (above !== undefined) return Number.isNaN(number) ? -1 : number > above ? 1 : 0;
  return number === 1 ? 1 : number === 0 || number === -1 ? 0 : -1;
}

function numberOf(value: unknown): number {
  switch (typeof value) {
    case "number":
      return value;
    case "bigint":
    case "boolean":
      return Number(value);
    case "string":
      return isNumberText(value) ? Number(value) : NaN;
    default:
      return NaN;
  }
}

function timeOf(
  value: unknown,
  format: Parameters<typeof parseTimeField>[0],
): number | null {
  const text = value instanceof Date ? value.toISOString() : String(value);
  const bytes = encoder.encode(text);
  return parseTimeField(value instanceof Date ? "ISO 8601" : format, bytes, 0, bytes.length);
}

function wrongNumber(value: unknown): string {
  const hint = value === Infinity || value === -Infinity
    ? "; if it stands for no value, a schema names it in its field missing"
    : "";
  return `${show(value)} is not a finite number${hint}`;
}

function wrongLabel(value: unknown, above: number | undefined): string {
  if (above !== undefined) return `label ${show(value)} is not a number`;
  const hint = typeof value === "number" || typeof value === "bigint"
    ? "; of ratings, a schema says above which number they are clicks"
    : "";
  return `label ${show(value)} is not 0 or 1${hint}`;
}

function trimSpaces(text: string): string {
  return text.replace(/^ +| +$/g, "");
}

function show(value: unknown): string {
  if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    return Symbol.iterator in value ? "a list" : "a structure";
  }
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 20 ? `${text.slice(0, 20)}…` : text;
}

const encoder = new TextEncoder();
