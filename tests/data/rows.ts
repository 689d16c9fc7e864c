/** Rows in Criteo's format, made up on the spot. */

import type { Dataset, Inputs, Split } from "../../data/types.ts";
import { createInputs } from "../../data/inputs.ts";

/** A row as text, without a line end. */
export function row(
  label: number | string,
  dense: Record<number, number | string> = {},
  ids: Record<number, string> = {},
): string {
  const fields = [String(label)];
  for (let j = 1; j <= 13; j++) fields.push(String(dense[j] ?? ""));
  for (let t = 1; t <= 26; t++) fields.push(ids[t] ?? "");
  return fields.join("\t");
}

/** Rows that differ: row i has label i mod 2, dense I1 = i and id C1 = i in hexadecimal, from `start`. */
export function rows(count: number, start = 0): string {
  let text = "";
  for (let i = start; i < start + count; i++) {
    text += row(i % 2, { 1: i }, { 1: i.toString(16), 2: (i % 3).toString(16) }) + "\n";
  }
  return text;
}

/** Runs a test in a folder of its own. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "slipstream-test-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A split in sequence. */
export async function readAll(dataset: Dataset, split: Split): Promise<Inputs> {
  const reader = dataset.reader(split, { kind: "sequential" });
  const into = createInputs(dataset.schema, reader.count);
  await reader.read(0, reader.count, into);
  return into;
}

/** What I1 of {@link rows} was, for each input of a split. */
export async function readNumbers(dataset: Dataset, split: Split): Promise<number[]> {
  const { dense, size } = await readAll(dataset, split);
  return Array.from({ length: size }, (_, b) => Math.round(Math.expm1(dense[13 * b]!)));
}
