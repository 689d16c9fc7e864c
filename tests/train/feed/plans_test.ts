import assert from "node:assert/strict";
import { materialise } from "../../../data/materialised.ts";
import { openSynthetic } from "../../../data/synthetic.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device } from "../../../kernels/types.ts";
import type { MinibatchRecord } from "../../../train/trace/schema.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { CLASSIFIER_INPUTS } from "../../../train/plan/classifier.ts";
import { train } from "../../../train/run/trainer.ts";
import {
  allNumbers,
  arrayDataset,
  drawnRun,
  PLANS,
  recordTraining,
  toyModel,
  toyOptions,
  type ToyRun,
} from "../plan/plan_cases.ts";

/** What a run comes to, without times. */
async function outcome(device: Device, run: ToyRun, prepareWorkers: number) {
  const original = arrayDataset(run.tableRows, run.inputs, run.steps, run.bags);
  const dataset = await materialise(original);
  const model = toyModel(device, run);
  try {
    await model.initialise(3);
    const trained = recordTraining(model);
    const records: MinibatchRecord[] = [];
    const options = { ...toyOptions(run, records), evalEvery: 7, prepareWorkers };
    const { steps, inputs, losses, evaluations, counts, plan } = await train(
      model,
      dataset,
      options,
    );
    return JSON.parse(JSON.stringify(
      {
        ...{ steps, inputs, evaluations, counts, plan, trained },
        records: records.map((record) => ({ ...record, stages_ms: null })),
        losses: [...losses],
        numbers: (await allNumbers(model)).map((some) => [...some]),
      },
      (key, value) => key.endsWith("_ms") ? undefined : value,
    ));
  } finally {
    model.dispose();
  }
}

const ADAGRAD = { kind: "adagrad", eps: 1e-10 } as const;

const RUNS: Readonly<Record<string, ToyRun>> = {
  "baseline, two epochs, a last minibatch that is not full": drawnRun(false, 61, {
    plan: { name: "baseline" },
    more: { batch: 4, epochs: 2, shuffle: true },
  }),
  "baseline, whole minibatches alone": drawnRun(false, 61, {
    plan: { name: "baseline" },
    more: { batch: 4, shuffle: true, lastBatch: "drop", maxSteps: 9 },
  }),
  ...Object.fromEntries(
    Object.entries(PLANS).map(([name, plan]) => [
      `${name}, hot`,
      drawnRun(false, 90, {
        plan: { ...plan, watch: 2 },
        placement: "hot",
        optimizer: ADAGRAD,
        more: { batch: 4, shuffle: true },
      }),
    ]),
  ),
  "slipstream, two epochs": drawnRun(false, 90, {
    plan: { ...PLANS["slipstream interleaved, waking"] },
    more: { batch: 4, epochs: 2, shuffle: true },
  }),
  "artifact, hybrid": drawnRun(false, 90, {
    plan: { name: "slipstream", mode: "artifact", warmup: 1, window: 0.2, sample: 1 },
    placement: "hybrid",
    more: { batch: 4 },
  }),
  "sequences, hot": drawnRun(true, 90, {
    plan: { name: "slipstream", warmup: 1, window: 3, snapshots: 3, alpha: 2, wakeEvery: 3 },
    placement: "hot",
    more: { batch: 4 },
  }),
  "sequences, baseline": drawnRun(true, 50, { plan: { name: "baseline" }, more: { batch: 4 } }),
};

for (const name of ["slipstream", "slipstream-cold", "random-drop"] as const) {
  Deno.test(`${name}: the same bits where inputs are judged many chunks ahead`, async () => {
    using dataset = openSynthetic({ inputs: 70_000, tableRows: [300, 20, 500], seed: 9 });
    const run = async (prepareWorkers: number) => {
      const { losses, metrics, plan } = await runTraining({
        data: dataset,
        model: { preset: "rm2", shape: { dim: 4, bottom: [13, 8, 4], top: [8, 1] } },
        training: { batch: 256 },
        plan: {
          ...{ name, hotMemoryMib: 0.006, profile: 1, schedule: "interleaved" },
          ...{ warmup: 4, window: 10, drop: 0.4 },
        },
        device: { kind: "cpu", threads: 1, prepareWorkers },
      });
      return JSON.parse(JSON.stringify(
        { losses, metrics, plan },
        (key, value) => key.endsWith("_ms") ? undefined : value,
      ));
    };
    const alone = await run(0);
    assert.ok(alone.plan.hot.hot_inputs > 5 * CLASSIFIER_INPUTS);
    assert.ok(alone.plan.skipped_inputs > 15_000);
    assert.deepEqual(await run(2), alone);
  });
}

for (const [name, run] of Object.entries(RUNS)) {
  Deno.test(`${name}: the same bits however many threads prepare its minibatches`, async () => {
    using device = await openCpuDevice({ threads: 1 });
    const alone = await outcome(device, run, 0);
    assert.ok(alone.steps > 0);
    for (const workers of [1, 3]) {
      assert.deepEqual(await outcome(device, run, workers), alone, `${workers} threads`);
    }
  });
}
