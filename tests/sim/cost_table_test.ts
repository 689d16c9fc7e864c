import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { costAt, type CostAxis, monotone } from "../../sim/runtime/cost_table.ts";

const axis = (name: string, at: number[], scale: CostAxis["scale"] = "linear"): CostAxis => ({
  name,
  scale,
  at,
});

function over(axes: readonly CostAxis[], law: (...place: number[]) => number): number[] {
  return axes.reduce<number[][]>(
    (places, { at }) => places.flatMap((place) => at.map((x) => [...place, x])),
    [[]],
  ).map((place) => law(...place));
}

Deno.test("a cost that is a sum of products is found between the points and beyond them", () => {
  const axes = [axis("M", [48, 192, 768]), axis("K", [8, 64, 512]), axis("N", [8, 256])];
  const law = (M: number, K: number, N: number): number =>
    3 + 0.01 * M + 0.02 * K * N + 0.001 * M * K * N;
  const table = { axes, value: over(axes, law) };
  const size = fc.integer({ min: 48, max: 3000 });
  fc.assert(fc.property(size, fc.integer({ min: 8, max: 2000 }), fc.integer({ min: 8, max: 900 }), (
    M,
    K,
    N,
  ) => {
    const expected = law(M, K, N);
    assert.ok(Math.abs(costAt(table, [M, K, N]) / expected - 1) < 1e-9, `${M} ${K} ${N}`);
  }));
});

Deno.test("below the first point a cost stays above its share, beyond the last it does not fall", () => {
  const steep = { axes: [axis("n", [10, 20])], value: [1, 9] };
  // The line reaches 0 at 8.75.
  assert.equal(costAt(steep, [5]), 0.5);
  assert.equal(costAt(steep, [15]), 5);
  assert.equal(costAt(steep, [30]), 17);
  const falling = { axes: [axis("n", [10, 20])], value: [9, 8] };
  assert.equal(costAt(falling, [40]), 8);
  assert.equal(costAt({ axes: [axis("n", [10])], value: [4] }, [25]), 10);
  assert.equal(costAt({ axes: [], value: [7] }, []), 7);
  assert.throws(() => costAt(steep, [1, 2]), RangeError);
});

Deno.test("an axis of cache sizes is logarithmic and ends at its ends", () => {
  const table = { axes: [axis("mb", [1, 100], "log")], value: [10, 30] };
  assert.equal(costAt(table, [0.01]), 10);
  assert.equal(costAt(table, [10]), 20);
  assert.equal(costAt(table, [1e6]), 30);
  assert.equal(costAt({ axes: [axis("mb", [1], "log")], value: [5] }, [9]), 5);
});

Deno.test("falling neighbours are pooled, by hand", () => {
  const axes = [axis("n", [1, 2, 3, 4])];
  const pooled = monotone({ axes, value: [1, 9, 4, 10] });
  assert.equal(pooled[0], 1);
  assert.ok(Math.abs(pooled[1]! - 6) < 1e-9 && Math.abs(pooled[2]! - 6) < 1e-9);
  assert.equal(pooled[3], 10);
});

Deno.test("pooled tables do not fall along any linear axis, and monotone ones stay as they are", () => {
  const axes = [axis("a", [1, 2, 3]), axis("mb", [1, 2], "log"), axis("b", [1, 2, 4])];
  const value = fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), {
    minLength: 18,
    maxLength: 18,
  });
  fc.assert(fc.property(value, (values) => {
    const result = monotone({ axes, value: values });
    const at = (a: number, mb: number, b: number): number => result[6 * a + 3 * mb + b]!;
    for (let a = 0; a < 3; a++) {
      for (let mb = 0; mb < 2; mb++) {
        for (let b = 0; b < 3; b++) {
          if (a > 0) assert.ok(at(a, mb, b) >= at(a - 1, mb, b) * (1 - 1e-6));
          if (b > 0) assert.ok(at(a, mb, b) >= at(a, mb, b - 1) * (1 - 1e-6));
        }
      }
    }
    assert.deepEqual(monotone({ axes, value: result }).map(Math.fround), result.map(Math.fround));
  }));
});
