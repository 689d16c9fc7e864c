/**
 * Recognises formats by their content: the public logs, in their own layout and in those of widespread copies.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { AVAZU_COLUMNS, AVAZU_HEADER, AVAZU_TABLES } from "./avazu.ts";
import { AvazuParser } from "./avazu_parser.ts";
import { readColumnNames } from "./columnar/open.ts";
import { CRITEO_COLUMNS, CRITEO_DENSE, CRITEO_DENSE_NAMES, CRITEO_TABLE_NAMES } from "./criteo.ts";
import { CriteoParser } from "./criteo_parser.ts";
import { badRows, BELIEVED, listed, otherNames, otherRows, widest } from "./head_rows.ts";
import type { KnownFormat } from "./manifest.ts";
import { recogniseTaobao } from "./recognise_events.ts";
import type { BadRow } from "./row_parser.ts";
import { avazuSchema, criteoSchema, type KnownLayout, meansColumn } from "./schema/known.ts";
import type { LogSchema, SplitRule, TextLayout, TimeSpelling } from "./schema/log_schema.ts";
import { RowShape } from "./schema/row_shape.ts";
import { SchemaParser } from "./schema/schema_parser.ts";
import { type EventLayout, TAOBAO_FIELDS, TAOBAO_LAYOUT } from "./taobao.ts";
import {
  type Head,
  headerOf,
  headOf,
  notSeparated,
  type SeparatedHead,
  SEPARATORS,
} from "./text_head.ts";
import { isColumnar, type TextFile } from "./text_source.ts";

/** What some files are. */
export interface Recognised {
  readonly format: KnownFormat;
  /** The columns, where they are laid out otherwise than in the original. */
  readonly schema: LogSchema | null;
  /** Of Taobao, how events are laid out. */
  readonly events: EventLayout | null;
  /** How the format was chosen, for messages. */
  readonly chosen: string;
}

/**
 * Recognises files by the names in the header or, without one, by the number of columns and whether the first lines can be
 * parsed. Criteo's two formats are told apart by the number and the names of the files.
 *
 * @param asked The format that they are said to be, of which the layout is then found.
 * @throws UserError for a file that is empty or like none of them, with the command that would describe it.
 */
export async function recognise(
  files: readonly TextFile[],
  asked?: KnownFormat,
): Promise<Recognised> {
  const first = files[0]!;
  const wanted = (family: string) => asked === undefined || asked.startsWith(family);
  const criteo = (): { format: KnownFormat; why: string } => {
    if (asked !== undefined) return { format: asked, why: "" };
    if (files.length > 1) return { format: "criteo-terabyte", why: " and several files" };
    return /^day_\d+(\.|$)/.test(first.name)
      ? { format: "criteo-terabyte", why: " and its name" }
      : { format: "criteo-kaggle", why: "" };
  };
  const { format: criteoFormat, why } = criteo();
  const byColumns = asked === undefined ? "recognised by its columns" : "as asked";
  if (isColumnar(first)) {
    const names = await readColumnNames(first);
    const schema = namedSchema(names, undefined, criteoFormat, wanted);
    if (schema !== null) {
      const chosen = asked === undefined ? "recognised by its columns' names" : "as asked";
      return { ...schema, events: null, chosen };
    }
    throw unknown(first, `its columns are ${listed(names)}`, asked);
  }
  const head = await headOf(first);
  if (head.lines.length === 0) throw new UserError(`Cannot read ${first.path}: it is empty`);
  let refusal: string | null = null;
  if (wanted("criteo")) {
    const found = recogniseCriteo(head, criteoFormat, asked !== undefined);
    if (typeof found === "string") refusal ??= found;
    else if (found !== null) {
      const layout = found.schema === null ? "" : `; ${describeText(found.schema)}`;
      return {
        format: criteoFormat,
        schema: found.schema,
        events: null,
        chosen: `${byColumns}${why}${layout}`,
      };
    }
  }
  if (wanted("avazu")) {
    const found = recogniseAvazu(head, asked !== undefined);
    if (typeof found === "string") refusal ??= found;
    else if (found !== null) {
      const layout = found.schema === null ? "" : `; ${describeText(found.schema)}`;
      return {
        format: "avazu",
        schema: found.schema,
        events: null,
        chosen: `${byColumns}${layout}`,
      };
    }
  }
  if (wanted("taobao")) {
    const found = recogniseTaobao(head, asked !== undefined);
    if (typeof found === "string") refusal ??= found;
    else if (found !== null) {
      return { format: "taobao", schema: null, events: found, chosen: byColumns };
    }
  }
  // A format that was asked for is taken; if it is wrong, the error names the first bad row.
  if (asked !== undefined) {
    return {
      format: asked,
      schema: null,
      events: asked === "taobao" ? TAOBAO_LAYOUT : null,
      chosen: byColumns,
    };
  }
  const other = notSeparated(head);
  if (other !== null) throw new UserError(`Cannot read ${first.path}: ${other}`);
  throw unknown(first, refusal ?? describeColumns(head), asked);
}

