import assert from "node:assert/strict";
import { estimate, excludesZero, pairedDifference } from "../../bench/study/statistics.ts";

const near = (a: number | null, b: number): void =>
  assert.ok(Math.abs(a! - b) < 1e-9, `${a}, ${b}`);

Deno.test("estimate() gives Student's interval of a mean, as worked by hand", () => {
  // 1, 2, 3, 4, 5: mean 3, variance 10/4 = 2.5, standard error sqrt(0.5); t of 4 degrees of freedom is 2.776.
  const five = estimate([1, 2, 3, 4, 5]);
  assert.deepEqual([five.seeds, five.mean], [5, 3]);
  near(five.half, 2.776 * Math.sqrt(0.5));
  // 0, 2: mean 1, variance 2, standard error 1; t of 1 degree of freedom is 12.706.
  near(estimate([0, 2]).half, 12.706);
  assert.deepEqual(estimate([7]), { seeds: 1, mean: 7, half: null });
  assert.throws(() => estimate([]), RangeError);
});

Deno.test("estimate() never gives an interval that is too narrow for many seeds", () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => i % 2);
  // 40 values, half of them 1: variance 10/39, standard error sqrt(10/39/40); the table says 2.023 for 39.
  assert.ok(estimate(many(40)).half! > 2.023 * Math.sqrt(10 / 39 / 40));
});

Deno.test("pairedDifference() compares the seeds that both have", () => {
  const a = new Map([[1, 5], [2, 7], [3, 9], [9, 100]]);
  const b = new Map([[1, 4], [2, 5], [3, 6], [8, 100]]);
  // 1, 2, 3: mean 2, variance 1, standard error sqrt(1/3); t of 2 degrees of freedom is 4.303.
  const found = pairedDifference(a, b)!;
  assert.deepEqual([found.seeds, found.mean], [3, 2]);
  near(found.half, 4.303 / Math.sqrt(3));
  assert.equal(excludesZero(found), false);
  assert.equal(excludesZero({ seeds: 3, mean: -2.5, half: 2.4 }), true);
  assert.equal(excludesZero({ seeds: 1, mean: 2, half: null }), false);
  assert.equal(pairedDifference(a, new Map([[4, 1]])), null);
});
