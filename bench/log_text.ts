/**
 * Text in the formats of Avazu and Taobao with the sizes of their tables, for timing. Its numbers mean nothing.
 *
 * @module
 */

import { writeAll } from "../core/files.ts";
import { RandomStream } from "../core/random.ts";
import { AVAZU_TABLES } from "../data/avazu.ts";
import { TAOBAO_BEHAVIOURS, TAOBAO_TIMES } from "../data/taobao.ts";

// deno-fmt-ignore
const AVAZU_ROWS = [
  7, 7, 4737, 7745, 26, 8552, 559, 36, 2686408, 6729486, 8251, 5, 4, 2626, 8, 9, 435, 4, 68, 172, 60,
];
const TAOBAO_ITEMS = 4_162_024, TAOBAO_CATEGORIES = 9439;
/** Events of a user, about as many as in the full log. */
const TAOBAO_EVENTS = 101;

const PIECE = 1 << 20;

/** How much was written. */
export interface Written {
  readonly rows: number;
  readonly bytes: number;
}

/** Writes a file of at least `bytes` bytes (about 150 a row). */
export function writeAvazuText(path: string, bytes: number, seed = 1): Promise<Written> {
  const words = new RandomStream(seed, "synthetic");
  let word = 0;
  return writeRows(path, bytes, (row) => {
    const hour = String(row % 24).padStart(2, "0");
    let text = `${10 ** 18 + row},${words.uint32(word++) % 6 === 0 ? 1 : 0},141021${hour}`;
    for (const [t, { hex }] of AVAZU_TABLES.entries()) {
      const rank = Math.floor(AVAZU_ROWS[t]! ** (words.uint32(word++) / 2 ** 32));
      text += hex
        ? `,${(Math.imul(rank, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0")}`
        : `,${1000 + rank}`;
    }
    return `${text}\n`;
  });
}

/**
 * Writes a file of at least `bytes` bytes (about 33 a row).
 *
 * @param grouped Whether a user's events stand together; they are in the order of their times in any case.
 */
export function writeTaobaoText(
  path: string,
  bytes: number,
  grouped: boolean,
  seed = 1,
): Promise<Written> {
  const words = new RandomStream(seed, "synthetic");
  const users = Math.ceil(bytes / 33 / TAOBAO_EVENTS), [from, to] = TAOBAO_TIMES;
  let word = 0;
  return writeRows(path, bytes, (row) => {
    const [user, turn] = grouped
      ? [Math.floor(row / TAOBAO_EVENTS), row % TAOBAO_EVENTS]
      : [row % users, Math.floor(row / users) % TAOBAO_EVENTS];
    const item = Math.floor(TAOBAO_ITEMS ** (words.uint32(word++) / 2 ** 32));
    const behaviour = TAOBAO_BEHAVIOURS[words.uint32(word++) % TAOBAO_BEHAVIOURS.length];
    const time = from + Math.floor((to - from) * (turn + user % 97 / 97) / TAOBAO_EVENTS);
    return `${user},${item},${item % TAOBAO_CATEGORIES},${behaviour},${time}\n`;
  });
}

async function writeRows(
  path: string,
  bytes: number,
  rowText: (row: number) => string,
): Promise<Written> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  let rows = 0, written = 0, text = "";
  const flush = async () => {
    await writeAll(file, encoder.encode(text));
    written += text.length;
    text = "";
  };
  while (written + text.length < bytes) {
    text += rowText(rows++);
    if (text.length >= PIECE) await flush();
  }
  await flush();
  return { rows, bytes: written };
}
