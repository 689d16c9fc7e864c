import assert from "node:assert/strict";
import { roundHalfEven } from "../../../train/plan/layout.ts";
import { sampledInputs } from "../../../train/plan/sampling.ts";
import { lettersRun, runToy, type ToyOutcome } from "./plan_cases.ts";

/** Inputs 0, 5 and 12 are cold; hot minibatches are 1 2 · 3 4 · 6 7 · 8 9 · 10 11 · 13 14 · 15 16 · 17 18 · 19 20 · 21 22. */
const LETTERS = "X PSQR Y PSQRPS X PSQSRPQSRP";
/** Moves of a, b, cold, c, d, cold a minibatch; those of the cold rows are seen nowhere. */
const MOVES = [0.25, 0.0625, 9, 0.5, 0.03125, 9];
const SLIPSTREAM = { name: "slipstream", warmup: 2, window: 3 } as const;

function inputsOf({ trained }: ToyOutcome): number[][] {
  return trained.map(({ inputs }) => inputs);
}

for (const sequences of [false, true]) {
  const model = sequences ? "TBSM" : "DLRM";
  for (const placement of ["device", "hybrid", "hot"] as const) {
    Deno.test(`corrected, ${model}, ${placement}: warm-up, window, T and what is kept are as worked out`, async () => {
      // After 2 hot minibatches a window of 3, each of which moves every row: a changes by 0.75, b by 0.1875, c by 1.5, d by
      // 0.09375. DLRM's default alpha is all lookups, so scores are S 0.1875, Q 0.75, P and R 1.5; of the 10 inputs left 3 are
      // S: exactly D = 0.3, with T the next score. TBSM: alpha 2 of 3 lookups in each table, which comes to the same.
      const outcome = await runToy(lettersRun(LETTERS, sequences, {
        placement,
        moves: MOVES,
        plan: { ...SLIPSTREAM, alpha: 2 },
      }));
      assert.deepEqual(inputsOf(outcome), [
        ...[[0, 5], [12]],
        ...[[1, 2], [3, 4]],
        ...[[6, 7], [8, 9], [10, 11]],
        ...[[13, 15], [17, 18], [19, 21], [22]],
      ]);
      const { records, result: { plan } } = outcome;
      assert.deepEqual(records.map(({ kind }) => kind), [
        ...["cold", "cold", "warm-up", "warm-up", "window", "window", "window"],
        ...["hot", "hot", "hot", "hot"],
      ]);
      assert.deepEqual(records.map((r) => r.skipped_inputs), [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0]);
      const [decision] = plan.decisions;
      assert.equal(plan.decisions.length, 1);
      const { threshold, share, note, window, sampled, classified, skipped, tables } = decision!;
      assert.deepEqual({ threshold, share, note, window, sampled, classified, skipped, tables }, {
        threshold: 0.75,
        share: 0.3,
        note: null,
        window: { from: 2, to: 5 },
        sampled: 10,
        classified: 10,
        skipped: 3,
        tables: [{ hot: 2, touched: 2, stale: 1 }, { hot: 2, touched: 2, stale: 1 }],
      });
      assert.deepEqual(decision!.curve.map(({ threshold, share }) => [threshold, share]), [
        [0, 0],
        [0.75, 0.3],
        [1.5, 0.5],
        [1.5 + 2 ** -23, 1],
      ]);
      assert.equal(plan.trained_inputs, 20);
      assert.equal(plan.skipped_inputs, 3);
    });
  }
}

Deno.test("corrected, alpha 1 of 2 lookups: the smallest change counts", async () => {
  // S and Q have d, 0.09375: 5 of 10; then R with b, 0.1875.
  const outcome = await runToy(lettersRun(LETTERS, false, {
    moves: MOVES,
    plan: { ...SLIPSTREAM, alpha: 1, drop: 0.5 },
  }));
  assert.deepEqual(inputsOf(outcome).slice(7), [[13, 17], [18, 21], [22]]);
  assert.equal(outcome.result.plan.decisions[0]!.threshold, 0.1875);
});

Deno.test("corrected: a share that cannot be met is said, and the nearest is taken", async () => {
  const outcome = await runToy(lettersRun(LETTERS, false, {
    moves: MOVES,
    plan: { ...SLIPSTREAM, drop: 0.8 },
  }));
  // 5 of 10 below 1.5, then all.
  const [decision] = outcome.result.plan.decisions;
  assert.equal(decision!.share, 1);
  assert.match(decision!.note!, /80\.0 % cannot be skipped: .* either 50\.0 % or 100\.0 % are/);
  assert.equal(outcome.trained.length, 7, "nothing is left after the window");
  assert.equal(outcome.result.plan.skipped_inputs, 10);
});

