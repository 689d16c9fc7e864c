/**
 * Text in Criteo's format with the sizes of Criteo Kaggle's tables, for timing. Its numbers mean nothing.
 *
 * @module
 */

import { writeAll } from "../core/files.ts";
import { RandomStream } from "../core/random.ts";

// deno-fmt-ignore
const TABLE_ROWS = [
  1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10, 5652, 2173,
  4, 7046547, 18, 15, 286181, 105, 142572,
];
const DENSE = 13;
const TAB = 9, LF = 10, ZERO = 48;
const HEX = new TextEncoder().encode("0123456789abcdef");
/** More than any of these rows has. */
const LONGEST = 512;

/** Writes a file of at least `bytes` bytes (about 240 a row) and returns its rows and bytes. */
export async function writeCriteoText(
  path: string,
  bytes: number,
  seed = 1,
): Promise<{ rows: number; bytes: number }> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const words = new RandomStream(seed, "synthetic");
  const text = new Uint8Array(1 << 20);
  let rows = 0, word = 0, written = 0, at = 0;
  const uniform = () => words.uint32(word++) / 0x100000000;
  while (written + at < bytes) {
    text[at++] = ZERO + +(uniform() < 0.25);
    for (let j = 0; j < DENSE; j++) {
      text[at++] = TAB;
      const u = uniform();
      // One in five is missing; the others spread over up to five digits.
      if (u >= 0.2) at = writeDigits(text, at, Math.floor(Math.exp(u * (4 + j % 3 * 3.5))) - 2);
    }
    for (const [t, size] of TABLE_ROWS.entries()) {
      text[at++] = TAB;
      const u = uniform();
      if (u < 0.05) continue;
      const value = Math.imul(Math.floor(size ** u) + 1, 0x9e3779b1 + 2 * t);
      for (let shift = 28; shift >= 0; shift -= 4) text[at++] = HEX[(value >>> shift) & 15]!;
    }
    text[at++] = LF;
    rows++;
    if (at > text.length - LONGEST) {
      await writeAll(file, text.subarray(0, at));
      written += at;
      at = 0;
    }
  }
  await writeAll(file, text.subarray(0, at));
  return { rows, bytes: written + at };
}

function writeDigits(text: Uint8Array, at: number, value: number): number {
  for (const digit of String(value)) text[at++] = digit.charCodeAt(0);
  return at;
}
