import assert from "node:assert/strict";
import { EXPERIMENTS } from "../../bench/registry.ts";
import type { BenchDocument } from "../../bench/report.ts";
import { inFolder } from "../data/rows.ts";
import { fail, interruptAt, readJson, run, succeed } from "./command.ts";

Deno.test("bench --help lists every experiment", async () => {
  const { out, err } = await succeed("bench", ["--help"]);
  assert.equal(err, "");
  for (const { name, summary } of EXPERIMENTS) {
    assert.ok(out.includes(name) && out.includes(summary), name);
  }
  for (const flag of ["--device", "--batch", "--rounds", "--smoke", "--json", "--csv"]) {
    assert.ok(out.includes(flag), flag);
  }
});

Deno.test("bench refuses a wrong command line with status 2 and one line", async () => {
  await fail("bench", ["kernel"], 2, /Cannot run "kernel": did you mean kernels\?$/);
  await fail("bench", ["kernels", "--smok"], 2, /Cannot use --smok: .* did you mean --smoke\?$/);
  await fail("bench", ["--batch", "x"], 2, /Cannot use --batch x/);
  await fail("bench", ["--json", "no-such-folder/out.json"], 2, /no-such-folder is not a folder$/);
  await fail("bench", ["--csv", "no-such-folder/tables"], 2, /no-such-folder is not a folder$/);
});

for (const name of ["train", "kernels", "prepare", "memory"]) {
  Deno.test(`bench ${name} writes its tables as text, JSON and CSV`, () =>
    inFolder(async (folder) => {
      const { out } = await succeed("bench", [name, ...outputs(folder)]);
      await checkOutputs(folder, name, out);
    }));
}

for (const name of ["plans", "ablation", "scale"]) {
  Deno.test(`bench ${name} compares plans and writes its tables`, () =>
    inFolder(async (folder) => {
      const words = [name, "--workloads", "rm4", "--threads", "1", ...outputs(folder)];
      const { out } = await succeed("bench", words);
      await checkOutputs(folder, name, out);
    }));
}

Deno.test("bench ablation goes on from what its folder holds, and refuses unknown variants", () =>
  inFolder(async (folder) => {
    const words = [
      ...["ablation", "--workloads", "rm4", "--threads", "1", "--smoke", "--device", "cpu"],
      ...["--out", `${folder}/study`, "--variants"],
    ];
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

Deno.test("bench runs the first experiment unless told", async () => {
  const { out } = await succeed("bench", ["--smoke", "--device", "cpu", "--quiet"]);
  assert.match(out, /^Training RM2's widths /);
});

Deno.test("bench peers compares where PyTorch is installed and says what is missing elsewhere", () =>
  inFolder(async (folder) => {
    const { status, out, err } = await run("bench", ["peers", ...outputs(folder)]);
    if (status === 0) {
      await checkOutputs(folder, "peers", out);
      return;
    }
    assert.equal(status, 1, err);
    assert.match(err, /^error: Cannot compare with PyTorch: no Python with torch and numpy/m);
  }));

Deno.test("bench peers says what is wrong with the Python that is named", async () => {
  const absent = ["peers", "--smoke", "--quiet", "--python", "/no-such-python"];
  await fail("bench", absent, 1, /no Python with torch and numpy was found \(\/no-such-python: /);
});

for (const [name, line] of [["train", /^Timing minibatches/], ["kernels", /^Device: /]] as const) {
  Deno.test({
    name: `an interrupted bench ${name} ends with status 130`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const args = [name, "--device", "cpu", "--batch", "256", "--rounds", "1000"];
      const { status, out, err } = await interruptAt("bench", args, line);
      assert.equal(status, 130, err);
      assert.equal(out, "");
      assert.match(err, /^Interrupted$/m);
    },
  });
}

function outputs(folder: string): string[] {
  return ["--smoke", "--device", "cpu", "--json", `${folder}/out.json`, "--csv", `${folder}/csv`];
}

async function checkOutputs(folder: string, name: string, out: string): Promise<void> {
  const document = await readJson<BenchDocument>(`${folder}/out.json`);
  assert.equal(document.schema, "slipstream.bench");
  assert.equal(document.schema_version, 1);
  assert.equal(document.experiment, name);
  assert.ok(document.tables.length > 0);
  assert.ok(document.notes.some((note) => note.includes("figures mean nothing")));
  const { fromCSV } = await import("arquero");
  for (const [i, table] of document.tables.entries()) {
    assert.ok(out.includes(table.title), table.title);
    assert.ok(table.rows.length > 0, table.title);
    for (const row of table.rows) assert.equal(row.length, table.columns.length, table.title);
    const csv = fromCSV(await Deno.readTextFile(`${folder}/csv/${name}-${i + 1}.csv`));
    assert.equal(csv.numRows(), table.rows.length);
    assert.equal(csv.numCols(), table.columns.length);
    assert.equal(csv.columnName(0), table.columns[0]);
  }
}

Deno.test("bench takes switches before the experiment's name, as the task bench:fast gives them", async () => {
  const { out } = await succeed("bench", ["--wide", "--smoke", "train", "--device", "cpu"]);
  assert.match(out, /WASM SIMD, wide/);
});
