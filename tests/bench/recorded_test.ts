import assert from "node:assert/strict";
import { recordedExperiment } from "../../bench/recorded_experiment.ts";
import { ablationExperiment } from "../../bench/experiments/ablation.ts";
import { accuracyExperiment } from "../../bench/experiments/accuracy.ts";
import { chooseRecorded } from "../../bench/study/choose_recorded.ts";
import {
  ALONE,
  isRecorded,
  readRecords,
  type Recording,
  recordPath,
  studiesOf,
  writeRecord,
} from "../../bench/study/recorded.ts";
import { type StudyResult, StudyStore } from "../../bench/study/store.ts";
import { trainedResults } from "../../bench/study/trained.ts";
import { inFolder } from "../data/rows.ts";
import { settingsIn } from "./made_up.ts";

const RECORDING: Recording = {
  command: "deno task bench run",
  recorded_at: "2026-01-02T03:04:05.000Z",
  beside: "a build",
};

const [FAE, SLIPSTREAM] = ["fae,schedule=interleaved", "slipstream,schedule=interleaved"] as const;

/** Two small runs. */
const RUNS: StudyResult[] = [];
await inFolder(async (out) => {
  const settings = settingsIn(out, { smoke: true });
  const size = { inputs: 4000, seeds: 1, batch: 64 };
  RUNS.push(...(await trainedResults("rm4", size, [FAE, SLIPSTREAM], settings)).all);
});

Deno.test("a record is read as it was written, never replaced, and refused when it was changed", () =>
  inFolder(async (folder) => {
    const [fae] = RUNS;
    assert.deepEqual(await readRecords(`${folder}/none`), []);
    assert.equal(await isRecorded(folder, fae!, "cpu"), false);
    await writeRecord(folder, fae!, RECORDING);
    assert.deepEqual(await readRecords(folder), [{ ...fae!, recording: RECORDING }]);
    await assert.rejects(writeRecord(folder, fae!, RECORDING), /has been recorded before/);
    const path = recordPath(folder, fae!, "cpu");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace(/"auc":[\d.]+/, '"auc":0.99'));
    await assert.rejects(
      readRecords(folder),
      /^UserError: Cannot use record .*: it was changed after it was written; remove it/,
    );
    await Deno.writeTextFile(path.replace("seed1", "seed2"), text);
    await Deno.remove(path);
    await assert.rejects(readRecords(folder), /it is of the run rm4-4000-by64-fae,.*-seed1, whose/);
  }));

Deno.test("the minibatches of a record add up to what its plan trained", () => {
  for (const { work: { minibatches, copies, lookups_per_input }, plan, steps, bytes } of RUNS) {
    const sum = (of: (one: typeof minibatches[number]) => number) =>
      minibatches.reduce((all, one) => all + of(one), 0);
    assert.equal(sum(({ times }) => times), steps);
    assert.equal(sum(({ inputs }) => inputs), plan.trained_inputs);
    assert.equal(sum(({ lookups }) => lookups), lookups_per_input * plan.trained_inputs);
    assert.equal(copies!.bytes, bytes.sync);
    assert.deepEqual(
      new Set(minibatches.filter((one) => one.cold_lookups > 0).map(({ kind }) => kind)),
      new Set(["cold"]),
    );
  }
});

Deno.test("runs of an older version of the bits are left out of a study", () => {
  const [fae, slipstream] = RUNS.map((run) => ({ ...run, recording: RECORDING }));
  const older = { ...slipstream!, conditions: { ...fae!.conditions, bits_version: 0 } };
  const other = { ...slipstream!, inputs: 100 };
  assert.deepEqual(
    studiesOf([older, other, fae!]).map(({ inputs, runs }) => [inputs, runs]),
    [[4000, [fae]], [100, [other]]],
  );
});

Deno.test("of a workload the largest study is shown in which a rival was stopped early with three seeds, and others are named", () =>
  inFolder(async (records) => {
    const [fae, slipstream] = RUNS;
    const write = (run: StudyResult) => writeRecord(records, run, RECORDING);
    const shown = async (inputs: number | null) => {
      const chosen = await chooseRecorded(settingsIn(records, { records, inputs }));
      return chosen.map((one) => [one.inputs, one.others.map((other) => other.inputs)]);
    };
    for (const inputs of [1000, 4000]) await write({ ...fae!, inputs });
    await write({ ...slipstream!, inputs: 4000 });
    assert.deepEqual(await shown(null), [[4000, [1000]]]);
    for (const seed of [1, 2, 3]) {
      assert.deepEqual(await shown(null), [[4000, [1000]]]);
      await write({ ...fae!, seed, inputs: 1000, variant: "fae,budget=0.8,schedule=interleaved" });
    }
    assert.deepEqual(await shown(null), [[1000, [4000]]]);
    assert.deepEqual(await shown(4000), [[4000, []]]);
    const settings = settingsIn(records, { records, workloads: ["rm4"] });
    const { notes } = await recordedExperiment(ablationExperiment).run(settings);
    assert.ok(
      notes.includes(
        "Recorded too (--inputs, --batch and --device choose): RM4 at 4,000 inputs on the CPU (2 runs)",
      ),
    );
  }));

