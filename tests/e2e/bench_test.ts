import assert from "node:assert/strict";
import type { Comparison } from "../../bench/compare/documents.ts";
import type { Sample } from "../../bench/experiment.ts";
import { EXPERIMENTS } from "../../bench/registry.ts";
import { BENCH_SCHEMA_VERSION, type BenchDocument } from "../../bench/report.ts";
import { inFolder } from "../data/rows.ts";
import { fail, interruptAt, readJson, run, succeed } from "./command.ts";

/** The least work. */
const SMOKE = ["--smoke", "--device", "cpu", "--threads", "1", "--workloads", "rm4"];

/** What the suite found, for the tests behind its own. */
const bySuite = new Map<string, BenchDocument>();

Deno.test("bench --help lists every experiment", async () => {
  const { out, err } = await succeed("bench", ["--help"]);
  assert.equal(err, "");
  for (const { name, summary } of EXPERIMENTS) {
    assert.ok(out.includes(name) && out.includes(summary), name);
  }
  for (const word of ["--device", "--rounds", "--smoke", "--out", "--json", "report", "compare"]) {
    assert.ok(out.includes(word), word);
  }
});

Deno.test("bench refuses a wrong command line with status 2 and one line", async () => {
  await fail("bench", ["kernel"], 2, /Cannot run "kernel": did you mean kernels\?$/);
  await fail("bench", ["reprot"], 2, /Cannot run "reprot": did you mean report\?$/);
  await fail("bench", ["kernels", "trian"], 2, /Cannot run "trian": did you mean train\?$/);
  await fail("bench", ["kernels", "--smok"], 2, /Cannot use --smok: .* did you mean --smoke\?$/);
  await fail("bench", ["--batch", "x"], 2, /Cannot use --batch x/);
  await fail("bench", ["--smoke", "--full"], 2, /Cannot use --full with --smoke/);
  const json = ["--json", "no-such-folder/out.json"];
  await fail("bench", ["train", ...json], 2, /no-such-folder is not a folder$/);
  await fail("bench", ["train", "kernels", ...json], 2, /Cannot use --json with 2 experiments/);
  await fail("bench", json, 2, /Cannot use --json without an experiment's name/);
  await fail("bench", ["train", "--csv", "no-such-folder/x"], 2, /no-such-folder is not a folder$/);
  await fail("bench", ["--out", "no-such-folder/x"], 2, /no-such-folder is not a folder$/);
  await fail("bench", ["train", "--out", "deno.json"], 2, /Cannot use --out deno.json: it is not/);
  await fail("bench", ["report", "a", "b"], 2, /Cannot use "b": report takes one folder$/);
  await fail("bench", ["compare", "a"], 2, /Cannot compare 1 result: name two folders or files$/);
});

Deno.test({
  name: "bench goes on where it was interrupted, prints the short version and writes the report",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const out = `${folder}/bench`, words = [...SMOKE, "--seeds", "1", "--out", out];
      const expected = EXPERIMENTS.filter(({ suite }) => suite === "default");
      const stopped = await interruptAt("bench", words, /^\[2\//);
      assert.equal(stopped.status, 130, stopped.err);
      assert.equal(stopped.out, "");
      const kept = new RegExp(`^Interrupted: \\d of ${expected.length} experiments are kept in `);
      assert.match(stopped.err.trimEnd().split("\n").at(-1)!, kept);
      assert.match(stopped.err, /go on with deno task bench --device cpu --threads 1 .*--smoke/);
      const done = await succeed("bench", words);
      assert.match(done.err, new RegExp(`^Going on with .*: 1 of ${expected.length} done$`, "m"));
      assert.doesNotMatch(done.err, /^\[1\//m);
      for (const { name } of expected) {
        const document = await readJson<BenchDocument>(`${out}/${name}.json`);
        assert.equal(document.failure, null);
        bySuite.set(name, document);
        for (const { short, title } of document.tables) {
          assert.equal(done.out.includes(title), short, title);
        }
        for (const figure of document.figures) {
          const svg = await Deno.readTextFile(`${out}/${name}-${figure.name}.svg`);
          assert.match(svg, /^(<\?xml[^>]*>\s*)?<svg /);
        }
      }
      assert.match(done.out, /A smoke run: its figures mean nothing/);
      assert.ok(done.out.includes(`Report  ${out}/report.html`), done.out);
      const page = await Deno.readTextFile(`${out}/report.html`);
      for (const { title } of expected) assert.ok(page.includes(title), title);
      assert.match((await succeed("bench", ["report", out])).out, /report\.html: \d+ figures?$/m);
    }),
});

for (const { name } of EXPERIMENTS) {
  Deno.test(`bench ${name} does its least and writes text, JSON, CSV and its place in the report`, () =>
    inFolder(async (folder) => {
      const { out, err } = await succeed("bench", [
        ...[name, ...SMOKE, "--seeds", "1", "--out", `${folder}/bench`],
        ...["--json", `${folder}/out.json`, "--csv", `${folder}/csv`],
      ]);
      const document = await readJson<BenchDocument>(`${folder}/out.json`);
      assert.equal(document.schema, "slipstream.bench");
      assert.equal(document.schema_version, BENCH_SCHEMA_VERSION);
      assert.equal(document.experiment, name);
      assert.equal(document.failure, null);
      assert.match(document.command, new RegExp(`^deno task bench ${name} --device cpu`));
      assert.equal(document.settings.scale, "smoke");
      assert.ok(document.environment.cpus >= 1);
      assert.ok(document.notes.some((note) => note.includes("figures mean nothing")));
      assert.deepEqual(await readJson(`${folder}/bench/${name}.json`), document);
      assert.ok(err.includes(`${folder}/bench/report.html`), err);
      checkSamples(document.samples);
      assert.equal(
        new Set(document.figures.map((figure) => figure.name)).size,
        document.figures.length,
      );
      await checkTables(document, out, folder);
      checkRepeat(document);
    }));
}

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
  const { fromCSV } = await import("arquero");
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
  for (const { name, unit, values } of samples) {
    assert.ok(unit !== "" && values.length > 0, name);
    for (const value of values) assert.ok(Number.isFinite(value), name);
  }
}

/** The same seeds gave the same numbers to the suite and to the experiment alone. */
function checkRepeat({ experiment, samples }: BenchDocument): void {
  const first = bySuite.get(experiment);
  if (first === undefined) return;
  const repeatable = (all: readonly Sample[]) => all.filter(({ timing }) => !timing);
  assert.deepEqual(repeatable(samples), repeatable(first.samples));
}

Deno.test("bench ablation goes on from what its folder holds, and refuses unknown variants", () =>
  inFolder(async (folder) => {
    const words = ["ablation", ...SMOKE, "--out", `${folder}/study`, "--variants"];
    const first = await succeed("bench", [...words, "fae-mixed50"]);
    assert.match(first.err, /fae-mixed50: AUC/);
    const second = await succeed("bench", [...words, "fae-mixed50,random-mixed50-30"]);
    assert.doesNotMatch(second.err, /fae-mixed50: AUC/);
    assert.match(second.err, /random-mixed50-30: AUC/);
    assert.match(second.out, /random-mixed50-30 +1 /);
    await fail(
      "bench",
      [...words, "slipstrem-30"],
      2,
      /Cannot run variant slipstrem-30: .*did you mean slipstream-30\?$/,
    );
  }));

Deno.test("bench runs several experiments, and goes on after one that fails", () =>
  inFolder(async (folder) => {
    const words = ["peers", "memory", "--python", "/no-such-python", ...SMOKE];
    const { status, out, err } = await run("bench", [...words, "--out", `${folder}/bench`]);
    assert.equal(status, 1);
    assert.match(err, /^\[1\/2\] peers/m);
    assert.match(err, /^error: peers failed: Cannot compare with PyTorch: .*\/no-such-python: /m);
    assert.match(out, /^RM2 cut short/);
    const { environment } = await readJson<BenchDocument>(`${folder}/bench/memory.json`);
    assert.ok("git_dirty" in environment);
  }));

Deno.test("bench peers says what is wrong with the Python that is named", () =>
  inFolder(async (folder) => {
    const absent = ["peers", "--smoke", "--quiet", "--python", "/no-such-python"];
    await fail(
      "bench",
      [...absent, "--out", `${folder}/bench`],
      1,
      /no Python with torch and numpy was found \(\/no-such-python: /,
    );
  }));

Deno.test("bench compare sets two folders side by side", () =>
  inFolder(async (folder) => {
    const words = (name: string) => ["memory", ...SMOKE, "--out", `${folder}/${name}`];
    await succeed("bench", words("a"));
    await succeed("bench", words("b"));
    const old = { schema: "slipstream.bench", schema_version: 1 };
    await Deno.writeTextFile(`${folder}/b/skew.json`, JSON.stringify(old));
    const files = ["--json", `${folder}/out.json`, "--csv", `${folder}/csv`];
    const pair = [`${folder}/a`, `${folder}/b`];
    const { out, err } = await succeed("bench", ["compare", ...pair, ...files]);
    assert.match(out, /^step +ms +.* cannot tell \(too few repeats\)$/m);
    assert.match(out, /^device memory +bytes +.* no difference shown \(identical\)$/m);
    assert.match(
      err,
      /skew\.json: it is of version 1, and \d+ is needed; run the experiment again$/m,
    );
    const { experiments } = await readJson<Comparison>(`${folder}/out.json`);
    assert.deepEqual(experiments.map(({ experiment }) => experiment), ["memory"]);
    assert.match(await Deno.readTextFile(`${folder}/csv/compare-1.csv`), /^what,unit,/);
    const single = pair.map((name) => `${name}/memory.json`);
    assert.equal(
      (await succeed("bench", ["compare", ...single])).out.split("\n")[0],
      `A: ${single[0]}`,
    );
    await fail("bench", ["compare", `${folder}/b/skew.json`, pair[1]!], 1, /it is of version 1/);
    await fail("bench", ["compare", `${folder}/c`, pair[1]!], 1, /Cannot read .*\/c: No such file/);
    await fail("bench", ["compare", ...pair, "--jsno", "x"], 2, /did you mean --json\?$/);
  }));

Deno.test("a smoke run replaces no result of a real one", () =>
  inFolder(async (folder) => {
    const words = ["memory", ...SMOKE, "--out", folder];
    await succeed("bench", words);
    const path = `${folder}/memory.json`;
    const document = await readJson<BenchDocument>(path);
    const real = { ...document, settings: { ...document.settings, scale: "reduced" } };
    await Deno.writeTextFile(path, JSON.stringify(real));
    const { err } = await succeed("bench", words);
    assert.match(err, /memory\.json stays as it is: a smoke run replaces no result$/m);
    assert.deepEqual(await readJson(path), real);
  }));

for (const [name, line] of [["train", /^Timing minibatches/], ["kernels", /^Device: /]] as const) {
  Deno.test({
    name: `an interrupted bench ${name} ends with status 130`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      inFolder(async (folder) => {
        const args = [name, "--device", "cpu", "--batch", "256", "--rounds", "1000"];
        const { status, out, err } = await interruptAt("bench", [...args, "--out", folder], line);
        assert.equal(status, 130, err);
        assert.equal(out, "");
        assert.match(err, /^Interrupted$/m);
      }),
  });
}

Deno.test("bench takes switches before the experiment's name, as the task bench:fast gives them", () =>
  inFolder(async (folder) => {
    const words = ["--wide", "--smoke", "train", "--device", "cpu", "--out", folder];
    const { out } = await succeed("bench", words);
    assert.match(out, /WASM SIMD, wide/);
    const { command } = await readJson<BenchDocument>(`${folder}/train.json`);
    assert.match(command, /^deno task bench:fast train /);
    assert.match((await succeed("bench", ["--wide", "report", folder])).out, /report\.html/);
  }));
