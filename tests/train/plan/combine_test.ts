import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { inputScores, staleLookups } from "../../../kernels/staleness/reference.ts";
import type { LookupLayout, ScoreCombination } from "../../../kernels/staleness/op.ts";
import { NEVER } from "../../../train/plan/criterion.ts";

/** The score of one input whose lookups have these scores, group by group. */
function combined(scores: readonly number[], groups: number, rule: ScoreCombination): number {
  return inputScores(
    Float64Array.from(scores),
    numbers(scores),
    oneInput(scores, groups),
    rule,
  )[0]!;
}

/** Lookup l is of row l. */
function numbers(scores: readonly number[]): Uint32Array {
  return Uint32Array.from(scores, (_, i) => i);
}

function oneInput({ length }: readonly number[], groups: number): LookupLayout {
  const lookups = length / groups;
  return { inputs: 1, groups, lookups, groupStride: lookups, lookupStride: 1, inputStride: 1 };
}

Deno.test("rows that are never stale keep an input from being skipped by max, and from n on by nth smallest", () => {
  assert.equal(NEVER, Math.fround(NEVER));
  const scores = [0, NEVER, 0];
  assert.equal(combined(scores, 1, { kind: "max" }), NEVER);
  assert.equal(combined(scores, 1, { kind: "nth-smallest", n: 2 }), 0);
  assert.equal(combined(scores, 1, { kind: "nth-smallest", n: 3 }), NEVER);
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
        const [stale] = staleLookups(
          Float64Array.from(scores),
          threshold,
          numbers(scores),
          oneInput(scores, groups),
        );
        assert.equal(
          combined(scores, groups, { kind: "nth-smallest", n }) < threshold,
          stale! >= n,
        );
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});
