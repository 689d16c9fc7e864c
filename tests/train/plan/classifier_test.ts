import assert from "node:assert/strict";
import { UsageError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { ScoreCombination } from "../../../kernels/staleness/op.ts";
import type { Device } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import {
  Classifier,
  CLASSIFIER_INPUTS,
  type ClassifierShape,
} from "../../../train/plan/classifier.ts";
import { ALWAYS_STALE, NEVER, rowScores } from "../../../train/plan/criterion.ts";
import { PLAN_DEFAULTS, resolvePlan } from "../../../train/plan/options.ts";
import { inputScores } from "../../../kernels/staleness/reference.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";

const ROWS = 300;
const SHAPES: readonly ClassifierShape[] = [{ groups: 1, lookups: 26 }, { groups: 3, lookups: 21 }];
/** Inputs that are compared one by one with the reference. */
const COMPARED = 400;

/** Scores of which some are equal, some 0, some never stale, and one always. */
function scoresOf(seed: number): Float32Array {
  const random = new RandomStream(seed, "synthetic");
  const scores = Float32Array.from({ length: ROWS }, (_, r) => {
    const kind = random.uniform(2 * r);
    if (kind < 0.1) return 0;
    if (kind < 0.13) return NEVER;
    return kind < 0.3 ? 0.25 : random.uniform(2 * r + 1);
  });
  scores[ROWS - 1] = ALWAYS_STALE;
  return scores;
}

function fill(classifier: Classifier, seed: number): void {
  const random = new RandomStream(seed, "sampling");
  for (let i = 0; i < classifier.rows.length; i++) {
    classifier.rows[i] = Math.floor(random.uniform(i) * ROWS);
  }
}

/** What the float64 reference says of the first inputs, a mean with a score that is never stale being that. */
function expected(
  rows: Uint32Array,
  { groups, lookups }: ClassifierShape,
  scores: Float32Array,
  combine: ScoreCombination,
): number[] {
  const layout = {
    inputs: COMPARED,
    groups,
    lookups,
    groupStride: lookups * CLASSIFIER_INPUTS,
    lookupStride: CLASSIFIER_INPUTS,
    inputStride: 1,
  };
  const wide = Float64Array.from(scores);
  const largest = inputScores(wide, rows, layout, { kind: "max" });
  return Array.from(
    inputScores(wide, rows, layout, combine),
    (score, b) => combine.kind === "mean" && largest[b]! >= NEVER ? NEVER : score,
  );
}

/** Compares a device's classification with the float64 reference; gives what it skipped, for comparison with others. */
async function check(device: Device): Promise<Uint8Array[]> {
  const skipped: Uint8Array[] = [];
  for (const [seed, shape] of SHAPES.entries()) {
    const classifier = new Classifier(device, ROWS, shape);
    try {
      const scores = scoresOf(seed);
      classifier.setScores(scores);
      fill(classifier, seed);
      const rules: ScoreCombination[] = [
        ...[1, 4, shape.lookups].map((n) => ({ kind: "nth-smallest", n }) as const),
        { kind: "max" },
        { kind: "mean" },
      ];
      for (const combine of rules) {
        const rule = JSON.stringify(combine);
        const got = await classifier.scores("search", combine).wait();
        expected(classifier.rows, shape, scores, combine).forEach((score, b) => {
          const near = combine.kind === "mean" && score < NEVER
            ? Math.abs(got[b]! - score) <= 1e-6
            : got[b] === score;
          assert.ok(near, `${rule} of input ${b}: ${got[b]}, not ${score}`);
        });
        for (const threshold of [0, 0.25, 0.6, NEVER]) {
          const skip = await classifier.skips(combine, threshold).wait();
          assert.equal(skip.length, CLASSIFIER_INPUTS);
          skipped.push(skip);
          // In order, and as the scores that the threshold was found on say.
          got.forEach((score, b) =>
            assert.equal(skip[b], score < Math.fround(threshold) ? 1 : 0, `${rule}, ${b}`)
          );
        }
      }
    } finally {
      classifier.dispose();
    }
  }
  assert.ok(skipped.some((skip) => skip.includes(1) && skip.includes(0)));
  return skipped;
}

Deno.test("the CPU classifies as the reference, whatever the number of threads", async () => {
  const results: Uint8Array[][] = [];
  for (const threads of [1, 3]) {
    const device = await openCpuDevice({ threads });
    try {
      results.push(await check(device));
      assert.equal(device.counters.bytesAllocated, 0, "everything is given back");
    } finally {
      device.dispose();
    }
  }
  assert.deepEqual(results[1], results[0]);
});

Deno.test({
  name: "WebGPU classifies as the reference",
  ignore: !webGpuAvailable,
  fn: async () => {
    using device = await openWebGpuDevice({ adapter: "any" });
    await check(device);
  },
});

Deno.test("an alpha that cannot be is refused, and the default fits the model", () => {
  const resolve = (alpha: number | null, lookups: number, sequences: boolean) =>
    resolvePlan(
      { ...PLAN_DEFAULTS, name: "slipstream", alpha },
      { hot: 1000, cold: 1, batch: 1 },
      { lookups, sequences },
      "keep",
    ).staleness!.alpha;
  for (const alpha of [0, -1, 27, 1.5, NaN]) {
    assert.throws(
      () => resolve(alpha, 26, false),
      (error) =>
        error instanceof UsageError &&
        error.message.includes(`Cannot use plan.alpha ${alpha}: `) &&
        error.message.endsWith("it must be an integer from 1 to 26"),
    );
  }
  assert.throws(() => resolve(22, 21, true), /21 lookups in each table .* from 1 to 21$/);
  assert.equal(resolve(null, 26, false), 26);
  assert.equal(resolve(null, 21, true), 4);
  assert.equal(resolve(null, 3, true), 3);
  assert.equal(resolve(1, 26, false), 1);
});

Deno.test("criteria make scores of changes; rows that nobody looked up are stale or unknown", () => {
  const changes = {
    net: Float32Array.of(1, 0.5, 0, 0.25),
    path: Float32Array.of(4, 0.5, 0, 2),
    snapshots: 5,
  };
  const accesses = Uint32Array.of(4, 16, 0, 1);
  const of = (
    criterion: "paper" | "per-root-access" | "net-over-path",
    change: "ends" | "mean",
    untouched: "stale" | "unknown",
  ) => [...rowScores(changes, accesses, { criterion, change, untouched })];
  assert.deepEqual(of("paper", "ends", "stale"), [1, 0.5, 0, 0.25]);
  assert.deepEqual(of("paper", "ends", "unknown"), [1, 0.5, NEVER, 0.25]);
  // A mean of the four changes from each snapshot to the next.
  assert.deepEqual(of("paper", "mean", "unknown"), [1, 0.125, NEVER, 0.5]);
  assert.deepEqual(of("per-root-access", "ends", "unknown"), [0.5, 0.125, NEVER, 0.25]);
  assert.deepEqual(of("per-root-access", "mean", "stale"), [0.5, 0.03125, 0, 0.5]);
  assert.deepEqual(of("net-over-path", "ends", "unknown"), [0.25, 1, NEVER, 0.125]);
});
