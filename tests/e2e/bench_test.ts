import { writeSealed } from "../sealed.ts";
import assert from "node:assert/strict";
import type { Comparison } from "../../bench/compare/documents.ts";
import { EXPERIMENTS } from "../../bench/registry.ts";
import type { BenchDocument } from "../../bench/report.ts";
import { lockFolder } from "../../bench/suite/lock.ts";
import { inFolder } from "../data/rows.ts";
import { smokeWords } from "./bench.ts";
import { fail, interruptAt, readJson, run, succeed } from "./command.ts";

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

Deno.test("bench NAME --help lists the flags that the experiment takes", async () => {
  const { out } = await succeed("bench", ["scale", "--help"]);
  for (const word of ["--first-seed", "--variants", "--workloads", "--smoke", "--out"]) {
    assert.ok(out.includes(word), word);
  }
  for (const word of ["--rounds", "--python"]) assert.ok(!out.includes(word), word);
});

Deno.test("bench refuses a wrong command line with status 2 and one line", async () => {
  await fail("bench", ["kernel"], 2, /Cannot run "kernel": did you mean kernels\?$/);
  await fail("bench", ["reprot"], 2, /Cannot run "reprot": did you mean report\?$/);
  await fail("bench", ["kernels", "trian"], 2, /Cannot run "trian": did you mean train\?$/);
  await fail("bench", ["kernels", "--smok"], 2, /Cannot use --smok: .* did you mean --smoke\?$/);
  await fail("bench", ["--batch", "x"], 2, /Cannot use --batch x/);
  await fail("bench", ["--smoke", "--full"], 2, /Cannot use --full with --smoke/);
  const json = ["--json", "deno.json/out.json"];
  await fail("bench", ["train", ...json], 2, /deno\.json is not a folder$/);
  await fail("bench", ["train", "kernels", ...json], 2, /Cannot use --json with 2 experiments/);
  await fail("bench", json, 2, /Cannot use --json without an experiment's name/);
  await fail("bench", ["train", "--csv", "deno.json/x"], 2, /deno\.json is not a folder$/);
  await fail("bench", ["--out", "deno.json/x"], 2, /deno\.json is not a folder$/);
  await fail("bench", ["train", "--out", "deno.json"], 2, /Cannot use --out deno.json: it is not/);
  await fail(
    "bench",
    ["accuracy", "--variants", "fae"],
    2,
    /Cannot use --variants with accuracy: the flag is for worth, frontier, ablation, scale$/,
  );
  await fail("bench", ["--rounds", "3"], 2, /Cannot use --rounds with the experiments of this/);
  await fail(
    "bench",
    ["report", "a", "b"],
    2,
    /Cannot use "b": report takes one folder, or files of events \(\.jsonl\)$/,
  );
  await fail("bench", ["compare", "a"], 2, /Cannot compare 1 result: name two folders or files$/);
});

Deno.test("bench ablation goes on from what its folder holds, and refuses unknown variants", () =>
  inFolder(async (folder) => {
    const words = ["ablation", ...smokeWords("ablation"), "--out", `${folder}/study`, "--variants"];
    const first = await succeed("bench", [...words, "fae-mixed50"]);
    const fae = "fae,rate=50,schedule=interleaved", random = fae.replace("fae", "random-drop");
    assert.match(first.err, new RegExp(`${fae}: AUC`));
    const second = await succeed("bench", [...words, fae, random]);
    assert.doesNotMatch(second.err, new RegExp(`${fae}: AUC`));
    assert.match(second.err, new RegExp(`${random}: AUC`));
    assert.match(second.out, new RegExp(`${random} +1 `));
    await fail(
      "bench",
      [...words, "slipstrem,drop=0.5"],
      2,
      /Cannot use --plan slipstrem in variant slipstrem,drop=0\.5: .*did you mean slipstream\?\)$/,
    );
  }));

