import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { UserError } from "../../../core/errors.ts";
import { NEVER } from "../../../train/plan/criterion.ts";
import { bisectThreshold, dropCurve, quantileThreshold } from "../../../train/plan/threshold.ts";

const f = Math.fround;
const scoresOf = (...values: number[]) => Float32Array.from(values);
/** Share that a device would skip: strictly below in float32. */
const shareAt = (scores: Float32Array, threshold: number) =>
  scores.filter((m) => m < f(threshold)).length / scores.length;

/** Scores with plateaus, spread, at 0 and never skipped. */
const anyScores = fc.array(
  fc.oneof(
    fc.constantFrom(0, 0.01, 0.02, 0.05, NEVER),
    fc.float({ min: 0, max: f(0.2), noNaN: true }),
    fc.integer({ min: 0, max: 100_000 }).map((n) => n / 1e6),
    fc.integer({ min: 0, max: 100_000 }).map((n) => n / 1e6),
  ),
  { minLength: 1, maxLength: 60 },
).map((values) => Float32Array.from(values, Math.abs));

Deno.test("a threshold among different scores is the next score, and ties skip fewer", () => {
  const scores = scoresOf(5, 1, 4, 2, 3, 6, 7, 8, 10, 9);
  assert.deepEqual(quantileThreshold(scores, 0.3), { threshold: 4, share: 0.3, note: null });
  assert.deepEqual(quantileThreshold(scores, 0), { threshold: 0, share: 0, note: null });
  const all = quantileThreshold(scores, 1);
  assert.deepEqual(all, { threshold: 10 + 2 ** -20, share: 1, note: null });
  assert.ok(f(all.threshold) === all.threshold && 10 < all.threshold);
  assert.deepEqual(quantileThreshold(scores, 0.25), {
    threshold: 3,
    share: 0.2,
    note: "25.0 % cannot be skipped: 10 inputs are sampled, so either 20.0 % or 30.0 % are",
  });
});

Deno.test("equal scores are skipped together, and the note says so", () => {
  const scores = scoresOf(1, 2, 2, 2, 2, 2, 2, 2, 3, 4);
  assert.deepEqual(quantileThreshold(scores, 0.3), {
    threshold: 2,
    share: 0.1,
    note: "30.0 % cannot be skipped: 7 of 10 inputs sampled share the score 2, so either 10.0 % " +
      "or 80.0 % are",
  });
  assert.equal(quantileThreshold(scores, 0.45).share, 0.1);
  assert.equal(quantileThreshold(scores, 0.46).share, 0.8);
  assert.equal(quantileThreshold(scores, 0.46).threshold, 3);
});

Deno.test("all scores equal: none or all, with a threshold that no device takes for 0", () => {
  for (const value of [0, 1e-40, 0.02]) {
    const scores = new Float32Array(8).fill(value);
    const none = quantileThreshold(scores, 0.3), all = quantileThreshold(scores, 0.7);
    assert.equal(none.share, 0);
    assert.equal(none.threshold, 0);
    assert.match(
      none.note!,
      /^30\.0 % cannot be skipped: 8 of 8 inputs .* either 0\.0 % or 100\.0 % are$/,
    );
    assert.equal(all.share, 1);
    assert.ok(all.threshold > f(value) && all.threshold >= 2 ** -126);
    assert.equal(f(all.threshold), all.threshold);
  }
  assert.equal(quantileThreshold(new Float32Array(8).fill(0.02), 1).threshold, f(0.02) + 2 ** -29);
});

Deno.test("inputs that are never skipped limit what can be reached", () => {
  const untouched = new Float32Array(1234).fill(NEVER);
  assert.deepEqual(quantileThreshold(untouched, 0.3), {
    threshold: 0,
    share: 0,
    note: "30.0 % cannot be skipped: none of the 1,234 inputs sampled can be, at any threshold",
  });
  assert.deepEqual(dropCurve(untouched), []);
  const { threshold, share, note } = quantileThreshold(scoresOf(1, NEVER, NaN, Infinity), 0.9);
  assert.equal(share, 0.25);
  assert.equal(threshold, 1 + 2 ** -23);
  assert.equal(
    note,
    "90.0 % cannot be skipped, 25.0 % at most: the others of the 4 inputs sampled never are, at " +
      "any threshold",
  );
});

Deno.test("a sample without inputs and shares that cannot be are refused", () => {
  assert.throws(() => quantileThreshold(new Float32Array(0), 0.3), UserError);
  for (const target of [-0.1, 1.1, NaN]) {
    assert.throws(() => quantileThreshold(scoresOf(1), target), RangeError);
  }
  for (const points of [1, 2.5, NaN]) {
    assert.throws(() => dropCurve(scoresOf(1), points), RangeError);
  }
});

