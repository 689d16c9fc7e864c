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
import type { KnownFormat } from "./manifest.ts";
import { RowBlock } from "./row_block.ts";
import type { BadRow, RowParser } from "./row_parser.ts";
import { avazuSchema, criteoSchema, type KnownLayout, meansColumn } from "./schema/known.ts";
import type { LogSchema, SplitRule, TextLayout, TimeSpelling } from "./schema/log_schema.ts";
import { RowShape } from "./schema/row_shape.ts";
import { SchemaParser } from "./schema/schema_parser.ts";
import { type EventField, type EventLayout, TAOBAO_FIELDS, TAOBAO_LAYOUT } from "./taobao.ts";
import { EVENT_COLUMNS, TaobaoParser } from "./taobao_parser.ts";
import { type Head, headOf, notSeparated, type SeparatedHead, SEPARATORS } from "./text_head.ts";
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

/** The share of a file's first lines that may be bad in a format that is still recognised. */
const BELIEVED = 0.5;

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
    const found = recogniseCriteo(head, criteoFormat);
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
    const found = recogniseAvazu(head);
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
    const found = recogniseTaobao(head);
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

function recogniseCriteo(head: Head, format: KnownFormat): Found {
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
  const labelled = separated.most >= CRITEO_COLUMNS;
  const layout = { name: format, header: null, labelled, split };
  if (labelled && !extra && separated.separator === "\t" && !separated.ragged && !head.quoted) {
    const bad = badRows(head, (onBad) => new CriteoParser(onBad), CRITEO_DENSE, 26);
    if (bad.share <= BELIEVED) return { schema: null };
  }
  return bestCriteo(head, separated, { ...layout, text: textOf(head, separated, false) });
}

const LABEL = { name: "label", kind: "label" } as const;

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
  return `it has Criteo's columns, but its rows do not read as such (${first})`;
}

function recogniseAvazu(head: Head): Found {
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
    return bestAvazu(head, layout, withId);
  }
  const separated = head.separated.find(({ most }) => most === AVAZU_COLUMNS);
  if (separated === undefined) return null;
  if (separated.separator === "," && !head.quoted) {
    const bad = badAvazu(head);
    if (bad.share <= BELIEVED) return { schema: null };
  }
  return bestAvazu(head, {
    name: "avazu",
    text: textOf(head, separated, false),
    header: null,
    labelled: true,
    split: { by: "random" },
  }, true);
}

function bestAvazu(head: Head, layout: KnownLayout, withId: boolean): Found {
  let first = "";
  for (const hour of ["YYMMDDHH", "ISO 8601"] as const satisfies readonly TimeSpelling[]) {
    for (const ids of ["original", "text"] as const) {
      const schema = avazuSchema(layout, hour, withId, ids);
      const bad = badSchemaRows(head, schema);
      if (bad.share <= (ids === "original" ? 0.1 : BELIEVED)) return { schema };
      first ||= bad.first;
    }
  }
  return `it has Avazu's columns, but its rows do not read as such (${first})`;
}

function badAvazu(head: Head) {
  return badRows(head, (onBad) => new AvazuParser(onBad), 1, AVAZU_TABLES.length);
}

/** Names that the fields of events go by. */
const EVENT_NAMES: Readonly<Record<EventField, readonly string[]>> = {
  user: ["user", "user_id", "userid", "uid"],
  item: ["item", "item_id", "itemid", "iid"],
  category: ["category", "category_id", "categoryid", "cat_id", "cate_id", "item_category"],
  behaviour: ["behaviour", "behavior", "behavior_type", "behaviour_type", "action"],
  time: ["time", "timestamp", "time_stamp", "ts", "unixtime"],
};

function recogniseTaobao(head: Head): EventLayout | string | null {
  for (const { separator, names } of head.separated) {
    const header: Partial<Record<EventField, string>> = {};
    for (const field of TAOBAO_FIELDS as readonly EventField[]) {
      const name = names.find((name) => EVENT_NAMES[field].includes(name.toLowerCase()));
      if (name !== undefined) header[field] = name;
    }
    if (["user", "item", "category", "time"].some((field) => !(field in header))) continue;
    const places = { user: -1, item: -1, category: -1, behaviour: -1, time: -1 };
    for (const field of TAOBAO_FIELDS as readonly EventField[]) {
      if (header[field] !== undefined) places[field] = names.indexOf(header[field]);
    }
    return bestEvents(head, { separator, header, columns: names.length, places });
  }
  const separated = head.separated.find(({ most }) => most === TAOBAO_FIELDS.length);
  if (separated === undefined) return null;
  const { columns, places } = TAOBAO_LAYOUT;
  return bestEvents(head, { separator: separated.separator, header: null, columns, places });
}

/** The unit and the dates that most events have. */
function bestEvents(
  head: Head,
  layout: Pick<EventLayout, "separator" | "header" | "columns" | "places">,
): EventLayout | string {
  let first = "";
  for (const strict of [true, false]) {
    for (const unit of ["seconds", "milliseconds"] as const) {
      for (const window of [TAOBAO_LAYOUT.window, null]) {
        const candidate: EventLayout = { ...layout, unit, window, strict };
        const parsers: TaobaoParser[] = [];
        const create = (onBad: (bad: BadRow) => void) => {
          const parser = new TaobaoParser(onBad, candidate);
          parsers.push(parser);
          return parser;
        };
        const bad = badRows(head, create, 0, EVENT_COLUMNS);
        const outside = parsers[0]!.outOfRange / Math.max(1, parsers[0]!.lines);
        if (bad.share <= BELIEVED && outside <= BELIEVED * (1 - bad.share)) return candidate;
        first ||= bad.first;
      }
    }
  }
  return first === ""
    ? "it has Taobao's columns, but its times are none from 1970 to 2106"
    : `it has Taobao's columns, but its rows do not read as such (${first})`;
}

function textOf(head: Head, { separator, ragged, endsEmpty }: SeparatedHead, header: boolean) {
  return {
    separator,
    header,
    ...(head.quoted ? { quotes: true } : {}),
    ...(ragged || endsEmpty || head.endsInSpace ? { trailing: "stripped" as const } : {}),
  };
}

/** Which of the first lines are bad in a format. */
function badRows(
  head: Head,
  create: (onBad: (bad: BadRow) => void) => RowParser,
  denseColumns: number,
  tables: number,
): { share: number; first: string } {
  let first = "", bad = 0;
  const parser = create((row) => {
    bad++;
    first ||= `line ${row.line}, column ${row.column}${
      row.field === "" ? "" : ` (${row.field})`
    }: ${row.reason}`;
  });
  try {
    parser.feed(head.text);
    parser.finish();
    parser.parse(new RowBlock(denseColumns, tables));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { share: 1, first: error.message };
  }
  return { share: bad / Math.max(1, parser.lines), first };
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
  const { separator, most } = head.separated.toSorted((a, b) => b.most - a.most)[0]!;
  const between = SEPARATORS.find(([byte]) => byte === separator)![1];
  return `its first lines have ${most} column${most === 1 ? "" : "s"} between ${between}, ` +
    `where Criteo has ${CRITEO_COLUMNS}, Avazu ${AVAZU_COLUMNS} and Taobao ${TAOBAO_FIELDS.length}`;
}

function listed(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(", ")}, …` : names.join(", ");
}
