/** Files in Criteo's format with made-up clicks that can be learnt. */

import { RandomStream } from "../../core/random.ts";
import { row } from "../data/rows.ts";

/** Rows whose click rate hangs on C1: 0.8 for three of its ten values, 0.1 for the others. */
export function clickRows(count: number, seed = 1): string {
  const random = new RandomStream(seed, "synthetic");
  let drawn = 0;
  const upTo = (n: number): number => Math.floor(n * random.uniform(drawn++));
  let text = "";
  for (let i = 0; i < count; i++) {
    const c1 = upTo(10);
    const label = +(random.uniform(drawn++) < (c1 < 3 ? 0.8 : 0.1));
    const dense = { 1: upTo(100), 2: upTo(5) - 1, 13: upTo(1000) };
    const ids = {
      1: c1.toString(16),
      2: upTo(60).toString(16),
      26: `ffff${upTo(4096).toString(16)}`,
    };
    text += `${row(label, dense, ids)}\n`;
  }
  return text;
}

/** Writes such a file and returns its path. */
export async function writeClicks(
  folder: string,
  count: number,
  name = "train.txt",
  seed = 1,
): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.writeTextFile(path, clickRows(count, seed));
  return path;
}
