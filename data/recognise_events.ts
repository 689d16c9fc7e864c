/**
 * Recognises logs of events like Taobao's.
 *
 * @module
 */

import { badRows, BELIEVED, otherNames, otherRows } from "./head_rows.ts";
import type { BadRow } from "./row_parser.ts";
import { meansColumn } from "./schema/known.ts";
import { type EventField, type EventLayout, TAOBAO_FIELDS, TAOBAO_LAYOUT } from "./taobao.ts";
import { EVENT_COLUMNS, TaobaoParser } from "./taobao_parser.ts";
import { type Head, headerOf } from "./text_head.ts";

/** Names that the fields of events go by. */
const EVENT_NAMES: Readonly<Record<EventField, readonly string[]>> = {
  user: ["user", "user_id", "userid", "uid"],
  item: ["item", "item_id", "itemid", "iid"],
  category: ["category", "category_id", "categoryid", "cat_id", "cate_id", "item_category"],
  behaviour: ["behaviour", "behavior", "behavior_type", "behaviour_type", "action"],
  time: ["time", "timestamp", "time_stamp", "ts", "unixtime"],
};

/**
 * A log whose header names user, item, category and time, and no label; or, without such a header, the original's five columns.
 * Any log may have five columns of numbers, so that those must read as the original's do, unless it is said to be of Taobao's.
 *
 * @param asked Whether it is.
 * @returns Why it is none, or null for other columns.
 */
export function recogniseTaobao(head: Head, asked: boolean): EventLayout | string | null {
  for (const { separator, names } of head.separated) {
    const header: Partial<Record<EventField, string>> = {};
    for (const field of TAOBAO_FIELDS as readonly EventField[]) {
      const name = names.find((name) => EVENT_NAMES[field].includes(name.toLowerCase()));
      if (name !== undefined) header[field] = name;
    }
    if (["user", "item", "category", "time"].some((field) => !(field in header))) continue;
    // Rows with labels are inputs of their own, not events.
    if (names.some((name) => meansColumn(name, { name: "label", kind: "label" }))) continue;
    const places = { user: -1, item: -1, category: -1, behaviour: -1, time: -1 };
    for (const field of TAOBAO_FIELDS as readonly EventField[]) {
      if (header[field] !== undefined) places[field] = names.indexOf(header[field]);
    }
    const found = bestEvents(head, { separator, header, columns: names.length, places }, true);
    return typeof found !== "string"
      ? found
      : `it has Taobao's columns, but its rows do not read as such (${found})`;
  }
  const separated = head.separated.find(({ most }) => most === TAOBAO_FIELDS.length);
  if (separated === undefined) return null;
  const { columns, places } = TAOBAO_LAYOUT;
  const layout = { separator: separated.separator, header: null, columns, places };
  const found = bestEvents(head, layout, asked);
  if (typeof found !== "string") return found;
  return headerOf(separated) === null
    ? otherRows(head, separated, "Taobao's log", found)
    : otherNames(head, separated);
}

/**
 * The unit and the dates that most events have, or why there are none.
 *
 * @param sure Whether the columns are known to be an event's. Where not, a behaviour may be another word or a number only if all
 * times lie in the original's nine days.
 */
function bestEvents(
  head: Head,
  layout: Pick<EventLayout, "separator" | "header" | "columns" | "places">,
  sure: boolean,
): EventLayout | string {
  let first = "";
  for (const strict of [true, false]) {
    const doubted = !strict && !sure;
    const believed = doubted ? 0 : BELIEVED;
    for (const unit of ["seconds", "milliseconds"] as const) {
      for (const window of doubted ? [TAOBAO_LAYOUT.window] : [TAOBAO_LAYOUT.window, null]) {
        const candidate: EventLayout = { ...layout, unit, window, strict };
        const parsers: TaobaoParser[] = [];
        const create = (onBad: (bad: BadRow) => void) => {
          const parser = new TaobaoParser(onBad, candidate);
          parsers.push(parser);
          return parser;
        };
        const bad = badRows(head, create, 0, EVENT_COLUMNS);
        const outside = parsers[0]!.outOfRange / Math.max(1, parsers[0]!.lines);
        if (bad.share <= believed && outside <= BELIEVED * (1 - bad.share)) return candidate;
        first ||= bad.first;
      }
    }
  }
  return first === "" ? "its times are none from 1970 to 2106" : first;
}
