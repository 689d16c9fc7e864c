import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { formatSealed } from "../../core/json_file.ts";
import { countTrace } from "../../sim/counts.ts";
import { loadMachine, machineOf } from "../../sim/machine.ts";
import { loadPaperWorkload } from "../../sim/paper/workloads.ts";
import { simulate } from "../../sim/simulate.ts";
import { readAnyTrace } from "../../sim/counted_file.ts";
import { findRecordedSkips } from "../../sim/recorded_run.ts";
import { skippedShare, skipsOf, withSkipsOf } from "../../sim/skips.ts";
import { countTraceRuns } from "../../sim/work.ts";
import { readTrace } from "../../train/trace/files.ts";
import { succeed, TINY } from "../e2e/command.ts";
import { record, recordedRun, traceOf } from "./toy.ts";

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found}, expected ${expected}`);

/** A trace as of a run. */
function runOf(records: Parameters<typeof traceOf>[0]) {
  const trace = traceOf(records);
  return countTraceRuns({ ...trace, header: { ...trace.header, origin: "run" } });
}

Deno.test("what a run skipped is told along its hot inputs", () => {
  // 200 inputs of warm-up, 100 of the window; then 400 of which a quarter is skipped, and 400 of which a half is.
  const skips = skipsOf(runOf([
    record("cold"),
    ...Array(2).fill(record("warm-up")),
    record("window"),
    ...Array(3).fill(record("hot", { skipped_inputs: 100 / 3 })).map((one) => ({
      ...one,
      inputs: 75,
      lookups: 150,
      unique_rows: 100,
      skipped_inputs: 25,
    })),
    record("hot", { inputs: 75, lookups: 150, unique_rows: 100, skipped_inputs: 25 }),
    ...Array(4).fill(
      record("hot", { inputs: 50, lookups: 100, unique_rows: 80, skipped_inputs: 50 }),
    ),
  ]));
  near(skips[0]!.from, 0);
  near(skips.at(-1)!.to, 1);
  const of = (kind: string) => skips.filter((stretch) => stretch.kind === kind);
  const width = (kind: string) => of(kind).reduce((sum, { from, to }) => sum + to - from, 0);
  near(width("warm-up"), 200 / 1100);
  near(width("window"), 100 / 1100);
  assert.ok(of("warm-up").every(({ skipped }) => skipped === 0));
  for (const [i, { skipped }] of of("hot").entries()) near(skipped, i < 10 ? 0.25 : 0.5);
});

Deno.test("a counted trace takes the run's shares and keeps its own counts", async () => {
  const counted = countTraceRuns(
    await countTrace({
      ...{ twin: "rm4", inputs: 20_000, batch: 64, hotMemoryBytes: 2 ** 17, profileEvery: 1 },
      ...{ warmup: 10, threads: 1, sampled: 4 },
    }),
  );
  const run = runOf([
    record("cold"),
    record("warm-up"),
    record("window"),
    ...Array(8).fill(
      record("hot", { inputs: 60, lookups: 120, unique_rows: 80, skipped_inputs: 40 }),
    ),
  ]);
  const with_ = withSkipsOf(counted, run);
  const sum = (of: typeof counted, name: "inputs" | "skipped_inputs") =>
    of.runs.reduce((n, { record, times }) => n + times * record[name], 0);
  const hot = counted.header.plan.hot!.hot_inputs;
  // 800 of 1000 hot inputs were looked at, and two fifths of them passed over.
  near(sum(with_, "skipped_inputs") / hot, 0.8 * 0.4);
  assert.ok(Math.abs(sum(with_, "inputs") + sum(with_, "skipped_inputs") - 20_000) < 64 * 40);
  const cold = (of: typeof counted) => of.runs.filter(({ record }) => record.kind === "cold");
  assert.deepEqual(cold(with_), cold(counted));
  const machine = machineOf(await loadMachine("v100x4"));
  const at = (trace: typeof counted) =>
    simulate({ trace, machine, system: "slipstream", gpus: 1 }).skipped_inputs;
  near(at(with_) / at(counted), sum(with_, "skipped_inputs") / sum(counted, "skipped_inputs"));
});

Deno.test("only a run that tells hot from cold can be taken from, and only a counted trace be given", () => {
  const refused = (message: RegExp) => (error: unknown) =>
    error instanceof UserError && message.test(error.message);
  const counted = countTraceRuns(traceOf([record("hot")]));
  assert.throws(() => skipsOf(counted), refused(/it must be of a run of a plan that tells/));
  assert.throws(() => skipsOf(runOf([record("all")])), refused(/it must be of a run of a plan/));
  const run = runOf([record("hot")]);
  assert.throws(() => withSkipsOf(run, run), refused(/the trace must be counted/));
});

Deno.test("simulate --skips: a trained run's skips at a published size", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/run.arrow`, json = `${folder}/r.json`;
    await succeed("train", [
      ...["--data", "synthetic:6000", "--tables", "60-30-20", "--threads", "1", "--batch", "32"],
      ...TINY.slice(0, -2),
      ...["--profile", "1", "--hot-memory", "0.001", "--plan", "slipstream", "--trace", path, "-q"],
    ]);
    await succeed("simulate", [
      ...["--trace", "rm4", "--skips", path, "--system", "slipstream", "--draws", "0"],
      ...["--json", json],
    ]);
    const { results: [result] } = JSON.parse(await Deno.readTextFile(json));
    const { columns } = await readTrace(path);
    let hot = 0, skipped = 0;
    for (let i = 0; i < columns.length; i++) {
      if (columns.kindOf(i) === "cold") continue;
      hot += columns.inputs[i]! + columns.skipped_inputs[i]!;
      skipped += columns.skipped_inputs[i]!;
    }
    assert.ok(skipped > 0);
    const { hot_inputs } = (await loadPaperWorkload("rm4")).header.plan.hot!;
    const share = result.skipped_inputs / hot_inputs;
    assert.ok(Math.abs(share - skipped / hot) < 2e-3, `${share}, of the run ${skipped / hot}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Writes a recorded run of a variant. */
async function recordRun(folder: string, inputs: number, variant: string, skipped: number) {
  const path = `${folder}/rm4-${inputs}-by100-${variant}-seed1.json`;
  await Deno.writeTextFile(path, formatSealed(recordedRun(inputs, variant, skipped)));
  return path;
}

Deno.test("the longest recorded run that skips says what is skipped, and runs of other plans do not", async () => {
  const folder = await Deno.makeTempDir();
  await recordRun(folder, 3000, "fae", 0);
  await recordRun(folder, 1000, "slipstream", 0.1);
  const path = await recordRun(folder, 2000, "slipstream,schedule=interleaved", 0.4);
  const found = await findRecordedSkips("rm4", folder);
  near(skippedShare(found!)!, 0.4);
  assert.deepEqual(await readAnyTrace(path), found);
  assert.equal(await findRecordedSkips("rm1", folder), null);
  assert.equal(await findRecordedSkips("rm4", `${folder}/none`), null);
  const text = (await Deno.readTextFile(path)).replace(/("times": ?)6/, "$17");
  await Deno.writeTextFile(path, text);
  await assert.rejects(() => findRecordedSkips("rm4", folder), /changed|checksum|SHA-256/);
  await Deno.remove(folder, { recursive: true });
});
