import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { auc, Evaluation, LogitError, type Metrics } from "../../../train/run/metrics.ts";

function evaluate(logits: number[], labels: number[]): Metrics {
  const evaluation = new Evaluation();
  evaluation.add(Float32Array.from(logits), Float32Array.from(labels));
  return evaluation.metrics();
}

/** Share of (click, non-click) pairs in the right order, ties counting half. */
function pairwiseAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  let pairs = 0;
  let won = 0;
  for (let i = 0; i < scores.length; i++) {
    for (let j = 0; j < scores.length; j++) {
      if (labels[i] !== 1 || labels[j] !== 0) continue;
      pairs++;
      if (scores[i]! > scores[j]!) won += 1;
      else if (scores[i] === scores[j]) won += 0.5;
    }
  }
  return pairs === 0 ? null : won / pairs;
}

function close(actual: number | null, expected: number, tolerance = 1e-14): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= tolerance,
    `${actual} != ${expected}`,
  );
}

const FEW_SCORES = fc.array(
  fc.record({ score: fc.integer({ min: -3, max: 3 }), label: fc.integer({ min: 0, max: 1 }) }),
  { maxLength: 40 },
);
const ANY_SCORES = fc.array(
  fc.record({
    score: fc.float({ noNaN: true, noDefaultInfinity: true }),
    label: fc.integer({ min: 0, max: 1 }),
  }),
  { maxLength: 40 },
);

