import assert from "node:assert/strict";
import type { Sample } from "../../bench/experiment.ts";
import { EXPERIMENTS } from "../../bench/registry.ts";
import type { BenchDocument } from "../../bench/report.ts";
import { inFolder } from "../data/rows.ts";
import { SMOKE, smoke, SVG } from "./bench.ts";
import { interruptAt, readJson, succeed } from "./command.ts";

const DEFAULT = EXPERIMENTS.filter(({ suite }) => suite === "default");

/** Those that show no time measured here: twice the same run gives the same words and figures. */
const UNTIMED: ReadonlySet<string> = new Set([
  ...["speedup", "breakdown", "skew", "staleness", "naive-skip", "accuracy", "traffic"],
  ...["sensitivity", "setting", "learning"],
]);

/** What the suite found, for the tests behind its own. */
const bySuite = new Map<string, BenchDocument>();

Deno.test({
  name: "bench goes on where it was interrupted, prints the short version and writes the report",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const out = `${folder}/bench`, words = [...SMOKE, "--out", out];
      const stopped = await interruptAt("bench", words, /^\[2\//);
      assert.equal(stopped.status, 130, stopped.err);
      assert.equal(stopped.out, "");
      const kept = new RegExp(`^Interrupted: \\d of ${DEFAULT.length} experiments are kept in `);
      assert.match(stopped.err.trimEnd().split("\n").at(-1)!, kept);
      assert.match(stopped.err, /go on with deno task bench --device cpu --threads 1 .*--smoke/);
      const done = await succeed("bench", words);
      assert.match(
        done.err,
        new RegExp(`^Going on with .*: 1 of ${DEFAULT.length} done(;|$)`, "m"),
      );
      assert.doesNotMatch(done.err, /^\[1\//m);
      for (const { name } of DEFAULT) {
        const document = await readJson<BenchDocument>(`${out}/${name}.json`);
        assert.equal(document.failure, null);
        bySuite.set(name, document);
        for (const { short, title } of document.tables) {
          assert.equal(done.out.includes(title), short, title);
        }
        for (const figure of document.figures) {
          assert.match(await Deno.readTextFile(`${out}/${name}-${figure.name}.svg`), SVG);
        }
      }
      assert.match(done.out, /A smoke run: its figures mean nothing/);
      assert.ok(done.out.includes(`Report  ${out}/report.html`), done.out);
      const page = await Deno.readTextFile(`${out}/report.html`);
      for (const { title } of DEFAULT) assert.ok(page.includes(escaped(title)), title);
      assert.match((await succeed("bench", ["report", out])).out, /report\.html: \d+ figures?$/m);
    }),
});

for (const { name } of DEFAULT) {
  Deno.test(`bench ${name} alone finds what it finds in the suite`, async () => {
    const { samples, figures, tables } = await smoke(name);
    const first = bySuite.get(name);
    // The suite's own test may have been left out.
    if (first === undefined) return;
    assert.deepEqual(tables.map(({ title }) => title), first.tables.map(({ title }) => title));
    assert.deepEqual(
      figures.map((figure) => figure.name),
      first.figures.map((figure) => figure.name),
    );
    assert.deepEqual(repeatable(samples), repeatable(first.samples));
    if (!UNTIMED.has(name)) return;
    assert.deepEqual(tables, first.tables);
    assert.deepEqual(figures, first.figures);
  });
}

/** What one and the same seed decides. */
function repeatable(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ timing }) => !timing);
}

/** As it stands in a page. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&#39;");
}
