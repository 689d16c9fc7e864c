/**
 * Avazu rows from bytes, without a string a row. What a row means:
 *
 * - id: 1 to 20 digits, checked and dropped (it names the impression; many are beyond 2^63);
 * - click: the label, `0` or `1`;
 * - hour: YYMMDDHH. The dense value is HH / 24, the hour of the day in [0, 1). It needs no look ahead or back, is the same
 *   in every part of the log, and what is learned of it holds for days to come; hours since the log's beginning would
 *   take values in a later test that training never saw;
 * - site, app and device ids: hexadecimal, 1 to 8 digits, unsigned 32-bit numbers;
 * - the other ids: decimal in [-2^31, 2^31), a negative one (-1 is "missing") as its two's complement.
 *
 * @module
 */

import {
  AVAZU_COLUMNS,
  AVAZU_HEADER,
  AVAZU_TABLES,
  avazuColumnName as columnName,
} from "./avazu.ts";
import {
  eightHex,
  HEX,
  NOT_HEX,
  parseHex,
  parseInteger,
  quote,
  splitFields,
  wrongColumns,
} from "./fields.ts";
import type { RowBlock } from "./row_block.ts";
import { type BadField, RowParser } from "./row_parser.ts";

const LF = 10, CR = 13, COMMA = 44, MINUS = 45, ZERO = 48;
const MAX_ID_DIGITS = 20;
const TABLES = AVAZU_TABLES.length;
const HEX_TABLES = Uint8Array.from(AVAZU_TABLES, ({ hex }) => hex ? 1 : 0);
const HEADER = new TextEncoder().encode(AVAZU_HEADER);

/** The dense value of each hour of the day. */
const HOURS = Float32Array.from({ length: 24 }, (_, hour) => hour / 24);

/** Turns the text of an Avazu file into blocks of 1 dense column and 21 tables; see {@link RowParser}. */
export class AvazuParser extends RowParser {
  protected override readonly firstField = columnName(1);

  protected override isHeader(line: Uint8Array): boolean {
    return HEADER.every((byte, i) => line[i] === byte);
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

  protected override parseLine(line: Uint8Array, block: RowBlock): BadField | null {
    const bad = (column: number, reason: string) => ({ column, field: columnName(column), reason });
    if (line.length === 0) return bad(1, "the line is empty");
    const fields = splitFields(line, COMMA);
    if (fields.length !== AVAZU_COLUMNS) {
      return bad(
        Math.min(fields.length, AVAZU_COLUMNS) + 1,
        wrongColumns(fields.length, AVAZU_COLUMNS, "an Avazu row"),
      );
    }
    const [id, click, hour] = fields as [Uint8Array, Uint8Array, Uint8Array];
    if (id.length === 0 || id.length > MAX_ID_DIGITS || !id.every(isDigit)) {
      return bad(1, `${quote(id)} is not a number of 1 to ${MAX_ID_DIGITS} digits`);
    }
    const label = click.length === 1 ? click[0]! - ZERO : -1;
    if (label !== 0 && label !== 1) return bad(2, `label ${quote(click)} is not 0 or 1`);
    const hourOfDay = hour.length === 8 ? hourOf(hour, 0) : -1;
    if (hourOfDay < 0) return bad(3, `${quote(hour)} is not an hour written YYMMDDHH`);
    const row = block.rows;
    for (let t = 0; t < TABLES; t++) {
      const field = fields[3 + t]!;
      let value: number | null;
      if (HEX_TABLES[t] === 1) {
        value = field.length === 0 ? null : parseHex(field);
        if (value === null) {
          return bad(4 + t, `${quote(field)} is not a hexadecimal number of 1 to 8 digits`);
        }
      } else {
        value = parseInteger(field);
        if (value === null || value < -(2 ** 31) || value >= 2 ** 31) {
          return bad(4 + t, `${quote(field)} is not an integer of 32 bits`);
        }
      }
      block.ids[t * block.stride + row] = value;
    }
    block.dense[row] = HOURS[hourOfDay]!;
    block.labels[row] = label;
    block.rows++;
    return null;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

/** The hour of the day of eight digits YYMMDDHH at `p`, or -1 where they are no such time. */
function hourOf(buffer: Uint8Array, p: number): number {
  if (!isDigit(buffer[p]!) || !isDigit(buffer[p + 1]!)) return -1;
  const month = twoDigits(buffer, p + 2);
  const day = twoDigits(buffer, p + 4);
  const hour = twoDigits(buffer, p + 6);
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour >= 0 && hour <= 23 ? hour : -1;
}

function twoDigits(buffer: Uint8Array, p: number): number {
  const tens = buffer[p]!, ones = buffer[p + 1]!;
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : -1;
}
