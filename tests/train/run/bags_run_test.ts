import assert from "node:assert/strict";
import { runScoring } from "../../../train/run/run_scoring.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { readTrace } from "../../../train/trace/files.ts";
import { countTraceRuns } from "../../../sim/work.ts";
import { inFolder } from "../../data/rows.ts";

Deno.test("a run on bags from its options to trace, weights and scores", () =>
  inFolder(async (folder) => {
    const options = {
      data: "twin:meta2021:1400",
      model: { preset: "rm2", shape: { dim: 4, bottom: [13, 8, 4], top: [8, 1] } },
      device: { kind: "cpu", threads: 2 },
    } as const;
    const result = await runTraining({
      ...options,
      training: { batch: 16 },
      plan: { name: "fae", hotMemoryMib: 100, profile: 0.5 },
      evaluation: { batch: 100_000 },
      outputs: { trace: `${folder}/trace.arrow`, weights: `${folder}/weights` },
    });
    const lookups = Array(8).fill(16);
    assert.deepEqual(result.model.lookups, lookups);
    assert.equal(result.counters.lookups, 128 * result.throughput.samples);
    const trace = await readTrace(`${folder}/trace.arrow`);
    assert.equal(trace.header.lookups_per_input, 128);
    assert.deepEqual(trace.header.model.lookups, lookups);
    const kinds = new Set(trace.records.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ["cold", "hot"]);
    for (const { kind, inputs, lookups, cold_lookups } of trace.records) {
      assert.equal(lookups, 128 * inputs);
      assert.equal(kind === "cold", cold_lookups > 0);
    }
    const { runs } = countTraceRuns(trace);
    const counted = runs.reduce((sum, { record, times }) => sum + record.lookups * times, 0);
    assert.equal(counted, result.counters.lookups);
    const { model, metrics } = await runScoring({ ...options, weights: `${folder}/weights` });
    assert.deepEqual(model.lookups, lookups);
    assert.deepEqual(metrics!.auc, result.metrics!.auc);
  }));
