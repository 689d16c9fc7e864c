/**
 * Criteo rows from bytes, without a string a row. What a row means:
 *
 * - label: `0` or `1`;
 * - integer: empty is 0, negative is 0, and then ln(x + 1) is stored as float32;
 * - id: hexadecimal, up to 8 digits, an unsigned 32-bit number; empty is 0.
 *
 * Rows that other programs have passed on (floats, labels of -1, `\\N` or `NULL` for an empty field) mean the same; the
 * schema in `schema/known.ts` says how.
 *
 * DLRM's own preprocessing stores integers and ids as int32, so that ids from 2^31 wrap to negative numbers (older
 * NumPy) or end the run with an OverflowError (NumPy 2), and a modulus taken later sees the wrong number. Here both are
 * unsigned throughout.
 *
 * @module
 */

import { CRITEO_DENSE, CRITEO_TABLES } from "./criteo.ts";
import { eightHex, HEX, NOT_HEX } from "./fields.ts";
import type { RowBlock } from "./row_block.ts";
import { type BadRow, MAX_LINE } from "./row_parser.ts";
import { CRITEO_TEXT, criteoSchema } from "./schema/known.ts";
import { RowShape } from "./schema/row_shape.ts";
import { SchemaParser } from "./schema/schema_parser.ts";

const TAB = 9, LF = 10, CR = 13, MINUS = 45, ZERO = 48;

/** ln(x + 1) of the small integers that most fields hold. */
const LOGS = Float32Array.from({ length: 4096 }, (_, x) => Math.log(x + 1));

const SCHEMA = criteoSchema({
  name: "criteo",
  text: CRITEO_TEXT,
  header: null,
  labelled: true,
  split: { by: "sevenths" },
}, "original");
/** It holds no state, because ids of 32 bits are their own codes. */
const SHAPE = new RowShape(SCHEMA, 0);

/** Turns the text of a Criteo file into blocks of 13 dense columns and 26 tables; see {@link RowParser}. */
export class CriteoParser extends SchemaParser {
  protected override readonly maxLine: number = MAX_LINE;
  protected override readonly rowName: string = "a Criteo row";

  /** @param onBad Told of every bad row; it throws, or the row is left out. */
  constructor(onBad: (bad: BadRow) => void) {
    super(SCHEMA, SHAPE, onBad, "Criteo's log");
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
      const label = buffer[p]! - ZERO;
      if (label >>> 0 > 1 || buffer[p + 1] !== TAB) break;
      p += 2;
      for (let cell = row; cell < CRITEO_DENSE * stride; cell += stride) {
        let digit = buffer[p++]! - ZERO;
        if (digit === TAB - ZERO) {
          dense[cell] = 0;
          continue;
        }
        const negative = digit === MINUS - ZERO;
        if (negative) digit = buffer[p++]! - ZERO;
        if (digit >>> 0 > 9) break rows;
        let value = digit;
        const first = p;
        while ((digit = buffer[p++]! - ZERO) >>> 0 <= 9) value = (value * 10 + digit) | 0;
        // Nine digits always fit an int32; longer ones go the slow way.
        if (digit !== TAB - ZERO || p - first > 9) break rows;
        dense[cell] = negative ? 0 : value < 4096 ? LOGS[value]! : Math.log(value + 1);
      }
      const last = row + (CRITEO_TABLES - 1) * stride;
      for (let cell = row; cell <= last; cell += stride) {
        let digit = 0, value = 0;
        if (p + 8 < end) {
          const high = eightHex(buffer, p);
          if (high >= 0) {
            ids[cell] = high;
            p += 8;
            digit = buffer[p++]!;
            if (cell < last ? digit !== TAB : digit !== LF) {
              if (cell < last || digit !== CR || buffer[p++] !== LF) break rows;
            }
            continue;
          }
        }
        const first = p;
        while ((digit = HEX[buffer[p++]!]!) < NOT_HEX) value = (value << 4) | digit;
        if (p - first > 9) break rows;
        ids[cell] = value;
        const stop = buffer[p - 1];
        if (cell < last ? stop !== TAB : stop !== LF) {
          if (cell < last || stop !== CR || buffer[p++] !== LF) break rows;
        }
      }
      labels[row] = label;
      row++;
      lineStart = p;
    }
    block.rows = row;
    return lineStart;
  }
}
