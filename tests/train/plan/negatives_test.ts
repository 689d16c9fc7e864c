import assert from "node:assert/strict";
import { createInputs } from "../../../data/inputs.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { sampleNegatives } from "../../../train/plan/negatives.ts";
import { PLAN_DEFAULTS, type PlanOptions } from "../../../train/plan/options.ts";
import { BatchSource } from "../../../train/run/batches.ts";
import { evaluate } from "../../../train/run/evaluate.ts";
import { train } from "../../../train/run/trainer.ts";
import { memoryDataset } from "../run/memory_dataset.ts";
import { drawnRun, runToy } from "./plan_cases.ts";

Deno.test("every click is kept, and each negative with probability q, the same in every order", async () => {
  const whole = memoryDataset(4000);
  const { dataset, leftOut } = await sampleNegatives(
    whole,
    { negatives: 0.25, correction: "logit" },
    1,
  );
  const labels = async (from: typeof whole | typeof dataset) => {
    const count = from.count("train"), inputs = createInputs(whole.schema, count);
    await from.reader("train", { kind: "sequential" }).read(0, count, inputs);
    return { labels: [...inputs.labels], dense: [...inputs.dense] };
  };
  const all = await labels(whole), kept = await labels(dataset);
  const clicks = (some: number[]) => some.filter((label) => label === 1).length;
  assert.equal(clicks(kept.labels), clicks(all.labels));
  assert.equal(kept.labels.length + leftOut, 3000);
  const negatives = 3000 - clicks(all.labels), expected = negatives * 0.75;
  assert.ok(Math.abs(leftOut - expected) < 4 * Math.sqrt(expected * 0.25), `${leftOut}`);
  // In order, and under a permutation the same inputs.
  const inOrder = whole.seen.slice(-kept.labels.length);
  assert.deepEqual(inOrder, inOrder.toSorted((a, b) => a - b));
  const shuffled = createInputs(whole.schema, kept.labels.length);
  await dataset.reader("train", { kind: "shuffled", seed: 3, epoch: 1 })
    .read(0, kept.labels.length, shuffled);
  const permuted = whole.seen.slice(-kept.labels.length);
  assert.notDeepEqual(permuted, inOrder);
  assert.deepEqual(permuted.toSorted((a, b) => a - b), inOrder);
  assert.equal(dataset.count("test"), 1000);
});

/** Metrics at the end of training, and of the model that is left. */
async function trained(plan: Partial<PlanOptions>) {
  const dataset = memoryDataset(4000);
  const device = await openCpuDevice({ threads: 1 });
  try {
    using model = new Dlrm(device, {
      ...{ tableRows: [5, 1, 40, 7], dim: 4, bottom: [3, 8, 4], top: [14, 8, 1] },
    }, { optimizer: { kind: "adagrad", eps: 1e-10 }, maxBatch: 32 });
    await model.initialise(1);
    const result = await train(model, dataset, {
      batch: 32,
      epochs: 6,
      seed: 1,
      schedule: { base: 0.05, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
      plan: { ...PLAN_DEFAULTS, ...plan },
    });
    const reader = dataset.reader("test", { kind: "sequential" });
    const source = new BatchSource(reader, dataset.schema, [5, 1, 40, 7], 32);
    return { result, left: await evaluate(model, source, 32) };
  } finally {
    device.dispose();
  }
}

Deno.test("a model trained on a quarter of the negatives predicts the rate of the log, by logit or by weights", async () => {
  for (const correction of ["logit", "weights"] as const) {
    const { result, left } = await trained({ negatives: 0.25, correction });
    const { metrics } = result.evaluations.at(-1)!;
    assert.ok(Math.abs(metrics.calibration! - 1) < 0.06, `${correction}: ${metrics.calibration}`);
    assert.ok(metrics.auc! > 0.85, `${metrics.auc}`);
    // The bias is a float32, and so are logits: both are rounded.
    assert.ok(Math.abs(left.logloss! - metrics.logloss!) < 1e-6);
    assert.deepEqual(result.plan.options, { negatives: 0.25, correction });
    assert.equal(result.plan.trained_inputs + 6 * result.plan.left_out_inputs!, 6 * 3000);
  }
});

Deno.test("under a plan with hot inputs negatives weigh 1 / q, stale ones that are kept more", async () => {
  const { trained, result } = await runToy(drawnRun(false, 400, {
    plan: {
      ...{ name: "slipstream", warmup: 1, window: 3, drop: 0.6 },
      ...{ skipProbability: 0.5, rescale: true, negatives: 0.5, correction: "weights" },
    },
    more: { batch: 4 },
  }));
  // Odd inputs are clicks.
  const weights = new Set(
    trained.flatMap(({ inputs, weights }) => inputs.map((i, b) => `${i % 2} ${weights![b]}`)),
  );
  assert.deepEqual([...weights].sort(), ["0 2", "0 4", "1 1", "1 2"]);
  assert.ok(result.plan.left_out_inputs! > 50 && result.plan.skipped_inputs > 0);
});
