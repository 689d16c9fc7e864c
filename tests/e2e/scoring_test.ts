import assert from "node:assert/strict";
import { int32Rows } from "../data/arrays/write_arrays.ts";
import { inFolder } from "../data/rows.ts";
import { fail, readJson, succeed, TINY, trainToJson } from "./command.ts";
import type { ScoringDocument } from "../../train/run/run_scoring.ts";

/** A file of MLPerf's binary: 26 tables of nine ids, a label that follows a column. */
async function writeBinary(path: string, rows: number, from: number): Promise<void> {
  await Deno.writeFile(
    path,
    int32Rows(
      Array.from({ length: rows }, (_, k) => {
        const i = from + k;
        const dense = Array.from({ length: 13 }, (_, j) => (7 * i + 3 * j) % 20);
        const ids = Array.from({ length: 26 }, (_, t) => (5 * i + t) % 9);
        return [Number(dense[0]! > 9), ...dense, ...ids];
      }),
    ),
  );
}

Deno.test("train --evaluate and --score judge another file with a saved model", () =>
  inFolder(async (folder) => {
    await writeBinary(`${folder}/day.bin`, 1400, 0);
    await writeBinary(`${folder}/next.bin`, 30, 1400);
    const weights = `${folder}/weights`;
    await trainToJson(folder, [
      ...["--data", `${folder}/day.bin`, "--save", weights, "--lr", "0.3", "--epochs", "4"],
      ...TINY,
    ]);
    const common = ["--init", weights, "--cache", `${folder}/cache`, "--device", "cpu"];
    const json = `${folder}/scoring.json`, csv = `${folder}/scores.csv`;
    const evaluated = await succeed("train", [
      ...["--evaluate", `${folder}/next.bin`, "--json", json, "--test-batch", "8"],
      ...common,
    ]);
    const { metrics, dataset } = await readJson<ScoringDocument>(json);
    assert.equal(dataset.inputs, 30);
    assert.ok(metrics!.auc! > 0.8, String(metrics!.auc));
    assert.match(evaluated.out, new RegExp(`AUC +${metrics!.auc!.toFixed(5)}`));
    assert.doesNotMatch(evaluated.out, /samples\/s/);
    const scored = await succeed("train", [
      ...["--score", `${folder}/next.bin`, "--out", csv],
      ...common,
    ]);
    assert.ok(scored.out.endsWith(`Scores in ${csv}\n`), scored.out);
    const lines = (await Deno.readTextFile(csv)).trimEnd().split("\n");
    assert.equal(lines.length, 31);
    assert.match(lines[30]!, /^29,[01],0\.\d+$/);
  }));

Deno.test("flags of scoring that contradict each other are refused", async () => {
  const cases: [string[], RegExp][] = [
    [["--evaluate", "a.bin"], /Cannot use --evaluate without --init/],
    [["--score", "a.bin", "--init", "w"], /Cannot use --score without --out/],
    [["--evaluate", "a.bin", "--out", "o.csv", "--init", "w"], /--out o\.csv without --score/],
    [["--data", "a.bin", "--out", "o.csv"], /--out o\.csv without --score/],
    [["--evaluate", "a", "--score", "b", "--out", "c", "--init", "w"], /--evaluate with --score/],
    [["--evaluate", "a.bin", "--init", "w", "--epochs", "2"], /--epochs with --evaluate/],
    [["--evaluate", "a.bin", "--init", "w", "--data", "b"], /--data with --evaluate/],
  ];
  for (const [args, message] of cases) await fail("train", args, 2, message);
});

Deno.test("a run that has ended goes on by --resume --epochs", () =>
  inFolder(async (folder) => {
    await writeBinary(`${folder}/day.bin`, 700, 0);
    const data = ["--data", `${folder}/day.bin`, ...TINY];
    const long = await trainToJson(folder, [...data, "--epochs", "3"]);
    const short = await trainToJson(folder, [...data, "--checkpoint", `${folder}/kept`]);
    assert.equal(short.ended.how, "completed");
    const json = `${folder}/more.json`;
    const resumed = ["--resume", `${folder}/kept`, "--epochs", "3", "--json", json, "--quiet"];
    await succeed("train", resumed);
    const more = await readJson<typeof long>(json);
    assert.deepEqual(more.losses, long.losses);
    assert.deepEqual(more.metrics, long.metrics);
    assert.equal(more.evaluations.length, 2);
    const fewer = ["--resume", `${folder}/kept`, "--epochs", "2"];
    await fail("train", fewer, 2, /--epochs 2 with --resume: the run was started with 3/);
  }));