Deno.test("bench runs several experiments, and goes on after one that fails", () =>
  inFolder(async (folder) => {
    const words = ["peers", "memory", "--python", "/no-such-python", ...smokeWords("memory")];
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
    const words = (
      name: string,
    ) => ["memory", ...smokeWords("memory"), "--out", `${folder}/${name}`];
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
      /skew\.json: it ends without a checksum, so it is of an older version or was changed; run the /m,
    );
    const { experiments } = await readJson<Comparison>(`${folder}/out.json`);
    assert.deepEqual(experiments.map(({ experiment }) => experiment), ["memory"]);
    assert.match(await Deno.readTextFile(`${folder}/csv/compare-1.csv`), /^what,unit,/);
    const single = pair.map((name) => `${name}/memory.json`);
    assert.equal(
      (await succeed("bench", ["compare", ...single])).out.split("\n")[0],
      `A: ${single[0]}`,
    );
    await fail(
      "bench",
      ["compare", `${folder}/b/skew.json`, pair[1]!],
      1,
      /ends without a checksum/,
    );
    await fail("bench", ["compare", `${folder}/c`, pair[1]!], 1, /Cannot read .*\/c: No such file/);
    await fail("bench", ["compare", ...pair, "--jsno", "x"], 2, /did you mean --json\?$/);
  }));

Deno.test("bench NAME writes into no folder in which a suite is running", () =>
  inFolder(async (folder) => {
    using _lock = await lockFolder(folder, "suite");
    const words = ["memory", ...smokeWords("memory"), "--out", folder];
    await fail("bench", words, 1, /Cannot write results to .*: a suite is running there; wait/);
  }));

Deno.test("bench report makes no page of a folder without results", () =>
  inFolder(async (folder) => {
    await fail("bench", ["report", folder], 1, /it holds no results of deno task bench that can/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("a smoke run replaces no result of a real one", () =>
  inFolder(async (folder) => {
    const words = ["memory", ...smokeWords("memory"), "--out", folder];
    await succeed("bench", words);
    const path = `${folder}/memory.json`;
    const document = await readJson<BenchDocument>(path);
    const real = { ...document, settings: { ...document.settings, scale: "reduced" } };
    await writeSealed(path, real);
    const sealed = await Deno.readTextFile(path);
    const { err } = await succeed("bench", words);
    assert.match(err, /memory\.json stays as it is: a smoke run replaces no result$/m);
    assert.equal(await Deno.readTextFile(path), sealed);
  }));

for (
  const [name, line, own] of [
    ["train", /^Timing minibatches/, ["--rounds", "1000"]],
    ["kernels", /^Device: /, []],
  ] as const
) {
  Deno.test({
    name: `an interrupted bench ${name} ends with status 130`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      inFolder(async (folder) => {
        const args = [name, "--device", "cpu", "--batch", "256", ...own];
        const { status, out, err } = await interruptAt("bench", [...args, "--out", folder], line);
        assert.equal(status, 130, err);
        assert.equal(out, "");
        assert.match(
          err,
          new RegExp(`^Interrupted: go on with deno task bench ${name} --device cpu .*--out `, "m"),
        );
      }),
  });
}

Deno.test("bench takes switches before the experiment's name, and says which kernels ran", () =>
  inFolder(async (folder) => {
    const words = ["--smoke", "train", "--device", "cpu", "--out", folder];
    // Only x86-64 has the mode that the task starts.
    const ran = Deno.build.arch === "x86_64" ? /WASM SIMD, wide/ : /WASM SIMD(?!, wide)/;
    assert.match((await succeed("bench", words)).out, ran);
    const first = await readJson<BenchDocument>(`${folder}/train.json`);
    assert.match(first.command, /^deno task bench train (?!.*wide)/);
    const { out } = await succeed("bench", ["--no-wide", ...words]);
    assert.match(out, /WASM SIMD(?!, wide)/);
    const second = await readJson<BenchDocument>(`${folder}/train.json`);
    assert.match(second.command, /^deno task bench train .*--no-wide$/);
    assert.match((await succeed("bench", ["report", folder])).out, /report\.html/);
  }));
