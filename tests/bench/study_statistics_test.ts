import assert from "node:assert/strict";
import {
  estimate,
  excludesZero,
  holm,
  isEquivalent,
  isNotWorse,
  lowerBound,
  pairedDifference,
  pValue,
  smallestVisible,
  standardError,
} from "../../bench/study/statistics.ts";

const near = (a: number | null, b: number): void =>
  assert.ok(Math.abs(a! - b) < 1e-9, `${a}, ${b}`);

Deno.test("estimate() gives Student's interval of a mean, as worked by hand", () => {
  // 1, 2, 3, 4, 5: mean 3, variance 10/4 = 2.5, standard error sqrt(0.5); t of 4 degrees of freedom is 2.776.
  const five = estimate([1, 2, 3, 4, 5]);
  assert.deepEqual([five.seeds, five.mean], [5, 3]);
  near(five.half, 2.7764451051977987 * Math.sqrt(0.5));
  // 0, 2: mean 1, variance 2, standard error 1; t of 1 degree of freedom is 12.706.
  near(estimate([0, 2]).half, 12.706204736174698);
  assert.deepEqual(estimate([7]), { seeds: 1, mean: 7, half: null });
  assert.throws(() => estimate([]), RangeError);
});

Deno.test("estimate() of many seeds has the quantile of their number, no table's last", () => {
  // 40 values, half of them 1: variance 10/39, standard error sqrt(10/39/40); t of 39 degrees of freedom is 2.0227.
  const forty = estimate(Array.from({ length: 40 }, (_, i) => i % 2));
  assert.equal((forty.half! / Math.sqrt(10 / 39 / 40)).toFixed(4), "2.0227");
});

Deno.test("pairedDifference() compares the seeds that both have", () => {
  const a = new Map([[1, 5], [2, 7], [3, 9], [9, 100]]);
  const b = new Map([[1, 4], [2, 5], [3, 6], [8, 100]]);
  // 1, 2, 3: mean 2, variance 1, standard error sqrt(1/3); t of 2 degrees of freedom is 4.303.
  const found = pairedDifference(a, b)!;
  assert.deepEqual([found.seeds, found.mean], [3, 2]);
  near(found.half, 4.302652729696144 / Math.sqrt(3));
  assert.equal(excludesZero(found), false);
  assert.equal(excludesZero({ seeds: 3, mean: -2.5, half: 2.4 }), true);
  assert.equal(excludesZero({ seeds: 1, mean: 2, half: null }), false);
  assert.equal(pairedDifference(a, new Map([[4, 1]])), null);
});

Deno.test("pValue() is the two-sided one of the t test, worked by hand for two degrees of freedom", () => {
  // 1, 2, 3: t = 2 sqrt(3); with 2 degrees of freedom P(|T| > t) = 1 - t / sqrt(2 + t²).
  near(pValue(estimate([1, 2, 3])), 1 - Math.sqrt(12 / 14));
  near(pValue(estimate([-1, 1])), 1);
  assert.equal(pValue(estimate([4])), null);
  assert.equal(pValue(estimate([4, 4])), 0);
  assert.equal(pValue(estimate([0, 0])), 1);
});

Deno.test("holm() raises p-values by their rank, never lets one pass a smaller one, and leaves nulls out", () => {
  const adjusted = holm([0.04, null, 0.01, 0.02, 0.9]);
  // 4 tests: 0.01 × 4, 0.02 × 3, 0.04 × 2, 0.9 × 1.
  assert.deepEqual(adjusted.map((p) => p === null ? null : Number(p.toFixed(6))), [
    ...[0.08, null, 0.04, 0.06, 0.9],
  ]);
  assert.deepEqual(holm([0.03, 0.02]), [0.04, 0.04]);
  assert.deepEqual(holm([0.7, 0.6]), [1, 1]);
  assert.deepEqual(holm([]), []);
});

Deno.test("smallestVisible() of five seeds is 3.717 standard errors, and more of several tests", () => {
  // A spread of 0.00024 over five seeds: (2.776 + 0.941) 0.00024 / sqrt(5).
  const found = { seeds: 5, mean: 0, half: 2.7764451051977987 * 0.00024 / Math.sqrt(5) };
  near(standardError(found), 0.00024 / Math.sqrt(5));
  assert.equal(smallestVisible(found)!.toFixed(6), "0.000399");
  // Of ten tested together the first quantile is that of 0.9975, 5.598: (5.598 + 0.941) 0.00024 / sqrt(5).
  assert.equal(smallestVisible(found, 10)!.toFixed(6), "0.000702");
  assert.equal(smallestVisible(estimate([1])), null);
});

Deno.test("being no worse and being equal take bounds that lie within the margin, not the lack of a star", () => {
  // Standard error 1 with 2 degrees of freedom: the one-sided quantile 0.95 is 2.91999.
  const found = { seeds: 3, mean: -1, half: 4.302652729696144 };
  near(lowerBound(found), -1 - 2.919985580355516);
  assert.equal(excludesZero(found), false);
  assert.equal(isNotWorse(found, 3.9), false);
  assert.equal(isNotWorse(found, 3.95), true);
  assert.equal(isEquivalent(found, 3.95), true);
  assert.equal(isEquivalent({ ...found, mean: 1.1 }, 3.95), false, "above by too much");
  assert.equal(isNotWorse({ ...found, mean: 1.1 }, 3.95), true);
  assert.equal(isNotWorse({ ...found, seeds: 2 }, 100), null, "two seeds decide nothing");
});
