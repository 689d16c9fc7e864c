/** Criteria that look at no snapshots: the window's lookups alone, or no window at all. */

import assert from "node:assert/strict";
import type { Optimizer } from "../../../kernels/types.ts";
import { PLAN_DEFAULTS, type PlanOptions, resolvePlan } from "../../../train/plan/options.ts";
import { train } from "../../../train/run/trainer.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import {
  arrayDataset,
  lettersRun,
  recordTraining,
  runToy,
  toyModel,
  toyOptions,
} from "./plan_cases.ts";

/** Nothing moves. */
const STILL = [0, 0, 0, 0, 0, 0];

Deno.test("popularity: one over the root of the window's lookups, and no snapshot is taken", async () => {
  // The window is PP PQ: a is looked up 4 times, c 3, d once, b never. P scores (1/2 + 1/√3) / 2, Q (1/2 + 1) / 2.
  const of = (untouched: PlanOptions["untouched"]) =>
    runToy(lettersRun("X PS PPPQ PSQRPSQR", false, {
      moves: STILL,
      plan: {
        ...{ name: "slipstream", warmup: 1, window: 2, criterion: "popularity" },
        ...{ untouched, drop: 0.25 },
      },
    }));
  const { trained, result } = await of("unknown");
  assert.deepEqual(trained.map(({ inputs }) => inputs), [
    ...[[0], [1, 2], [3, 4], [5, 6]],
    ...[[8, 9], [10, 12], [13, 14]],
  ]);
  const [decision] = result.plan.decisions;
  assert.equal(decision!.threshold, 0.75);
  assert.equal(decision!.snapshots, 0);
  assert.deepEqual(decision!.tables, [
    { hot: 2, touched: 1, stale: 1 },
    { hot: 2, touched: 2, stale: 1 },
  ]);
  // With b at 0, R has 1/√3 / 2, the lowest.
  const stale = await of("stale");
  assert.deepEqual(stale.trained.slice(4).flatMap(({ inputs }) => inputs), [7, 8, 9, 11, 12, 13]);
});

for (const placement of ["device", "hot"] as const) {
  Deno.test(`adagrad, ${placement}: one over the root of the row's mean sum, right after the warm-up`, async () => {
    const device = await openReferenceDevice();
    const run = lettersRun("X PS PSQRPSQR", false, {
      moves: STILL,
      placement,
      optimizer: { kind: "adagrad", eps: 1e-10 },
      plan: { name: "slipstream", warmup: 1, criterion: "adagrad", drop: 0.25 },
    });
    const model = toyModel(device, run);
    try {
      // Means of a, b, c and d: 4, 16, 1 and 0, which is never stale. P scores (1/2 + 1) / 2, R (1/4 + 1) / 2.
      const sums = [4, 16, 9, 1, 0, 9].flatMap((mean) => [2 * mean, 0, mean, mean]);
      await model.tables.writeState(0, Float32Array.from(sums));
      const trained = recordTraining(model, STILL);
      const dataset = arrayDataset(run.tableRows, run.inputs);
      const { plan } = await train(model, dataset, toyOptions(run, []));
      assert.deepEqual(trained.map(({ inputs }) => inputs), [
        ...[[0], [1, 2]],
        ...[[3, 4], [5, 7], [8, 9]],
      ]);
      const [{ threshold, window, snapshots }] = plan.decisions as [typeof plan.decisions[0]];
      assert.deepEqual({ threshold, window, snapshots }, {
        threshold: 0.75,
        window: { from: 1, to: 1 },
        snapshots: 0,
      });
    } finally {
      model.dispose();
      device.dispose();
    }
  });
}

Deno.test("adagrad: looks again every N hot minibatches without a window", async () => {
  const { records, result } = await runToy(lettersRun("X" + "PSQR".repeat(6), false, {
    optimizer: { kind: "rowwise-adagrad", eps: 1e-10 },
    plan: { name: "slipstream", warmup: 1, criterion: "adagrad", drop: 0.25, wakeEvery: 2 },
  }));
  assert.ok(records.every(({ kind }) => kind !== "window"));
  const at = result.plan.decisions.map(({ window }) => window.from);
  assert.deepEqual(at.slice(0, 3), [1, 3, 5]);
});

Deno.test("what means nothing to a criterion without snapshots or window is refused", async () => {
  const inputs = { hot: 100, cold: 1, batch: 1 }, shape = { lookups: 2, sequences: false };
  const refuses = (options: Partial<PlanOptions>, message: string) =>
    assert.throws(
      () =>
        resolvePlan({ ...PLAN_DEFAULTS, name: "slipstream", ...options }, inputs, shape, "keep"),
      { name: "UserError", message },
    );
  refuses(
    { criterion: "popularity", snapshots: 3 },
    "Cannot use plan.snapshots with plan.criterion popularity: it looks at no snapshots, so leave it out",
  );
  refuses(
    { criterion: "adagrad", window: 3 },
    "Cannot use plan.window with plan.criterion adagrad: it looks at no window, so leave it out",
  );
  const sgd: Optimizer = { kind: "sgd" };
  await assert.rejects(
    runToy(lettersRun("XPSQR", false, {
      optimizer: sgd,
      plan: { name: "slipstream", criterion: "adagrad" },
    })),
    {
      name: "UserError",
      message:
        "Cannot use plan.criterion adagrad with training.optimizer sgd: it looks at the optimizer's sums, and sgd keeps none; use adagrad",
    },
  );
});
