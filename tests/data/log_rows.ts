/** Rows in Avazu's and Taobao's formats, made up on the spot, and what parsers make of bytes. */

import assert from "node:assert/strict";
import { RowBlock } from "../../data/row_block.ts";
import type { BadRow, RowParser } from "../../data/row_parser.ts";

/** Avazu's header. */
export const AVAZU_HEADER =
  "id,click,hour,C1,banner_pos,site_id,site_domain,site_category,app_id," +
  "app_domain,app_category,device_id,device_ip,device_model,device_type,device_conn_type," +
  "C14,C15,C16,C17,C18,C19,C20,C21";

/** An Avazu row without a line end; fields by column from 0 replace the usual ones. */
export function avazuRow(fields: Record<number, string | number> = {}): string {
  const usual = ["1", "0", "14102100", "1005", "0"];
  for (let t = 5; t < 14; t++) usual.push(`0000000${(t % 10).toString(16)}`);
  usual.push("1", "2", "15", "320", "50", "17", "0", "35", "-1", "79");
  return usual.map((field, i) => String(fields[i] ?? field)).join(",");
}

/** Row i has click i mod 2, device_ip i and hour i mod 24, and so on from `start`. */
export function avazuRows(count: number, start = 0): string {
  let text = "";
  for (let i = start; i < start + count; i++) {
    const hour = String(i % 24).padStart(2, "0");
    text += avazuRow({ 1: i % 2, 2: `141021${hour}`, 12: i.toString(16) }) + "\n";
  }
  return text;
}

/** 00:00 of 25 November 2017 in China. */
export const FIRST_SECOND = 1_511_539_200;

/** A Taobao event with a line end, `second` after the log's beginning. */
export function event(
  user: number,
  item: number,
  category: number,
  second: number,
  behaviour = "pv",
): string {
  return `${user},${item},${category},${behaviour},${FIRST_SECOND + second}\n`;
}

/** What came of some bytes. */
export interface Parsed {
  /** Dense values, ids and label of each row. */
  readonly rows: { dense: number[]; ids: number[]; label: number }[];
  readonly bad: BadRow[];
  readonly parser: RowParser;
}

/** Parses pieces; each is spoilt afterwards, as a reused read buffer would be. */
export function parsePieces(
  create: (onBad: (bad: BadRow) => void) => RowParser,
  denseColumns: number,
  tables: number,
  pieces: readonly Uint8Array[],
): Parsed {
  const bad: BadRow[] = [];
  const parser = create((b) => bad.push(b));
  const block = new RowBlock(denseColumns, tables);
  for (const piece of pieces) {
    const buffer = piece.slice();
    parser.feed(buffer);
    buffer.fill(0x39);
    assert.equal(parser.parse(block), false);
  }
  parser.finish();
  assert.equal(parser.parse(block), false);
  assert.equal(parser.rows, block.rows);
  return {
    rows: Array.from({ length: block.rows }, (_, r) => ({
      dense: Array.from({ length: denseColumns }, (_, j) => block.dense[j * block.stride + r]!),
      ids: Array.from({ length: tables }, (_, t) => block.ids[t * block.stride + r]!),
      label: block.labels[r]!,
    })),
    bad,
    parser,
  };
}

/** A text cut into pieces at some places. */
export function cut(text: string, places: readonly number[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const at = [0, ...places.map((p) => p % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((to, i) => bytes.subarray(at[i]!, to));
}
