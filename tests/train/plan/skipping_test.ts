import assert from "node:assert/strict";
import type { PlanOptions } from "../../../train/plan/options.ts";
import { lettersRun, runToy, type ToyOutcome } from "./plan_cases.ts";

/** Scores after a window of 3 in which every row moves: S 0.1875, Q 0.75, P and R 1.5. */
const MOVES = [0.25, 0.0625, 0, 0.5, 0.03125, 0];
const WINDOW = { name: "slipstream", warmup: 2, window: 3 } as const;
/** Ten hot inputs until the window closes, and then as many of each letter. */
const COUNT = 1600, BEFORE = "X PSQRPSQRPS";

function letters(plan: Partial<PlanOptions>): Promise<ToyOutcome> {
  return runToy(lettersRun(BEFORE + "PSQR".repeat(COUNT / 4), false, {
    moves: MOVES,
    plan: { ...WINDOW, ...plan },
  }));
}

/** For each input after the window its letter, and its weight where it was trained. */
function after({ trained }: ToyOutcome): { letter: string; weight: number | null }[] {
  const weights = new Map(
    trained.flatMap(({ inputs, weights }) => inputs.map((i, b) => [i, weights?.[b] ?? 1] as const)),
  );
  return Array.from({ length: COUNT }, (_, i) => ({
    letter: "PSQR"[i % 4]!,
    weight: weights.get(i + 11) ?? null,
  }));
}

/** Share of some inputs that were skipped, by letter. */
function skipped(some: ReturnType<typeof after>): Record<string, number> {
  return Object.fromEntries([..."PSQR"].map((letter) => {
    const own = some.filter((input) => input.letter === letter);
    return [letter, own.filter(({ weight }) => weight === null).length / own.length];
  }));
}

Deno.test("finish: the last share of the hot inputs is trained, stale or not", async () => {
  // As in worked_test.ts without it, where 14, 16 and 20 are skipped; the last 4 of 20 hot inputs are 19 to 22.
  const { trained, result: { plan } } = await runToy(
    lettersRun("X PSQR Y PSQRPS X PSQSRPQSRP", false, {
      moves: MOVES,
      plan: { ...WINDOW, finish: 0.2 },
    }),
  );
  assert.deepEqual(trained.slice(7).map(({ inputs }) => inputs), [
    [13, 15],
    [17, 18],
    [19, 20],
    [21, 22],
  ]);
  assert.equal(plan.skipped_inputs, 2);
  assert.equal(plan.options.finish, 0.2);
});

Deno.test("a stale input is skipped with a probability, and weighs 1 / (1 - r) where it is kept", async () => {
  const outcome = await letters({ drop: 0.25, skipProbability: 0.75, rescale: true });
  const inputs = after(outcome), shares = skipped(inputs);
  assert.deepEqual([shares.P, shares.Q, shares.R], [0, 0, 0]);
  const deviation = Math.sqrt(0.75 * 0.25 / (COUNT / 4));
  assert.ok(Math.abs(shares.S! - 0.75) < 4 * deviation, `${shares.S}`);
  for (const { letter, weight } of inputs) {
    if (weight !== null) assert.equal(weight, letter === "S" ? 4 : 1);
  }
  const plain = after(await letters({ drop: 0.25, skipProbability: 0.75 }));
  assert.deepEqual(plain.map(({ weight }) => weight), inputs.map(({ weight }) => weight && 1));
});

Deno.test("anneal: D changes over the inputs left, and as many are skipped in all", async () => {
  // D rises from 0 to 0.5: nothing is nearest to it below 1/8, S below 3/8, S and Q beyond.
  const rise = after(await letters({ drop: 0.25, anneal: "rise" }));
  const quarter = (k: number) => skipped(rise.slice(k * COUNT / 4, (k + 1) * COUNT / 4));
  assert.deepEqual(quarter(0), { P: 0, S: 0, Q: 0, R: 0 });
  for (const k of [1, 2]) assert.deepEqual(quarter(k), { P: 0, S: 1, Q: 0, R: 0 });
  assert.deepEqual(quarter(3), { P: 0, S: 1, Q: 1, R: 0 });
  const fall = after(await letters({ drop: 0.25, anneal: "fall" }));
  assert.deepEqual(skipped(fall.slice(0, COUNT / 4)), { P: 0, S: 1, Q: 1, R: 0 });
  assert.deepEqual(skipped(fall.slice(-COUNT / 4)), { P: 0, S: 0, Q: 0, R: 0 });
});

Deno.test("random-drop: kept inputs after the window weigh 1 / (1 - D)", async () => {
  const inputs = after(await letters({ name: "random-drop", drop: 0.5, rescale: true }));
  assert.ok(inputs.every(({ weight }) => weight === null || weight === 2));
});

Deno.test("a warm-up may be a share of the hot minibatches", async () => {
  const { result: { plan } } = await letters({ warmup: 0.45 });
  assert.equal(plan.decisions[0]!.window.from, Math.round(0.45 * (COUNT + 10) / 2));
});

Deno.test("freeze: D is a share of lookups, and the decision says how many were of frozen rows", async () => {
  const { trained, records, result: { plan } } = await letters({ name: "freeze", drop: 0.25 });
  assert.equal(plan.skipped_inputs, 0);
  const [decision] = plan.decisions;
  // A quarter of the lookups is of d, whose score is the lowest.
  assert.deepEqual(decision!.tables.map(({ stale }) => stale), [0, 1]);
  assert.equal(decision!.share, 0.25);
  assert.equal(decision!.lookups, 2 * COUNT);
  assert.equal(decision!.frozen_lookups, COUNT / 2);
  const late = trained.slice(records.findIndex(({ kind }) => kind === "hot"));
  assert.ok(late.every(({ rows }) => !rows.includes(4)));
});

Deno.test("ways of skipping that a plan has not, or that contradict each other, are refused", async () => {
  const refuses = (plan: Partial<PlanOptions>, message: string) =>
    assert.rejects(letters(plan), { name: "UserError", message });
  await refuses(
    { name: "freeze", finish: 0.1 },
    "Cannot use plan.finish 0.1 with plan.name freeze: it is for plans that skip hot inputs alone",
  );
  await refuses(
    { anneal: "rise", drop: 0.5 },
    "Cannot use plan.anneal rise: it takes D, 0.5, up to twice as much, so D must be below 0.5",
  );
  await refuses({ finish: 1 }, "Cannot use plan.finish 1: it must be at least 0 and below 1");
  await refuses(
    { skipProbability: 0 },
    "Cannot use plan.skipProbability 0: it must be above 0 and at most 1",
  );
  await refuses(
    { name: "random-drop", skipProbability: 0.5 },
    "Cannot use plan.skipProbability 0.5 with plan.name random-drop: there the probability is D",
  );
  await refuses(
    { rescale: true },
    "Cannot use plan.rescale true: all stale inputs are skipped, so that none is left to weigh more",
  );
});