/** Small enough for the original's search below 0.1: S 3/256, Q 3/128, P and R 3/16. */
const SMALL_MOVES = [2 ** -7, 2 ** -8, 9, 2 ** -4, 2 ** -9, 9];
/** p N = 2.5, which Python rounds to 2: the window is hot minibatches 1, 2 and e = 3. */
const ARTIFACT = {
  name: "slipstream",
  mode: "artifact",
  warmup: 1,
  window: 0.25,
  untouched: "stale",
  sample: 1,
} as const;

/** Share of S and Q among the draws of the original's sample: 20 of the 14 inputs from minibatch e on, with replacement. */
function sampledShare(seed: number): number {
  const left = "QRPSPSQSRPQSRP";
  const draws = sampledInputs(left.length, 20, seed, 0, true);
  return draws.filter((i) => "SQ".includes(left[i]!)).length / 20;
}

for (const sequences of [false, true]) {
  const model = sequences ? "TBSM" : "DLRM";
  for (const placement of ["device", "hot"] as const) {
    Deno.test(`artifact, ${model}, ${placement}: minibatch e is classified again, partial ones are dropped`, async () => {
      const drop = sampledShare(1);
      assert.ok(drop > 0.3 && drop < 0.7);
      const outcome = await runToy(lettersRun(LETTERS, sequences, {
        placement,
        moves: SMALL_MOVES,
        plan: { ...ARTIFACT, alpha: 2, drop },
      }));
      // Kept from input 8 on: R and P. Input 9 is trained twice, 22 is the survivors' remainder. Cold: Criteo's last partial
      // one is dropped, of TBSM's two minibatches none is left.
      assert.deepEqual(inputsOf(outcome), [
        ...(sequences ? [] : [[0, 5]]),
        ...[[1, 2], [3, 4], [6, 7], [8, 9]],
        ...[[9, 10], [13, 17], [18, 21]],
      ]);
      const { plan } = outcome.result;
      const [decision] = plan.decisions;
      assert.equal(decision!.threshold, 0.05, "the first probe's");
      assert.equal(decision!.share, drop);
      assert.equal(decision!.note, null);
      assert.deepEqual(decision!.window, { from: 1, to: 4 });
      assert.equal(decision!.sampled, 20);
      assert.equal(plan.trained_inputs, sequences ? 14 : 16);
      // Q and S of the 14, 22, and the cold ones left out.
      assert.equal(plan.skipped_inputs, 7 + 1 + (sequences ? 3 : 1));
      assert.deepEqual(
        outcome.records.slice(-3).map((record) => record.skipped_inputs),
        [1, 4, 2],
      );
    });
  }

  Deno.test(`artifact, ${model}: where the search fails T is 0, nothing is skipped, and it says so`, async () => {
    const outcome = await runToy(lettersRun(LETTERS, sequences, {
      moves: [2 ** -8, 2 ** -8, 9, 2 ** -8, 2 ** -8, 9],
      plan: { ...ARTIFACT, alpha: 2 },
    }));
    const [decision] = outcome.result.plan.decisions;
    assert.equal(decision!.threshold, 0);
    assert.equal(decision!.share, 0);
    assert.equal(decision!.skipped, 0);
    assert.match(decision!.note!, /^No threshold was found in 25 probes .* then skips nothing$/);
    assert.deepEqual(inputsOf(outcome).slice(-8), [
      ...[[8, 9], [8, 9], [10, 11], [13, 14]],
      ...[[15, 16], [17, 18], [19, 20], [21, 22]],
    ]);
    assert.equal(outcome.result.plan.skipped_inputs, sequences ? 3 : 1);
  });

  Deno.test(`artifact, ${model}, fae: what of partial minibatches is kept`, async () => {
    const outcome = await runToy(lettersRun("XXXXXXX PSQ", sequences, {
      plan: { name: "fae", mode: "artifact" },
    }));
    // Criteo drops the last of both lists; TBSM two cold ones, and keeps the partial hot one.
    assert.deepEqual(
      inputsOf(outcome),
      sequences ? [[0, 1], [2, 3], [7, 8], [9]] : [[0, 1], [2, 3], [4, 5], [7, 8]],
    );
    const corrected = await runToy(lettersRun("XXXXXXX PSQ", sequences, { plan: { name: "fae" } }));
    assert.deepEqual(inputsOf(corrected), [[0, 1], [2, 3], [4, 5], [6], [7, 8], [9]]);
  });
}

Deno.test("the original's window may end with its last hot minibatch, which is then looked at again", async () => {
  // N = 4, e = round(0.5 · 4) + 1 = 3.
  const outcome = await runToy(lettersRun("X PSQRPSQR", false, {
    moves: SMALL_MOVES,
    plan: { ...ARTIFACT, window: 0.5, drop: 0.5 },
  }));
  assert.deepEqual(outcome.result.plan.decisions[0]!.window, { from: 1, to: 4 });
});

Deno.test("a window is rounded as Python rounds, halves to even", () => {
  assert.deepEqual(
    [0.5, 1.5, 2.5, 3.5, 2.4, 2.6, 3, 0].map(roundHalfEven),
    [0, 2, 2, 4, 2, 3, 3, 0],
  );
});
