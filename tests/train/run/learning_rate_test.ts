import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import {
  checkSchedule,
  learningRate,
  type LearningRateSchedule,
} from "../../../train/run/learning_rate.ts";

const schedule = (
  base: number,
  warmupSteps = 0,
  decayStartStep = 0,
  decaySteps = 0,
): LearningRateSchedule => ({ base, warmupSteps, decayStartStep, decaySteps });

function rates(of: LearningRateSchedule, steps: number): number[] {
  return Array.from({ length: steps }, (_, step) => learningRate(of, step));
}

function close(actual: number[], expected: number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries()) {
    assert.ok(Math.abs(value - expected[i]!) < 1e-12, `step ${i}: ${value} != ${expected[i]}`);
  }
}

Deno.test("learningRate() is constant by default", () => {
  assert.deepEqual(rates(schedule(0.1), 3), [0.1, 0.1, 0.1]);
});

Deno.test("learningRate() warms up linearly, counting the first minibatch as 1", () => {
  close(rates(schedule(1, 4), 6), [0.25, 0.5, 0.75, 1, 1, 1]);
  assert.deepEqual(rates(schedule(1, 1), 2), [1, 1]);
});

Deno.test("learningRate() decays by the square and then stays", () => {
  // n = 1 … 8: the decay starts at n = 2 with its full rate and ends after four steps.
  close(rates(schedule(1, 0, 2, 4), 8), [
    1,
    1,
    9 / 16,
    4 / 16,
    1 / 16,
    1 / 16,
    1 / 16,
    1 / 16,
  ]);
});

Deno.test("learningRate() stays at the last warm-up rate until a decay starts, as DLRM does", () => {
  close(rates(schedule(1, 4, 6, 2), 9), [
    0.25,
    0.5,
    0.75,
    0.75,
    0.75,
    1,
    0.25,
    0.25,
    0.25,
  ]);
});

Deno.test("learningRate() goes from warm-up straight into decay", () => {
  close(rates(schedule(2, 2, 2, 2), 4), [1, 2, 0.5, 0.5]);
});

Deno.test("learningRate() decays from the first minibatch when the start is 0", () => {
  close(rates(schedule(1, 0, 0, 2), 3), [0.25, 0.25, 0.25]);
});

Deno.test("learningRate() never decays below 1e-7", () => {
  assert.equal(learningRate(schedule(0.1, 0, 0, 100_000), 99_999), 1e-7);
  assert.equal(learningRate(schedule(0.1, 0, 0, 100_000), 10_000_000), 1e-7);
});

Deno.test("learningRate() follows MLPerf's settings at their corners", () => {
  const mlperf = schedule(24, 2750, 49_315, 27_772);
  close([learningRate(mlperf, 0)], [24 / 2750]);
  close([learningRate(mlperf, 2748)], [24 * 2749 / 2750]);
  close([learningRate(mlperf, 30_000)], [24 * 2749 / 2750]);
  close([learningRate(mlperf, 49_314)], [24]);
  close([learningRate(mlperf, 49_315)], [24 * (27_771 / 27_772) ** 2]);
});

Deno.test("learningRate() is positive, at most the base, and falls during decay", () => {
  const n = fc.integer({ min: 0, max: 50 });
  fc.assert(
    fc.property(n, n, n, fc.integer({ min: 0, max: 200 }), (warmup, gap, decay, step) => {
      const of = schedule(0.5, warmup, warmup + gap, decay);
      const rate = learningRate(of, step);
      assert.ok(rate > 0 && rate <= 0.5);
      if (decay > 0 && step + 1 >= warmup + gap) assert.ok(learningRate(of, step + 1) <= rate);
    }),
    { seed: 7 },
  );
});

Deno.test("checkSchedule() refuses a decay within the warm-up and numbers out of range", () => {
  checkSchedule(schedule(0.1, 100));
  checkSchedule(schedule(0.1, 100, 100, 5));
  assert.throws(() => checkSchedule(schedule(0.1, 100, 99, 5)), {
    name: "UserError",
    message: "Cannot use training.learningRate.decayStartStep 99: the warm-up lasts until step 100",
  });
  assert.throws(() => checkSchedule(schedule(0)), {
    message: "Cannot use training.learningRate.base 0: it must be more than 0",
  });
  assert.throws(() => checkSchedule(schedule(1, 1.5)), {
    message:
      "Cannot use training.learningRate.warmupSteps 1.5: it must be a whole number, 0 or more",
  });
});
