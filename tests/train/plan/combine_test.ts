import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { combineInputs, combineScores, NEVER } from "../../../train/plan/combine.ts";

Deno.test("scores combine as the rules say", () => {
  const scores = [5, 1, 3, 2, 2, 9];
  const nth = (n: number) => ({ kind: "nth-smallest", n }) as const;
  assert.deepEqual([1, 2, 3, 6].map((n) => combineScores(scores, 1, nth(n))), [1, 2, 2, 9]);
  // In two groups: 1 3 5 and 2 2 9.
  assert.deepEqual([1, 2, 3].map((n) => combineScores(scores, 2, nth(n))), [2, 3, 9]);
  assert.equal(combineScores(scores, 2, { kind: "max" }), 9);
  assert.equal(combineScores(scores, 2, { kind: "mean" }), 22 / 6);
});

Deno.test("rows that are never stale keep an input from being skipped by max and mean, and from n on by nth smallest", () => {
  assert.equal(NEVER, Math.fround(NEVER));
  const scores = [0, NEVER, 0];
  assert.equal(combineScores(scores, 1, { kind: "max" }), NEVER);
  assert.equal(combineScores(scores, 1, { kind: "mean" }), NEVER);
  assert.equal(combineScores(scores, 1, { kind: "nth-smallest", n: 2 }), 0);
  assert.equal(combineScores(scores, 1, { kind: "nth-smallest", n: 3 }), NEVER);
});

Deno.test("lookups of inputs are taken from the layout of Inputs", () => {
  const rowScores = [0.5, 0.25, 2, 4];
  // Two inputs, two tables, two steps: input 0 looks up rows 0 1 and 2 2, input 1 rows 1 1 and 3 0.
  const rows = Uint32Array.of(0, 1, 1, 1, 2, 2, 3, 0);
  const layout = { size: 2, tables: 2, steps: 2, groups: "table" } as const;
  const first = { kind: "nth-smallest", n: 1 } as const;
  assert.deepEqual([...combineInputs(rowScores, rows, layout, first)], [2, 0.5]);
  assert.deepEqual(
    [...combineInputs(rowScores, rows, { ...layout, groups: "input" }, first)],
    [0.25, 0.25],
  );
  assert.deepEqual([...combineInputs(rowScores, rows, layout, { kind: "max" })], [2, 4]);
  assert.throws(() => combineInputs([1, 2], rows, layout, first), /lookup 4 is of row 2, and 2/);
});

Deno.test("numbers of stale lookups that cannot be are refused", () => {
  for (const n of [0, 4, 1.5, NaN]) {
    assert.throws(() => combineScores([1, 2, 3], 1, { kind: "nth-smallest", n }), RangeError);
  }
  for (const groups of [0, 2, 1.5]) {
    assert.throws(() => combineScores([1, 2, 3], groups, { kind: "max" }), RangeError);
  }
  assert.throws(() => combineScores([], 1, { kind: "max" }), RangeError);
});

Deno.test("the nth smallest is below T iff every group has n lookups of stale rows", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 8 }),
      fc.infiniteStream(fc.constantFrom(0, 1, 2, 3, 4, 5, NEVER)),
      fc.nat(7),
      fc.constantFrom(0, 1, 2.5, 3, 6, NEVER),
      (groups, each, stream, extra, threshold) => {
        const scores = Array.from({ length: groups * each }, () => stream.next().value as number);
        const n = 1 + extra % each;
        const stale = Array.from(
          { length: groups },
          (_, g) => scores.slice(g * each, (g + 1) * each).filter((x) => x < threshold).length,
        );
        assert.equal(
          combineScores(scores, groups, { kind: "nth-smallest", n }) < threshold,
          stale.every((count) => count >= n),
        );
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});
