/**
 * Avazu rows from bytes, without a string a row. What a row means:
 *
 * - id: dropped (it names the impression; many are beyond 2^63, and spreadsheets make floats of them);
 * - click: the label, `0` or `1`;
 * - hour: YYMMDDHH. The dense value is HH / 24, the hour of the day in [0, 1). It needs no look ahead or back, is the same
 *   in every part of the log, and what is learned of it holds for days to come; hours since the log's beginning would
 *   take values in a later test that training never saw;
 * - site, app and device ids: hexadecimal, 1 to 8 digits, unsigned 32-bit numbers;
 * - the other ids: decimal in [-2^31, 2^31), a negative one (-1 is "missing") as its two's complement; an empty one is 0.
 *
 * Rows that other programs have passed on mean the same; the schema in `schema/known.ts` says how.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { AVAZU_HEADER, AVAZU_TABLES } from "./avazu.ts";
import { eightHex, HEX, NOT_HEX, twoDigits } from "./fields.ts";
import type { RowBlock } from "./row_block.ts";
import { type BadRow, MAX_LINE } from "./row_parser.ts";
import { AVAZU_TEXT, avazuSchema } from "./schema/known.ts";
import { RowShape } from "./schema/row_shape.ts";
import { SchemaParser } from "./schema/schema_parser.ts";

const LF = 10, CR = 13, COMMA = 44, MINUS = 45, ZERO = 48;
const MAX_ID_DIGITS = 20;
const TABLES = AVAZU_TABLES.length;
const HEX_TABLES = Uint8Array.from(AVAZU_TABLES, ({ hex }) => hex ? 1 : 0);
const BEGINNING = new TextEncoder().encode(AVAZU_HEADER);
const HEADER = new TextEncoder().encode(
  AVAZU_HEADER + AVAZU_TABLES.map(({ name }) => name).join(","),
);

/** The dense value of each hour of the day. */
const HOURS = Float32Array.from({ length: 24 }, (_, hour) => hour / 24);

const SCHEMA = avazuSchema(
  {
    name: "avazu",
    text: { ...AVAZU_TEXT, header: false },
    header: null,
    labelled: true,
    split: { by: "random" },
  },
  "YYMMDDHH",
  true,
  "original",
);
/** It holds no state, because ids of 32 bits are their own codes. */
const SHAPE = new RowShape(SCHEMA, 0);

/** Turns the text of an Avazu file into blocks of 1 dense column and 21 tables; see {@link RowParser}. */
export class AvazuParser extends SchemaParser {
  protected override readonly maxLine: number = MAX_LINE;
  protected override readonly rowName: string = "an Avazu row";

  readonly #path: string;

  /**
   * @param onBad Told of every bad row; it throws, or the row is left out.
   * @param path The file, for what is wrong with its header.
   */
  constructor(onBad: (bad: BadRow) => void, path = "Avazu's log") {
    super(SCHEMA, SHAPE, onBad, path);
    this.#path = path;
  }

  protected override isHeader(line: Uint8Array): boolean {
    if (!BEGINNING.every((byte, i) => line[i] === byte)) return false;
    if (line.length === HEADER.length && HEADER.every((byte, i) => line[i] === byte)) return true;
    throw new UserError(
      `Cannot read ${this.#path}: its header has other columns than the file before it, or in another order`,
    );
  }

  protected override parseFast(
    buffer: Uint8Array,
    from: number,
    end: number,
    block: RowBlock,
    room: number,
  ): number {
    const { dense, ids, labels, stride } = block;
    let row = block.rows;
    let lineStart = from;
    rows: while (lineStart < end && row < room) {
      let p = lineStart;
      while ((buffer[p]! - ZERO) >>> 0 <= 9) p++;
      const idDigits = p - lineStart;
      if (idDigits === 0 || idDigits > MAX_ID_DIGITS || buffer[p++] !== COMMA) break;
      const label = buffer[p++]! - ZERO;
      if (label >>> 0 > 1 || buffer[p++] !== COMMA) break;
      const hour = hourOf(buffer, p);
      if (hour < 0 || buffer[p + 8] !== COMMA) break;
      p += 9;
      for (let t = 0, cell = row; t < TABLES; t++, cell += stride) {
        let value = 0;
        if (HEX_TABLES[t] === 1) {
          const high = eightHex(buffer, p);
          if (high >= 0) {
            value = high;
            p += 8;
          } else {
            const first = p;
            let digit = 0;
            while ((digit = HEX[buffer[p]!]!) < NOT_HEX) {
              value = (value << 4) | digit;
              p++;
            }
            if (p === first || p - first > 8) break rows;
          }
        } else {
          const negative = buffer[p] === MINUS;
          if (negative) p++;
          const first = p;
          let digit = 0;
          while ((digit = buffer[p]! - ZERO) >>> 0 <= 9) {
            value = (value * 10 + digit) | 0;
            p++;
          }
          // Nine digits always fit an int32; longer ones go the slow way.
          if (p === first || p - first > 9) break rows;
          if (negative) value = -value;
        }
        ids[cell] = value;
        if (t < TABLES - 1 && buffer[p++] !== COMMA) break rows;
      }
      if (buffer[p] === CR) p++;
      if (buffer[p++] !== LF) break;
      dense[row] = HOURS[hour]!;
      labels[row] = label;
      row++;
      lineStart = p;
    }
    block.rows = row;
    return lineStart;
  }
}

/** The hour of the day of eight digits YYMMDDHH at `p`, or -1 where they are no such time. */
function hourOf(buffer: Uint8Array, p: number): number {
  if (twoDigits(buffer, p) < 0) return -1;
  const month = twoDigits(buffer, p + 2);
  const day = twoDigits(buffer, p + 4);
  const hour = twoDigits(buffer, p + 6);
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour >= 0 && hour <= 23 ? hour : -1;
}
