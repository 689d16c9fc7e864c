import assert from "node:assert/strict";
import { COUNTED_LAYOUT, layOutEpoch, type LayoutRule } from "../../../train/plan/layout.ts";
import { PLAN_DEFAULTS, type PlanOptions, resolvePlan } from "../../../train/plan/options.ts";

const INPUTS = { hot: 507, cold: 203, batch: 10 };

/** Layout of a plan with a window under the trainer's rules. */
function trained(
  options: Partial<PlanOptions>,
  lastBatch: "keep" | "drop",
  sequences = false,
  inputs = INPUTS,
) {
  const plan = { ...PLAN_DEFAULTS, name: "slipstream", ...options } as const;
  return resolvePlan(plan, inputs, { lookups: 26, sequences }, lastBatch).layout;
}

Deno.test("minibatches of an epoch, by what becomes of the ends of its lists", () => {
  assert.deepEqual(trained({ warmup: 3, window: 0.25 }, "keep"), {
    cold: 21,
    hot: 51,
    warmup: 3,
    window: 13,
    left: 35,
    wholeHot: false,
    wholeKept: false,
  });
  // 0.25 · 50 = 12.5 goes to the even number.
  assert.deepEqual(trained({ warmup: 3, window: 0.25 }, "drop"), {
    cold: 20,
    hot: 50,
    warmup: 3,
    window: 12,
    left: 35,
    wholeHot: true,
    wholeKept: true,
  });
  // A list that fills no minibatch keeps its only one.
  const few = { hot: 507, cold: 7, batch: 10 };
  assert.equal(trained({ warmup: 1, window: 2 }, "drop", false, few).cold, 1);
});

Deno.test("the authors' program: a window one longer; TBSM loses two cold minibatches and keeps the last hot one", () => {
  const artifact = { mode: "artifact", warmup: 3, window: 0.25 } as const;
  for (const lastBatch of ["keep", "drop"] as const) {
    assert.deepEqual(trained(artifact, lastBatch), {
      cold: 20,
      hot: 50,
      warmup: 3,
      window: 13,
      left: 34,
      wholeHot: true,
      wholeKept: true,
    });
    const sequences = trained(artifact, lastBatch, true);
    assert.deepEqual(sequences, {
      cold: 19,
      hot: 51,
      warmup: 3,
      window: 14,
      left: 34,
      wholeHot: false,
      wholeKept: true,
    });
  }
  assert.equal(
    trained({ mode: "artifact" }, "drop", false, { ...INPUTS, hot: 20_000 }).warmup,
    1000,
  );
});

Deno.test("by default warm-up and window are limited by what there is, and the window holds its snapshots", () => {
  const of = (hot: number, options: Partial<PlanOptions> = {}) =>
    trained(options, "drop", false, { hot, cold: 10, batch: 1 });
  assert.deepEqual([of(100).warmup, of(100).window], [10, 10], "a tenth, not 20");
  assert.deepEqual([of(500).warmup, of(500).window], [50, 20], "20, not 3 %");
  assert.deepEqual([of(20_000).warmup, of(20_000).window], [1000, 600]);
  assert.equal(of(500, { window: 0.002 }).window, 1, "as asked");
  assert.equal(of(500, { window: 2, snapshots: 6 }).window, 5, "between six snapshots");
});

Deno.test("counted traces round halves up, make the window one longer and keep every input", () => {
  const wanted = { warmup: 3, window: { share: 0.25 } };
  assert.deepEqual(layOutEpoch(INPUTS, wanted, COUNTED_LAYOUT), {
    cold: 21,
    hot: 50,
    warmup: 3,
    window: 14,
    left: 33,
    wholeHot: true,
    wholeKept: false,
  });
  const rule: LayoutRule = { ...COUNTED_LAYOUT, windowExtra: 0 };
  assert.equal(layOutEpoch(INPUTS, { ...wanted, window: { minibatches: 60 } }, rule).left, -13);
  assert.deepEqual(
    [layOutEpoch(INPUTS, null, rule).window, layOutEpoch(INPUTS, null, rule).left],
    [0, 50],
  );
});