function unknown(file: TextFile, problem: string, asked: KnownFormat | undefined): UserError {
  return new UserError(
    `Cannot recognise the format of ${file.path}: ${problem}${
      asked === undefined ? "" : `, which is not ${asked}`
    }; deno task data schema ${file.path} drafts a schema of its columns, for --schema`,
  );
}

/** What is known of a family: the layout, null for the original's; or why it is none; or null for no such columns. */
type Found = { readonly schema: LogSchema | null } | string | null;

/** Criteo and Avazu by the names of their columns. */
function namedSchema(
  names: readonly string[],
  text: TextLayout | undefined,
  criteoFormat: KnownFormat,
  wanted: (family: string) => boolean,
): { format: KnownFormat; schema: LogSchema } | null {
  const layout = (name: string, split: SplitRule): KnownLayout => ({
    name,
    text,
    header: names,
    labelled: names.some((name) => meansColumn(name, { name: "label", kind: "label" })),
    split,
  });
  if (wanted("criteo") && hasAll(names, [...CRITEO_DENSE_NAMES, ...CRITEO_TABLE_NAMES])) {
    const split = splitOf(criteoFormat);
    return {
      format: criteoFormat,
      schema: criteoSchema(layout(criteoFormat, split), "text"),
    };
  }
  if (wanted("avazu") && hasAll(names, AVAZU_NAMES)) {
    const schema = avazuSchema(layout("avazu", { by: "random" }), "YYMMDDHH", false, "text");
    return { format: "avazu", schema };
  }
  return null;
}

const AVAZU_NAMES = ["hour", ...AVAZU_TABLES.map(({ name }) => name)];
const AVAZU_HEADER_NAMES = [
  ...AVAZU_HEADER.split(",").filter((name) => name !== ""),
  ...AVAZU_TABLES.map(({ name }) => name),
];

function splitOf(format: KnownFormat): SplitRule {
  return { by: format === "criteo-terabyte" ? "last file" : "sevenths" };
}

function hasAll(names: readonly string[], wanted: readonly string[]): boolean {
  const lower = new Set(names.map((name) => name.toLowerCase()));
  return wanted.every((name) => lower.has(name.toLowerCase()));
}

function recogniseCriteo(head: Head, format: KnownFormat, asked: boolean): Found {
  const named = head.separated.find(({ names }) =>
    hasAll(names, [...CRITEO_DENSE_NAMES, ...CRITEO_TABLE_NAMES])
  );
  const split = splitOf(format);
  if (named !== undefined) {
    const labelled = named.names.some((name) => meansColumn(name, LABEL));
    return bestCriteo(head, named, {
      name: format,
      text: textOf(head, named, true),
      header: named.names,
      labelled,
      split,
    });
  }
  const separated = head.separated.find(({ most }) =>
    most === CRITEO_COLUMNS || most === CRITEO_COLUMNS + 1 || most === CRITEO_COLUMNS - 1
  );
  if (separated === undefined) return null;
  // A separator behind the last column makes one more that is always empty; stripped ones make fewer.
  const extra = separated.most === CRITEO_COLUMNS + 1;
  if (extra && !separated.endsEmpty) return null;
  if (!asked && headerOf(separated) !== null) return otherNames(head, separated);
  const labelled = separated.most >= CRITEO_COLUMNS;
  if (!asked && !labelled && !HASHED.test(new TextDecoder().decode(head.text))) {
    return "it has as many columns as Criteo's log without labels, but its ids are not hexadecimal numbers";
  }
  const layout = { name: format, header: null, labelled, split };
  if (labelled && !extra && separated.separator === "\t" && !separated.ragged && !head.quoted) {
    const bad = badRows(head, (onBad) => new CriteoParser(onBad), CRITEO_DENSE, 26);
    if (bad.share <= BELIEVED) return { schema: null };
  }
  return bestCriteo(head, separated, { ...layout, text: textOf(head, separated, false) });
}

