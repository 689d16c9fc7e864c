/** Logs of events, Tianchi's own and one with a header, changed as texts: read as a slow reader reads them. */

import assert from "node:assert/strict";
import { RowBlock } from "../../data/row_block.ts";
import { MAX_LINE } from "../../data/row_parser.ts";
import { type EventField, type EventLayout, TAOBAO_LAYOUT } from "../../data/taobao.ts";
import { EVENT_COLUMNS, TaobaoParser } from "../../data/taobao_parser.ts";
import { Draw } from "./draw.ts";
import { mutateText, readInPieces } from "./logs.ts";
import { linesOf } from "./slow_reader.ts";
import type { Subject } from "./subject.ts";

/** What a text says: events in order, lines that are none, and how many events lie outside the layout's times. */
interface Events {
  readonly rows: readonly (readonly number[])[];
  readonly bad: readonly number[];
  readonly outside: number;
}

const WITH_HEADER: EventLayout = {
  separator: ";",
  header: { user: "user_id", item: "item", category: "cat", time: "ts" },
  columns: 5,
  places: { user: 1, item: 2, category: 3, behaviour: -1, time: 0 },
  unit: "milliseconds",
  window: null,
  strict: false,
};

/** Reads a text by strings and regular expressions; null where its header lacks a column. */
function readSlowly(bytes: Uint8Array, layout: EventLayout): Events | null {
  const { lines } = linesOf(bytes);
  const [from, to] = layout.window ?? [0, 2 ** 32];
  const rows: number[][] = [], bad: number[] = [];
  let outside = 0, places: Partial<Record<EventField, number>> = layout.places;
  let columns = layout.columns;
  for (const [i, whole] of lines.entries()) {
    const line = whole.replace(/\r$/, "");
    const regular = line !== "" && whole.length <= MAX_LINE;
    if (i === 0 && layout.header !== null && regular) {
      const found = headerOf(line, layout.header, layout.separator);
      if (found === null) return null;
      ({ places, columns } = found);
      continue;
    }
    const event = regular ? readEvent(line.split(layout.separator), layout, places, columns) : null;
    if (event === null) bad.push(i + 1);
    else if (event.seconds < from || event.seconds >= to) outside++;
    else rows.push([...event.ids, event.seconds - from]);
  }
  return { rows, bad, outside };
}

function headerOf(line: string, header: object, separator: string) {
  const utf8 = (text: string) =>
    new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)));
  const names = line.split(separator).map((name) => utf8(name).trim());
  const places = Object.entries(header).map(([field, name]) => [field, names.indexOf(name)]);
  if (places.some(([, at]) => at === -1)) return null;
  return { places: Object.fromEntries(places), columns: names.length };
}

function readEvent(
  fields: readonly string[],
  { unit, strict }: EventLayout,
  places: Partial<Record<EventField, number>>,
  columns: number,
): { readonly ids: readonly number[]; readonly seconds: number } | null {
  if (fields.length !== columns) return null;
  const ids: number[] = [];
  for (const name of ["user", "item", "category"] as const) {
    const field = fields[places[name]!]!;
    if (!/^(\d{1,15}|-0{1,15})$/.test(field) || Number(field) >= 2 ** 32) return null;
    ids.push(Math.abs(Number(field)));
  }
  if (strict && !/^(pv|buy|cart|fav)$/.test(fields[places.behaviour!]!)) return null;
  const time = fields[places.time!]!;
  if (!/^-?\d{1,15}$/.test(time)) return null;
  // Plus 0, so that there is no -0.
  return { ids, seconds: Math.floor(Number(time) / (unit === "seconds" ? 1 : 1000)) + 0 };
}

const BLOCK = new RowBlock(0, EVENT_COLUMNS);

/** Reads a text by the parser, in pieces; null where it refuses the header. */
function parse(bytes: Uint8Array, layout: EventLayout, draw: Draw): Events | null {
  BLOCK.rows = 0;
  const bad: number[] = [];
  const parser = new TaobaoParser(({ line }) => bad.push(line), layout);
  if (!readInPieces(parser, BLOCK, bytes, draw)) return null;
  const { ids, stride } = BLOCK;
  const rows = Array.from(
    { length: BLOCK.rows },
    (_, r) => Array.from({ length: EVENT_COLUMNS }, (_, c) => ids[c * stride + r]!),
  );
  return { rows, bad, outside: parser.outOfRange };
}

function subject(name: string, layout: EventLayout, write: (draw: Draw) => string): Subject {
  return {
    name,
    make: (draw) => mutateText(write(draw), layout.separator, draw),
    check: (input) => {
      const read = parse(input, layout, new Draw(input.length, 0));
      assert.deepEqual(read, readSlowly(input, layout));
      return read !== null && read.bad.length === 0 && read.rows.length > 0
        ? "accepted"
        : "refused";
    },
  };
}

const id = (draw: Draw) => draw.of([String(draw.below(40)), String(draw.below(2 ** 32))]);
const lines = (draw: Draw, line: () => string) =>
  Array.from({ length: 1 + draw.below(8) }, () => `${line()}\n`).join("");

/** Events by layout. */
export const EVENTS: readonly Subject[] = [
  subject("log-taobao", TAOBAO_LAYOUT, (draw) =>
    lines(draw, () => {
      const time = 1_511_539_200 + draw.below(800_000);
      return `${id(draw)},${id(draw)},${id(draw)},${draw.of(["pv", "buy", "cart", "fav"])},${time}`;
    })),
  subject(
    "log-events-with-a-header",
    WITH_HEADER,
    (draw) =>
      `ts;user_id;item;cat;note\n${
        lines(
          draw,
          () => [1_500_000_000_000 + draw.below(1e9), id(draw), id(draw), id(draw), "x"].join(";"),
        )
      }`,
  ),
];
