/** One experiment by its name, through the command line. */

import assert from "node:assert/strict";
import type { Sample } from "../../bench/experiment.ts";
import { EXPERIMENTS } from "../../bench/registry.ts";
import { BENCH_SCHEMA_VERSION, type BenchDocument } from "../../bench/report.ts";
import { inFolder } from "../data/rows.ts";
import { readJson, succeed } from "./command.ts";

/** The least work of the suite. */
export const SMOKE: readonly string[] = [
  ...["--smoke", "--device", "cpu", "--threads", "1", "--workloads", "rm4", "--seeds", "1"],
];

/** The least work of one experiment, by the flags that it takes. */
export function smokeWords(name: string): string[] {
  const { flags } = EXPERIMENTS.find((experiment) => experiment.name === name)!;
  const words = { device: "cpu", threads: "1", workloads: "rm4", seeds: "1" } as const;
  return [
    "--smoke",
    ...Object.entries(words).flatMap(([flag, value]) =>
      flags.includes(flag as keyof typeof words) ? [`--${flag}`, value] : []
    ),
  ];
}

/** Runs an experiment, checks what it prints and writes, and gives its document. */
export async function smoke(name: string): Promise<BenchDocument> {
  let document: BenchDocument | null = null;
  await inFolder(async (folder) => {
    const { out, err } = await succeed("bench", [
      ...[name, ...smokeWords(name), "--out", `${folder}/bench`],
      ...["--json", `${folder}/out.json`, "--csv", `${folder}/csv`],
    ]);
    document = await readJson<BenchDocument>(`${folder}/out.json`);
    assert.equal(document.schema, "slipstream.bench");
    assert.equal(document.schema_version, BENCH_SCHEMA_VERSION);
    assert.equal(document.experiment, name);
    assert.equal(document.failure, null);
    assert.match(document.command, new RegExp(`^deno task bench ${name} .*--smoke`));
    assert.equal(document.settings.scale, "smoke");
    assert.ok(document.environment.cpus >= 1);
    assert.ok(document.notes.some((note) => note.includes("figures mean nothing")));
    assert.deepEqual(await readJson(`${folder}/bench/${name}.json`), document);
    assert.ok(err.includes(`${folder}/bench/report.html`), err);
    checkSamples(document.samples);
    const figures = document.figures.map((figure) => figure.name);
    assert.equal(new Set(figures).size, figures.length);
    for (const figure of figures) {
      assert.match(await Deno.readTextFile(`${folder}/bench/${name}-${figure}.svg`), SVG);
    }
    await checkTables(document, out, folder);
  });
  return document!;
}

/** The beginning of an SVG file. */
export const SVG = /^(<\?xml[^>]*>\s*)?<svg /;

/** Tables as text and as CSV. Without PyTorch the peers have none. */
async function checkTables(
  { experiment, tables, notes }: BenchDocument,
  out: string,
  folder: string,
): Promise<void> {
  if (experiment === "peers" && tables.length === 0) {
    assert.match(notes[0]!, /^Nothing was compared: no Python with torch and numpy was found/);
    return;
  }
  assert.ok(tables.length > 0);
  const { fromCSV } = await import("../../core/npm/arquero.ts");
  for (const [i, table] of tables.entries()) {
    assert.ok(out.includes(`${table.title} (${table.origin})`), table.title);
    assert.ok(table.rows.length > 0, table.title);
    for (const row of table.rows) assert.equal(row.length, table.columns.length, table.title);
    for (const place of [`${folder}/csv`, `${folder}/bench`]) {
      const csv = fromCSV(await Deno.readTextFile(`${place}/${experiment}-${i + 1}.csv`));
      assert.equal(csv.numRows(), table.rows.length);
      assert.equal(csv.numCols(), table.columns.length);
      assert.equal(csv.columnName(0), table.columns[0]!.name);
    }
  }
}

function checkSamples(samples: readonly Sample[]): void {
  assert.equal(new Set(samples.map(({ name }) => name)).size, samples.length);
  for (const { name, values } of samples) {
    assert.ok(values.length > 0, name);
    for (const value of values) assert.ok(Number.isFinite(value), name);
  }
}