Deno.test("the share is as near to the target as any that some threshold has, and is that of the threshold", () => {
  fc.assert(
    fc.property(anyScores, fc.double({ min: 0, max: 1, noNaN: true }), (scores, target) => {
      const before = scores.slice();
      const { threshold, share, note } = quantileThreshold(scores, target);
      assert.deepEqual(scores, before);
      assert.equal(f(threshold), threshold);
      assert.equal(shareAt(scores, threshold), share);
      const finite = [...new Set(scores)].filter((m) => m < NEVER);
      const shares = [0, ...finite.map((m) => scores.filter((x) => x <= m).length / scores.length)];
      const best = Math.min(...shares.map((x) => Math.abs(x - target)));
      assert.ok(Math.abs(share - target) <= best + 1e-9);
      for (const other of shares) {
        if (Math.abs(other - target) < Math.abs(share - target) + 1e-12) {
          assert.ok(other >= share, "ties skip fewer");
        }
      }
      if (Math.abs(share - target) > 0.01 + 1e-9) assert.notEqual(note, null);
      if (share > 0 && Math.abs(share - target) < 0.01) assert.equal(note, null);
      if (share === 0 && target > 0) assert.notEqual(note, null);
    }),
    { seed: 1, numRuns: 1000 },
  );
});

Deno.test("the curve rises from nothing skipped to all that can be, at shares that are those of its thresholds", () => {
  fc.assert(
    fc.property(anyScores, fc.integer({ min: 2, max: 64 }), (scores, points) => {
      const curve = dropCurve(scores, points);
      const possible = scores.filter((m) => m < NEVER).length;
      assert.ok(curve.length <= points);
      assert.equal(curve.length === 0, possible === 0);
      if (possible === 0) return;
      assert.equal(curve[0]!.share, 0);
      assert.equal(curve.at(-1)!.share, possible / scores.length);
      for (const [k, { threshold, share }] of curve.entries()) {
        assert.equal(shareAt(scores, threshold), share);
        if (k > 0) assert.ok(threshold > curve[k - 1]!.threshold && share > curve[k - 1]!.share);
      }
    }),
    { seed: 1, numRuns: 500 },
  );
  const even = dropCurve(Float32Array.from({ length: 1000 }, (_, i) => i + 1), 11);
  assert.deepEqual(even.map(({ share }) => share), [
    0,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1,
  ]);
  assert.deepEqual(even[3], { threshold: 301, share: 0.3 });
});

Deno.test("bisection probes as the authors' loop does", () => {
  const share = (threshold: number) => threshold / 0.1;
  const found = bisectThreshold(share, 0.3, 0.08);
  assert.equal(found.threshold, 0.025);
  assert.equal(found.converged, true);
  assert.deepEqual(found.probes, [[0.05, 0.5], [0.025, 0.25]]);
  // Upper half: 0.05, 0.075, 0.0875.
  assert.deepEqual(
    bisectThreshold(share, 0.9, 0.05).probes.map(([threshold]) => threshold),
    [0.05, (0.05 + 0.1) / 2, ((0.05 + 0.1) / 2 + 0.1) / 2],
  );
  assert.equal(bisectThreshold(share, 0.5, 0, { upper: 0.1 }).threshold, 0.05);
  assert.equal(bisectThreshold((t) => t / 2, 0.6, 0.1, { upper: 2 }).threshold, 1);
});

Deno.test("bisection that finds nothing near gives 0 after all probes", () => {
  // A plateau: below 0.03 nothing, from there on 90 %.
  const plateau = bisectThreshold((t) => t > 0.03 ? 0.9 : 0, 0.3, 0.08);
  assert.equal(plateau.threshold, 0);
  assert.equal(plateau.share, 0);
  assert.equal(plateau.converged, false);
  assert.equal(plateau.probes.length, 25);
  // Scores beyond the upper end.
  const high = bisectThreshold((t) => t > 0.5 ? 0.3 : 0, 0.3, 0.08, { probes: 4 });
  assert.deepEqual(high.probes.map(([, share]) => share), [0, 0, 0, 0]);
  assert.equal(high.converged, false);
  // With no stale lookup needed all are skipped at any threshold, 0 too.
  assert.deepEqual(bisectThreshold(() => 1, 0.3, 0.08, { probes: 0 }), {
    threshold: 0,
    share: 1,
    converged: false,
    probes: [],
  });
});

Deno.test("where bisection converges its share lies in the band, and no share lies nearer than the quantile's", () => {
  let converged = 0;
  fc.assert(
    fc.property(
      anyScores,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(0.02, 0.03, 0.08),
      (scores, target, tolerance) => {
        const share = (threshold: number) => shareAt(scores, threshold);
        const found = bisectThreshold(share, target, tolerance);
        assert.ok(found.probes.length <= 25);
        assert.equal(share(found.threshold), found.share);
        if (!found.converged) {
          assert.equal(found.threshold, 0);
          return;
        }
        converged++;
        assert.ok(target - tolerance <= found.share && found.share <= target + tolerance);
        assert.ok(found.threshold > 0 && found.threshold < 0.1);
        const nearest = quantileThreshold(scores, target).share;
        assert.ok(Math.abs(nearest - target) <= Math.abs(found.share - target) + 1e-9);
      },
    ),
    { seed: 1, numRuns: 1000 },
  );
  assert.ok(converged > 200, `${converged} of 1000 converged`);
});
