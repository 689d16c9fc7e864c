/**
 * Taobao events from bytes, without a string a row. What a row means:
 *
 * - user, item, category: decimal, unsigned 32-bit numbers;
 * - behaviour: `pv`, `buy`, `cart` or `fav`, checked and dropped;
 * - time: Unix seconds, up to 15 digits, a minus allowed. Events outside the log's nine days are dropped and counted.
 *
 * @module
 */

import { parseInteger, quote, splitFields, wrongColumns } from "./fields.ts";
import type { RowBlock } from "./row_block.ts";
import { type BadField, RowParser } from "./row_parser.ts";
import { TAOBAO_BEHAVIOURS, TAOBAO_FIELDS, TAOBAO_TIMES } from "./taobao.ts";

const LF = 10, CR = 13, COMMA = 44, ZERO = 48;
const COLUMNS = TAOBAO_FIELDS.length;
const BEHAVIOURS = TAOBAO_BEHAVIOURS.map((word) => new TextEncoder().encode(word));
const [FROM, TO] = TAOBAO_TIMES;

/** Columns of a block of events: user, item, category, seconds since the log's first day. */
export const EVENT_COLUMNS = 4;

/**
 * Turns the text of a Taobao file into blocks without dense columns and with {@link EVENT_COLUMNS} of numbers; labels mean
 * nothing. See {@link RowParser}.
 */
export class TaobaoParser extends RowParser {
  /** Events dropped because of their times. */
  outOfRange = 0;
  protected override readonly firstField = TAOBAO_FIELDS[0]!;

  protected override parseFast(
    buffer: Uint8Array,
    from: number,
    end: number,
    block: RowBlock,
    room: number,
  ): number {
    const { ids, stride } = block;
    let row = block.rows;
    let lineStart = from;
    rows: while (lineStart < end && row < room) {
      let p = lineStart;
      for (let cell = row; cell < 3 * stride; cell += stride) {
        const first = p;
        let value = 0, digit = 0;
        while ((digit = buffer[p++]! - ZERO) >>> 0 <= 9) value = (value * 10 + digit) | 0;
        // Nine digits always fit; longer ones go the slow way.
        if (p - 1 === first || p - first > 10 || digit !== COMMA - ZERO) break rows;
        ids[cell] = value;
      }
      const behaviour = p;
      while (buffer[p]! > COMMA) p++;
      if (!isBehaviour(buffer, behaviour, p) || buffer[p++] !== COMMA) break;
      const first = p;
      let time = 0, digit = 0;
      while ((digit = buffer[p]! - ZERO) >>> 0 <= 9) {
        time = time * 10 + digit;
        p++;
      }
      if (p === first || p - first > 10 || !(time >= FROM && time < TO)) break;
      if (buffer[p] === CR) p++;
      if (buffer[p++] !== LF) break;
      ids[3 * stride + row] = time - FROM;
      row++;
      lineStart = p;
    }
    block.rows = row;
    return lineStart;
  }

  protected override parseLine(line: Uint8Array, block: RowBlock): BadField | null {
    const bad = (column: number, reason: string) => ({
      column,
      field: TAOBAO_FIELDS[column - 1] ?? "",
      reason,
    });
    if (line.length === 0) return bad(1, "the line is empty");
    const fields = splitFields(line, COMMA);
    if (fields.length !== COLUMNS) {
      return bad(
        Math.min(fields.length, COLUMNS) + 1,
        wrongColumns(fields.length, COLUMNS, "a Taobao row"),
      );
    }
    const row = block.rows;
    for (let t = 0; t < 3; t++) {
      const value = parseInteger(fields[t]!);
      if (value === null || value < 0 || value >= 2 ** 32) {
        return bad(t + 1, `${quote(fields[t]!)} is not an unsigned integer of 32 bits`);
      }
      block.ids[t * block.stride + row] = value;
    }
    const behaviour = fields[3]!;
    if (!isBehaviour(behaviour, 0, behaviour.length)) {
      return bad(4, `${quote(behaviour)} is not one of ${TAOBAO_BEHAVIOURS.join(", ")}`);
    }
    const time = parseInteger(fields[4]!);
    if (time === null) {
      return bad(5, `${quote(fields[4]!)} is not an integer of at most 15 digits`);
    }
    if (time < FROM || time >= TO) {
      this.outOfRange++;
      return null;
    }
    block.ids[3 * block.stride + row] = time - FROM;
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
