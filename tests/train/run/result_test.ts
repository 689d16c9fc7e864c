import assert from "node:assert/strict";
import type { Dataset } from "../../../data/types.ts";
import { Evaluation } from "../../../train/run/metrics.ts";
import {
  buildResult,
  formatResult,
  RESULT_SCHEMA_VERSION,
  type ResultInput,
  writeResult,
} from "../../../train/run/result.ts";

const DATASET: Dataset = {
  schema: {
    format: "criteo-kaggle",
    dense: ["I1"],
    tables: [{ name: "C1", rows: 3 }, { name: "C2", rows: 5 }],
  },
  hash: "ab".repeat(32),
  notes: ["2 rows skipped"],
  bayes: null,
  count: (split) => split === "train" ? 10 : 2,
  reader: () => {
    throw new Error("A result reads no inputs");
  },
  close: () => {},
  [Symbol.dispose]: () => {},
};

function input(changes: Partial<ResultInput> = {}): ResultInput {
  const evaluation = new Evaluation();
  evaluation.add(Float32Array.of(1, -1), [1, 0]);
  return {
    configuration: { batch: 4, lr: 0.1, data: ["train.txt"] },
    dataset: DATASET,
    shape: { tableRows: [3, 5], dim: 4, bottom: [1, 4], top: [7, 1] },
    device: { kind: "cpu", name: "WASM SIMD", details: {}, isFallbackAdapter: false, threads: 2 },
    counters: {
      bytesAllocated: 1,
      peakBytesAllocated: 2,
      bytesUploaded: 3,
      bytesDownloaded: 4,
      dispatches: 5,
      submissions: 6,
      awaitedMappings: 0,
    },
    run: {
      plan: {
        name: "baseline",
        options: {},
        hot: null,
        decisions: [],
        trained_inputs: 0,
        skipped_inputs: 0,
        rounds: [],
        preparation_ms: 0,
        watched: null,
      },
      steps: 3,
      inputs: 10,
      losses: Float32Array.of(0.7, 0.1, 2 / 3),
      evaluations: [{ step: 3, samples: 10, metrics: evaluation.metrics() }],
      trainMs: 250,
      waitedMs: 0,
      prepareWorkers: 0,
      evaluateMs: 10,
      stagesMs: { forward: 100 },
      counts: { lookups: 20, uniqueRows: 15 },
    },
    ended: "completed",
    startedAt: new Date(0),
    finishedAt: new Date(1000),
    ...changes,
  };
}

Deno.test("buildResult() says what was run, how well and how fast", () => {
  const result = buildResult(input());
  assert.equal(result.schema_version, RESULT_SCHEMA_VERSION);
  assert.deepEqual(result.ended, { how: "completed", step: 3, reason: null });
  assert.equal(result.started_at, "1970-01-01T00:00:00.000Z");
  assert.equal(result.finished_at, "1970-01-01T00:00:01.000Z");
  assert.equal(result.metrics?.auc, 1);
  assert.equal(result.throughput.samples_per_second, 40);
  assert.deepEqual(result.dataset.inputs, { train: 10, test: 2, validation: 2 });
  assert.deepEqual(result.model.parameters, { dense: 16, embedding: 32 });
  assert.equal(result.counters.unique_rows, 15);
  assert.equal(result.counters.submissions, 6);
  assert.deepEqual(result.stages_ms, { forward: 100 });
});

Deno.test("buildResult() writes losses in few digits that give the same float32", () => {
  const { losses } = buildResult(input());
  assert.deepEqual(losses, [0.699999988, 0.100000001, 0.666666687]);
  assert.deepEqual(losses.map((loss) => Math.fround(loss!)), [...input().run.losses]);
});

Deno.test("buildResult() keeps what a failed run knew, without NaN", () => {
  const { run } = input();
  const result = buildResult(input({
    run: {
      ...run,
      steps: 2,
      losses: Float32Array.of(0.5, Infinity, NaN),
      evaluations: [],
      trainMs: 0,
      waitedMs: 0,
    },
    ended: { failed: "its loss is NaN" },
  }));
  assert.deepEqual(result.ended, { how: "failed", step: 2, reason: "its loss is NaN" });
  assert.deepEqual(result.losses, [0.5, null, null]);
  assert.equal(result.metrics, null);
  assert.equal(result.throughput.samples_per_second, null);
  assert.doesNotMatch(formatResult(result), /:\s*(NaN|-?Infinity)/);
});

Deno.test("buildResult() has no final metrics when the last step was not evaluated", () => {
  const { run } = input();
  const result = buildResult(input({ run: { ...run, steps: 5 }, ended: "interrupted" }));
  assert.equal(result.metrics, null);
  assert.equal(result.evaluations.length, 1);
});

Deno.test("formatResult() is JSON that gives the document back, lists of numbers on a line", () => {
  const result = buildResult(input());
  const text = formatResult(result);
  assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(result)));
  assert.match(text, /\n {2}"losses": \[0\.699999988, 0\.100000001, 0\.666666687\],\n/);
  assert.ok(text.endsWith("}\n"));
});

Deno.test("writeResult() writes the whole file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/run.json`;
    const result = buildResult(input());
    await writeResult(path, result);
    assert.equal(await Deno.readTextFile(path), formatResult(result));
    assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["run.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
