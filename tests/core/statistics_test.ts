import assert from "node:assert/strict";
import { summarise } from "../../core/statistics.ts";

Deno.test("summarise() gives median, p90 and extremes", () => {
  assert.deepEqual(summarise([3]), {
    runs: 1,
    median: 3,
    p90: 3,
    min: 3,
    max: 3,
    interval: [3, 3],
  });
  const { median, p90, min, max } = summarise([10, 2, 8, 4, 6]);
  assert.deepEqual([median, p90, min, max], [6, 9.2, 2, 10]);
});

Deno.test("summarise() takes the median's interval from order statistics", () => {
  const ranks = (n: number) => summarise(Array.from({ length: n }, (_, i) => i + 1)).interval;
  // Binomial(n, 1/2): both tails hold at most 5 % (Conover, table A3).
  assert.deepEqual(ranks(5), [1, 5], "too few for 95 %: the whole range");
  assert.deepEqual(ranks(6), [1, 6]);
  assert.deepEqual(ranks(9), [2, 8]);
  assert.deepEqual(ranks(20), [6, 15]);
  assert.deepEqual(ranks(100), [40, 61]);
});

Deno.test("summarise() refuses nothing", () => {
  assert.throws(() => summarise([]), RangeError);
});
