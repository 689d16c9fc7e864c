/**
 * Taobao events from bytes, without a string a row. What a row means:
 *
 * - user, item, category: decimal, unsigned 32-bit numbers;
 * - behaviour: dropped; of Tianchi's own file it must be `pv`, `buy`, `cart` or `fav`;
 * - time: Unix seconds or milliseconds, up to 15 digits, a minus allowed. Of Tianchi's own log events outside its nine days
 *   are dropped and counted; of others those that 32 bits of seconds do not hold.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { parseInteger, quote, splitFields, wrongColumns } from "./fields.ts";
import type { RowBlock } from "./row_block.ts";
import { type BadField, type BadRow, RowParser } from "./row_parser.ts";
import {
  type EventField,
  type EventLayout,
  TAOBAO_BEHAVIOURS,
  TAOBAO_FIELDS,
  TAOBAO_LAYOUT,
} from "./taobao.ts";

const LF = 10, CR = 13, COMMA = 44, ZERO = 48;
const BEHAVIOURS = TAOBAO_BEHAVIOURS.map((word) => new TextEncoder().encode(word));
/** Any date from 1970 to 2106. */
const ALL_TIMES = [0, 2 ** 32] as const;
const decoder = new TextDecoder();

/** Columns of a block of events: user, item, category, seconds since the beginning of the layout's window, or 1970. */
export const EVENT_COLUMNS = 4;

/**
 * Turns the text of a Taobao file into blocks without dense columns and with {@link EVENT_COLUMNS} of numbers; labels mean
 * nothing. See {@link RowParser}.
 */
export class TaobaoParser extends RowParser {
  /** Events dropped because of their times. */
  outOfRange = 0;
  protected override readonly firstField: string;
  readonly #layout: EventLayout;
  readonly #path: string;
  readonly #separator: number;
  readonly #from: number;
  readonly #to: number;
  readonly #original: boolean;
  #places: Readonly<Record<EventField, number>>;
  #columns: number;
  #awaitsHeader: boolean;

  /** @param path The file, for what is wrong with its header. */
  constructor(
    onBad: (bad: BadRow) => void,
    layout: EventLayout = TAOBAO_LAYOUT,
    path = "Taobao's log",
  ) {
    super(onBad);
    this.#layout = layout;
    this.#path = path;
    this.#separator = layout.separator.charCodeAt(0);
    [this.#from, this.#to] = layout.window ?? ALL_TIMES;
    this.#places = layout.places;
    this.#columns = layout.columns;
    this.#awaitsHeader = layout.header !== null;
    this.#original = layout.header === null && layout.columns === TAOBAO_FIELDS.length &&
      TAOBAO_FIELDS.every((field, i) => layout.places[field as EventField] === i) &&
      layout.unit === "seconds" && layout.strict;
    this.firstField = TAOBAO_FIELDS.find((field) => layout.places[field as EventField] === 0) ?? "";
  }

  protected override isHeader(line: Uint8Array): boolean {
    const { header } = this.#layout;
    if (!this.#awaitsHeader || header === null) return false;
    this.#awaitsHeader = false;
    const names = splitFields(line, this.#separator).map((field) => decoder.decode(field).trim());
    const places: Partial<Record<EventField, number>> = {};
    for (const [field, name] of Object.entries(header) as [EventField, string][]) {
      const at = names.indexOf(name);
      if (at < 0) {
        throw new UserError(
          `Cannot read ${this.#path}: its header has no column ${name} (it has ${
            names.join(", ")
          })`,
        );
      }
      places[field] = at;
    }
    this.#places = { ...this.#layout.places, ...places };
    this.#columns = names.length;
    return true;
  }

  protected override parseFast(
    buffer: Uint8Array,
    from: number,
    end: number,
    block: RowBlock,
    room: number,
  ): number {
    if (!this.#original) return from;
    const { ids, stride } = block;
    const separator = this.#separator, first_s = this.#from, end_s = this.#to;
    let row = block.rows;
    let lineStart = from;
    rows: while (lineStart < end && row < room) {
      let p = lineStart;
      for (let cell = row; cell < 3 * stride; cell += stride) {
        const first = p;
        let value = 0, digit = 0;
        while ((digit = buffer[p++]! - ZERO) >>> 0 <= 9) value = (value * 10 + digit) | 0;
        // Nine digits always fit; longer ones go the slow way.
        if (p - 1 === first || p - first > 10 || digit !== separator - ZERO) break rows;
        ids[cell] = value;
      }
      const behaviour = p;
      while (buffer[p]! > COMMA) p++;
      if (!isBehaviour(buffer, behaviour, p) || buffer[p++] !== separator) break;
      const first = p;
      let time = 0, digit = 0;
      while ((digit = buffer[p]! - ZERO) >>> 0 <= 9) {
        time = time * 10 + digit;
        p++;
      }
      if (p === first || p - first > 10 || !(time >= first_s && time < end_s)) break;
      if (buffer[p] === CR) p++;
      if (buffer[p++] !== LF) break;
      ids[3 * stride + row] = time - first_s;
      row++;
      lineStart = p;
    }
    block.rows = row;
    return lineStart;
  }

  protected override parseLine(line: Uint8Array, block: RowBlock): BadField | null {
    const bad = (column: number, field: string, reason: string) => ({
      column: column + 1,
      field,
      reason,
    });
    const fields = splitFields(line, this.#separator), columns = this.#columns;
    if (fields.length !== columns) {
      const at = Math.min(fields.length, columns);
      return bad(
        at,
        TAOBAO_FIELDS.find((field) => this.#places[field as EventField] === at) ?? "",
        wrongColumns(fields.length, columns, "a Taobao row"),
      );
    }
    const row = block.rows, places = this.#places;
    for (const [t, name] of (["user", "item", "category"] as const).entries()) {
      const field = fields[places[name]]!;
      const value = parseInteger(field);
      if (value === null || value < 0 || value >= 2 ** 32) {
        return bad(places[name], name, `${quote(field)} is not an unsigned integer of 32 bits`);
      }
      block.ids[t * block.stride + row] = value;
    }
    const behaviour = fields[places.behaviour];
    if (
      this.#layout.strict && behaviour !== undefined &&
      !isBehaviour(behaviour, 0, behaviour.length)
    ) {
      return bad(
        places.behaviour,
        "behaviour",
        `${quote(behaviour)} is not one of ${TAOBAO_BEHAVIOURS.join(", ")}`,
      );
    }
    const written = fields[places.time]!;
    const time = parseInteger(written);
    if (time === null) {
      return bad(places.time, "time", `${quote(written)} is not an integer of at most 15 digits`);
    }
    const seconds = this.#layout.unit === "seconds" ? time : Math.floor(time / 1000);
    if (seconds < this.#from || seconds >= this.#to) {
      this.outOfRange++;
      return null;
    }
    block.ids[3 * block.stride + row] = seconds - this.#from;
    block.rows++;
    return null;
  }
}

function isBehaviour(buffer: Uint8Array, from: number, to: number): boolean {
  for (const word of BEHAVIOURS) {
    if (word.length !== to - from) continue;
    let i = 0;
    while (i < word.length && buffer[from + i] === word[i]) i++;
    if (i === word.length) return true;
  }
  return false;
}