Deno.test("each device has records of its own, which are never mixed, and one can be asked for", () =>
  inFolder(async (records) => {
    const on = (run: StudyResult, device: string): StudyResult => ({
      ...run,
      conditions: { ...run.conditions, device },
    });
    const [fae, slipstream] = RUNS as [StudyResult, StudyResult];
    const device = "webgpu: NVIDIA L4 (vulkan)";
    await writeRecord(records, fae, RECORDING);
    assert.equal(await isRecorded(records, fae, device), false);
    for (const run of [fae, slipstream]) await writeRecord(records, on(run, device), RECORDING);
    assert.equal(
      recordPath(records, fae, device),
      recordPath(records, fae, "cpu").replace(/\.json$/, "-on-nvidia-l4-vulkan.json"),
    );
    const runs = await readRecords(records);
    assert.deepEqual(
      studiesOf(runs).map((study) => [study.device, study.runs.length]),
      [[device, 2], ["cpu", 1]],
    );
    const other = on(fae, "webgpu: NVIDIA L4 (dx12)");
    assert.equal(await isRecorded(records, fae, other.conditions.device), false);
    assert.match(recordPath(records, other, other.conditions.device), /-on-nvidia-l4-dx12\.json$/);
    const chosen = async (wanted: "auto" | "cpu" | "webgpu") =>
      (await chooseRecorded({ ...settingsIn(records, { records }), device: wanted }))
        .map((one) => [one.device, one.others.map((other) => other.device)]);
    assert.deepEqual(await chosen("auto"), [[device, ["cpu"]]]);
    assert.deepEqual(await chosen("webgpu"), [[device, []]]);
    assert.deepEqual(await chosen("cpu"), [["cpu", []]]);
    const experiment = recordedExperiment(ablationExperiment);
    const settings = settingsIn(records, { records, workloads: ["rm4"] });
    const both = await experiment.run({ ...settings, device: "auto" });
    assert.ok(
      both.notes.includes(
        "Recorded too (--inputs, --batch and --device choose): RM4 at 4,000 inputs on the CPU (1 run)",
      ),
    );
    await Deno.remove(recordPath(records, fae, "cpu"));
    const { tables, notes } = await experiment.run({ ...settings, device: "cpu" });
    assert.deepEqual(tables, []);
    assert.match(
      notes[0]!,
      /^No run of these workloads on cpu is recorded in .*; on other devices are RM4 at 4,000 inputs on webgpu: NVIDIA L4 \(vulkan\) \(2 runs\)$/,
    );
  }));

Deno.test("devices that share a folder of results have claims and checkpoints of their own", () =>
  inFolder(async (folder) => {
    const [fae] = RUNS as [StudyResult];
    const on = (device: string) =>
      new StudyStore(folder, { ...fae, conditions: { ...fae.conditions, device } });
    const [cpu, gpu] = [on("cpu"), on("webgpu: NVIDIA L4 (vulkan)")];
    assert.notEqual(cpu.checkpoints(fae), gpu.checkpoints(fae));
    using mine = await cpu.tryClaim(fae);
    using theirs = await gpu.tryClaim(fae);
    assert.ok(mine !== null && theirs !== null);
    assert.equal(await on("cpu").tryClaim(fae), null);
  }));

Deno.test("tables of records say so everywhere, and have no times of runs that were not alone", () =>
  inFolder(async (folder) => {
    const records = `${folder}/records`;
    const settings = settingsIn(folder, { workloads: ["rm4"], records });
    const empty = await recordedExperiment(accuracyExperiment).run(settings);
    assert.deepEqual(empty.tables, []);
    assert.match(empty.notes[0]!, /^No run of these workloads on cpu is recorded in /);
    await writeRecord(records, RUNS[0]!, RECORDING);
    await writeRecord(records, RUNS[1]!, { ...RECORDING, beside: ALONE });
    const experiment = recordedExperiment(ablationExperiment);
    assert.equal(experiment.name, "ablation-recorded");
    const { tables, figures, samples, notes } = await experiment.run(settings);
    assert.deepEqual(samples, []);
    const [{ origin, columns, rows }] = tables as [typeof tables[0]];
    assert.equal(origin, "recorded");
    assert.deepEqual(rows.map(([variant]) => variant), [FAE, SLIPSTREAM]);
    const seconds = columns.findIndex(({ name }) => name === "training, s");
    assert.deepEqual(rows.map((row) => row[seconds] === null), [true, false]);
    for (const { panels } of figures!) {
      for (const { data } of panels) assert.ok(data.every((datum) => datum.origin === "recorded"));
    }
    assert.ok(notes.some((note) => /^Recorded on 2026-01-02: /.test(note)));
    assert.ok(notes.some((note) => /^Beside them ran: a build; nothing; times/.test(note)));
  }));