const LABEL = { name: "label", kind: "label" } as const;
/** A hexadecimal number that is no decimal one. */
const HASHED = /\d[a-f]|[a-f]\d/i;

/** The spelling of Criteo's ids that most rows have. */
function bestCriteo(head: Head, separated: SeparatedHead, layout: KnownLayout): Found {
  let first = "";
  for (const ids of ["original", "hexadecimal", "text"] as const) {
    const schema = criteoSchema(layout, ids);
    if (ids === "text") {
      const list = separated.listColumn;
      if (list !== null) return `its column ${list} holds lists of ids`;
    }
    const bad = badSchemaRows(head, schema);
    if (bad.share === 0 || (ids === "text" && bad.share <= BELIEVED)) return { schema };
    // Rows of the usual spelling with some bad ones among them.
    if (ids === "original" && bad.share <= 0.1) return { schema };
    first ||= bad.first;
  }
  return otherRows(head, separated, "Criteo's log", first);
}

function recogniseAvazu(head: Head, asked: boolean): Found {
  const named = head.separated.find(({ names }) => hasAll(names, AVAZU_NAMES));
  if (named !== undefined) {
    const own = named.separator === "," && !head.quoted &&
      named.names.join() === AVAZU_HEADER_NAMES.join();
    if (own && badAvazu(head).share <= BELIEVED) return { schema: null };
    const layout: KnownLayout = {
      name: "avazu",
      text: textOf(head, named, true),
      header: named.names,
      labelled: named.names.some((name) => meansColumn(name, LABEL)),
      split: { by: "random" },
    };
    const withId = named.names.some((name) => name.toLowerCase() === "id");
    return bestAvazu(head, named, layout, withId);
  }
  const separated = head.separated.find(({ most }) => most === AVAZU_COLUMNS);
  if (separated === undefined) return null;
  if (!asked && headerOf(separated) !== null) return otherNames(head, separated);
  if (separated.separator === "," && !head.quoted) {
    const bad = badAvazu(head);
    if (bad.share <= BELIEVED) return { schema: null };
  }
  return bestAvazu(head, separated, {
    name: "avazu",
    text: textOf(head, separated, false),
    header: null,
    labelled: true,
    split: { by: "random" },
  }, true);
}

function bestAvazu(
  head: Head,
  separated: SeparatedHead,
  layout: KnownLayout,
  withId: boolean,
): Found {
  let first = "";
  for (const hour of ["YYMMDDHH", "ISO 8601"] as const satisfies readonly TimeSpelling[]) {
    for (const ids of ["original", "text"] as const) {
      const schema = avazuSchema(layout, hour, withId, ids);
      const bad = badSchemaRows(head, schema);
      if (bad.share <= (ids === "original" ? 0.1 : BELIEVED)) return { schema };
      first ||= bad.first;
    }
  }
  return otherRows(head, separated, "Avazu's log", first);
}

function badAvazu(head: Head) {
  return badRows(head, (onBad) => new AvazuParser(onBad), 1, AVAZU_TABLES.length);
}

function textOf(head: Head, { separator, ragged, endsEmpty }: SeparatedHead, header: boolean) {
  return {
    separator,
    header,
    ...(head.quoted ? { quotes: true } : {}),
    ...(ragged || endsEmpty || head.endsInSpace ? { trailing: "stripped" as const } : {}),
  };
}

function badSchemaRows(head: Head, schema: LogSchema): { share: number; first: string } {
  const shape = new RowShape(schema, 0);
  const create = (onBad: (bad: BadRow) => void) => new SchemaParser(schema, shape, onBad, "it");
  return badRows(head, create, shape.dense.length, shape.places + shape.carried.length);
}

/** A note on how the layout differs from the original. */
function describeText({ text }: LogSchema): string {
  if (text === undefined) return "by its columns' names";
  return [
    text.header ? "columns by the names in its header" : "no header",
    `${SEPARATORS.find(([byte]) => byte === text.separator)?.[1] ?? text.separator} between them`,
    ...(text.trailing === "stripped" ? ["ends of rows stripped"] : []),
  ].join(", ");
}

function describeColumns(head: Head): string {
  const { separator, most } = widest(head);
  const between = SEPARATORS.find(([byte]) => byte === separator)![1];
  return `its first lines have ${most} column${most === 1 ? "" : "s"} between ${between}, ` +
    `where Criteo has ${CRITEO_COLUMNS}, Avazu ${AVAZU_COLUMNS} and Taobao ${TAOBAO_FIELDS.length}`;
}