Deno.test("auc() agrees with examples worked by hand", () => {
  const f = (scores: number[], labels: number[]) => auc(Float32Array.from(scores), labels);
  assert.equal(f([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 0.75);
  assert.equal(f([1, 2, 3, 4], [0, 0, 1, 1]), 1);
  assert.equal(f([4, 3, 2, 1], [0, 0, 1, 1]), 0);
  assert.equal(f([5, 5, 5, 5], [0, 1, 0, 1]), 0.5);
  // One tie among six pairs: won 4, tied 1.
  assert.equal(f([1, 2, 2, 3, 0], [0, 0, 1, 1, 1]), 3.5 / 6);
});

Deno.test("auc() counts -0 and 0 as a tie", () => {
  assert.equal(auc(Float32Array.of(0, -0), [1, 0]), 0.5);
  assert.equal(auc(Float32Array.of(-0, 0), [1, 0]), 0.5);
});

Deno.test("auc() equals the count over all pairs, ties included", () => {
  for (const inputs of [FEW_SCORES, ANY_SCORES]) {
    fc.assert(
      fc.property(inputs, (rows) => {
        const scores = Float32Array.from(rows, (row) => row.score);
        const labels = rows.map((row) => row.label);
        assert.equal(auc(scores, labels), pairwiseAuc(scores, labels));
      }),
      { seed: 3, numRuns: 300 },
    );
  }
});

Deno.test("auc() does not change under increasing functions, and mirrors under negation", () => {
  fc.assert(
    fc.property(FEW_SCORES, (rows) => {
      const labels = rows.map((row) => row.label);
      const of = (f: (x: number) => number) =>
        auc(Float32Array.from(rows, (row) => f(row.score)), labels);
      const plain = of((x) => x);
      assert.equal(of((x) => x ** 3 + 7), plain);
      assert.equal(of((x) => 1 / (1 + Math.exp(-x))), plain);
      if (plain !== null) close(of((x) => -x), 1 - plain);
    }),
    { seed: 4 },
  );
});

Deno.test("Evaluation computes log-loss, accuracy, normalised entropy and calibration by hand", () => {
  const z = Math.fround(Math.log(3));
  // Probabilities 3/4, 1/4, 1/2 for labels 1, 1, 0.
  const metrics = evaluate([z, -z, 0], [1, 1, 0]);
  const logloss = -(Math.log(3 / 4) + Math.log(1 / 4) + Math.log(1 / 2)) / 3;
  const entropy = -(2 / 3 * Math.log(2 / 3) + 1 / 3 * Math.log(1 / 3));
  close(metrics.logloss, logloss, 1e-7);
  close(metrics.normalised_entropy, logloss / entropy, 1e-7);
  close(metrics.calibration, 1.5 / 2, 1e-7);
  close(metrics.label_rate, 2 / 3);
  assert.equal(metrics.auc, 0.5);
  assert.equal(metrics.count, 3);
  // The logit 0 is class 0, hence right here; -z is wrong.
  close(metrics.accuracy, 2 / 3);
});

Deno.test("Evaluation.add() stays exact for logits far from zero", () => {
  const metrics = evaluate([200, -200, 200, -200], [1, 0, 0, 1]);
  assert.equal(metrics.logloss, 100);
  assert.equal(metrics.calibration, 1);
  assert.equal(evaluate([40], [1]).logloss, Math.log1p(Math.exp(-40)));
});

Deno.test("Evaluation gives the same metrics however the inputs are cut into chunks", () => {
  fc.assert(
    fc.property(ANY_SCORES, fc.integer({ min: 1, max: 7 }), (rows, size) => {
      const logits = Float32Array.from(rows, (row) => row.score);
      const labels = Uint8Array.from(rows, (row) => row.label);
      const whole = new Evaluation();
      whole.add(logits, labels);
      const pieces = new Evaluation();
      for (let i = 0; i < rows.length; i += size) {
        pieces.add(logits.subarray(i, i + size), labels.subarray(i, i + size));
        pieces.metrics();
      }
      assert.deepEqual(pieces.metrics(), whole.metrics());
    }),
    { seed: 5 },
  );
});

Deno.test("Evaluation keeps more inputs than its first allocation", () => {
  const evaluation = new Evaluation();
  const logits = Float32Array.from({ length: 5000 }, (_, i) => i);
  const labels = Float32Array.from({ length: 5000 }, (_, i) => i >= 1500 ? 1 : 0);
  evaluation.add(logits, labels);
  assert.equal(evaluation.count, 5000);
  assert.equal(evaluation.metrics().auc, 1);
});

Deno.test("Evaluation gives null, never NaN, where a split does not define a metric", () => {
  assert.deepEqual(evaluate([], []), {
    count: 0,
    label_rate: null,
    auc: null,
    logloss: null,
    accuracy: null,
    normalised_entropy: null,
    calibration: null,
  });
  const clicks = evaluate([1, 2], [1, 1]);
  assert.deepEqual([clicks.auc, clicks.normalised_entropy], [null, null]);
  assert.equal(clicks.accuracy, 1);
  const none = evaluate([-1, 2], [0, 0]);
  assert.deepEqual([none.auc, none.normalised_entropy, none.calibration], [null, null, null]);
  assert.equal(none.label_rate, 0);
  fc.assert(
    fc.property(ANY_SCORES, (rows) => {
      const metrics = evaluate(rows.map((row) => row.score), rows.map((row) => row.label));
      assert.deepEqual(JSON.parse(JSON.stringify(metrics)), { ...metrics });
    }),
    { seed: 6 },
  );
});

Deno.test("Evaluation.add() refuses lengths that differ, logits that are not finite, other labels", () => {
  const evaluation = new Evaluation();
  evaluation.add(Float32Array.of(1), [1]);
  assert.throws(
    () => evaluation.add(Float32Array.of(1, 2), [1]),
    new RangeError("Cannot evaluate 2 logits: there are 1 labels"),
  );
  assert.throws(
    () => evaluation.add(Float32Array.of(1, NaN), [1, 0]),
    new LogitError("Cannot evaluate input 2: its logit is NaN, not finite"),
  );
  assert.throws(
    () => evaluation.add(Float32Array.of(1), [2]),
    new RangeError("Cannot evaluate input 1: its label is 2, not 0 or 1"),
  );
  assert.equal(evaluation.count, 1);
});
