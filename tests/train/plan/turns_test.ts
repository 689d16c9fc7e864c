import assert from "node:assert/strict";
import { Turns } from "../../../train/plan/turns.ts";
import { drawnRun, lettersRun, PLANS, runToy, type ToyOutcome } from "./plan_cases.ts";

/** Ends the turn at hand and says how many inputs are then to be done of the next turn's kind. */
function next(turns: Turns, done: number): number {
  turns.switch(done);
  let until = done;
  while (!turns.over(until)) until++;
  return until;
}

/** As most plans begin. */
const RATES = { rate: 50, leastRate: 1 };

Deno.test("interleaved: shares in whole minibatches, at a rate that follows the loss", () => {
  const turns = new Turns("interleaved", { cold: 400, hot: 1000 }, 10, RATES);
  assert.equal(turns.turn, "cold");
  assert.ok(!turns.over(199) && turns.over(200), "half at first");
  assert.equal(next(turns, 0), 500);
  assert.equal(turns.turn, "hot");
  assert.equal(turns.measured(0.6), false, "a first loss says nothing");
  assert.equal(turns.measured(0.61), true);
  assert.equal(turns.rate, 25);
  assert.equal(next(turns, 200), 300, "the round after is of the new rate");
  assert.equal(next(turns, 500), 750);
  // Four falls in a row double it; a rise in between starts again; what is equal is neither.
  for (const loss of [0.6, 0.59, 0.58]) assert.equal(turns.measured(loss), false);
  assert.equal(turns.measured(0.58), false);
  assert.equal(turns.measured(0.57), true);
  assert.equal(turns.rate, 50);
  for (const loss of [0.56, 0.55, 0.54, 0.53]) turns.measured(loss);
  assert.equal(turns.rate, 100);
  for (const loss of [0.52, 0.51, 0.5, 0.49]) turns.measured(loss);
  assert.equal(turns.rate, 100, "at most");
  for (let i = 0; i < 10; i++) turns.measured(1 + i);
  assert.equal(turns.rate, 1, "at least");
  assert.equal(next(turns, 300), 310, "1 % of 400 in whole minibatches");
  assert.equal(next(turns, 995), 1000, "never beyond the end");
});

Deno.test("interleaved: an epoch goes on with the rate of the one before, and a state with everything", () => {
  const first = new Turns("interleaved", { cold: 400, hot: 1000 }, 10, RATES);
  first.measured(0.5);
  first.measured(0.6);
  first.switch(0);
  const second = new Turns("interleaved", { cold: 400, hot: 1000 }, 10, RATES, first);
  assert.equal(second.rate, 25);
  assert.equal(second.turn, "cold");
  assert.ok(!second.over(99) && second.over(100));
  assert.equal(second.measured(0.61), true, "compared with the last loss");
  const third = new Turns("interleaved", { cold: 400, hot: 1000 }, 10, RATES);
  third.restore(JSON.parse(JSON.stringify(first.state())));
  assert.deepEqual(third.state(), first.state());
});

Deno.test("cold-then-hot: one turn each, whatever the loss", () => {
  const turns = new Turns("cold-then-hot", { cold: 7, hot: 11 }, 4, RATES);
  assert.equal(turns.adapts, false);
  assert.ok(!turns.over(6) && turns.over(7));
  assert.equal(next(turns, 0), 11);
});

/** Turns of a run: c for a cold minibatch, u for one of warm-up, w of a window, h for another hot one. */
function turnsOf({ records }: ToyOutcome): string {
  return records.map(({ kind }) => kind === "warm-up" ? "u" : kind[0]).join("");
}

Deno.test("turns of a run: halves of either kind, and a window that no cold turn splits", async () => {
  // 8 cold inputs and 24 hot ones in minibatches of 2: half of each is 2 and 6 minibatches.
  const letters = "XXXXXXXX" + "PSQRPSQRPSQR" + "PSQRPSQRPSQR";
  const moves = [0.25, 0.0625, 0, 0.5, 0.03125, 0];
  const run = (plan: Parameters<typeof lettersRun>[2]["plan"]) =>
    runToy(lettersRun(letters, false, { moves, plan: { schedule: "interleaved", ...plan } }));
  assert.equal(turnsOf(await run({ name: "fae" })), "cchhhhhhcchhhhhh");
  assert.equal(
    turnsOf(await run({ name: "fae", schedule: "cold-then-hot" })),
    "cccchhhhhhhhhhhh",
  );
  // The window would have had its first three minibatches in the first turn: it is ended before the cold turn.
  assert.match(
    turnsOf(await run({ name: "slipstream", warmup: 3, window: 5 })),
    /^ccuuuwwwwwcch+$/,
  );
  // One that would begin with the next turn does.
  assert.match(
    turnsOf(await run({ name: "slipstream", warmup: 6, window: 2 })),
    /^ccuuuuuuccwwh+$/,
  );
  // Without the one kind the other's turns follow each other.
  assert.equal(turnsOf(await run({ name: "skip-hot" })), "cccc");
  assert.equal(turnsOf(await run({ name: "skip-cold" })), "hhhhhhhhhhhh");
});

Deno.test("slipstream-cold skips cold inputs only after a decision, and none without a hot row", async () => {
  // Cold inputs have the hot rows c (X) and a (Y), or none (Z).
  const run = lettersRun("XYXYXYXY" + "PSQRPSQRPSQR".repeat(2) + "YXYXYXXY", false, {
    moves: [0.25, 0.0625, 0, 0.5, 0.03125, 0],
    plan: {
      ...{ name: "slipstream-cold", schedule: "interleaved" },
      ...{ warmup: 1, window: 3, drop: 0.5 },
    },
  });
  const inputs = run.inputs.map((ids, i) => i === run.inputs.length - 2 ? [2, 2] : ids);
  const outcome = await runToy({ ...run, inputs });
  const cold = outcome.trained.filter((_, i) => outcome.records[i]!.kind === "cold")
    .flatMap((minibatch) => minibatch.inputs);
  // The first turn's eight; then Y, of a's 0.75, are skipped and X, of c's 1.5, are not, nor is 38, which has none.
  assert.deepEqual(cold, [0, 1, 2, 3, 4, 5, 6, 7, 33, 35, 37, 38]);
  assert.ok(outcome.records.findIndex((record) => record.kind === "window") > 3);
});

Deno.test("slipstream-cold refuses a schedule that has no cold inputs left to skip", async () => {
  await assert.rejects(
    runToy(lettersRun("XPSQR", false, { plan: { name: "slipstream-cold" } })),
    /^UserError: Cannot use plan.schedule cold-then-hot with plan.name slipstream-cold: .*; use interleaved$/,
  );
});

Deno.test("a schedule that begins below the least that it falls to is refused", async () => {
  await assert.rejects(
    runToy(lettersRun("XPSQR", false, {
      plan: { name: "fae", schedule: "interleaved", rate: 5, leastRate: 10 },
    })),
    /^UserError: Cannot use plan.leastRate 10: rounds begin at plan.rate 5, which must be no less$/,
  );
});

Deno.test("several epochs: decide once and keep it, or again in each", async () => {
  const run = (decide: "once" | "epoch") =>
    runToy(lettersRun("X" + "PSQR".repeat(6), false, {
      moves: [0.25, 0.0625, 0, 0.5, 0.03125, 0],
      plan: { name: "slipstream", warmup: 1, window: 3, decide },
      more: { epochs: 2 },
    }));
  const once = await run("once"), epoch = await run("epoch");
  assert.match(turnsOf(once), /^cuwwwh+ch+$/);
  assert.match(turnsOf(epoch), /^cuwwwh+cuwwwh+$/);
  assert.equal(once.result.plan.decisions.length, 1);
  assert.deepEqual(epoch.result.plan.decisions.map((decision) => decision.epoch), [0, 1]);
  // In the second epoch the kept decision skips from the first hot input on: every S, a quarter.
  const second = once.trained.filter((_, i) => once.records[i]!.epoch === 1 && i > 0)
    .flatMap(({ inputs }) => inputs).filter((input) => input > 0);
  assert.deepEqual(second, Array.from({ length: 24 }, (_, i) => i + 1).filter((i) => i % 4 !== 2));
});

Deno.test("rows that move again come back when they are looked at again", async () => {
  // b and d, S's rows, are the stalest, until b moves much: then a and d are, Q's.
  const moves = [0.25, 0.03125, 0, 0.5, 0.03125, 0];
  const run = lettersRun("X" + "PSQR".repeat(12), false, {
    moves,
    plan: { name: "slipstream", warmup: 1, window: 3, wakeEvery: 3, drop: 0.25 },
  });
  const outcome = await runToy({
    ...run,
    more: {
      trace: {
        add: ({ kind, step }) => {
          if (kind === "hot" && step > 4) moves[1] = 4;
        },
        snapshot: () => new Map(),
        restore: () => {},
      },
    },
  });
  const [first, second] = outcome.result.plan.decisions;
  assert.ok(outcome.result.plan.decisions.length > 2);
  assert.deepEqual([first, second].map((some) => some!.threshold), [0.75, 1.5]);
  assert.deepEqual(first!.tables.map(({ stale }) => stale), [1, 1]);
  assert.equal(second!.window.from, first!.window.to + 3);
  assert.deepEqual([first!.woken, first!.fallen_asleep], [0, 0]);
  assert.deepEqual([second!.woken, second!.fallen_asleep], [1, 1], "b and a");
  // Inputs of a window are all trained, so that rows can show that they move.
  const inWindow = outcome.trained.slice(first!.window.to + 1 + 3, second!.window.to + 1)
    .flatMap(({ inputs }) => inputs);
  assert.deepEqual(inWindow, Array.from({ length: 6 }, (_, i) => inWindow[0]! + i));
});

Deno.test("a plan's share of skipped inputs is told with its minibatches and its document", async () => {
  for (const [name, plan] of Object.entries(PLANS)) {
    const optimizer = { kind: "adagrad", eps: 1e-10 } as const;
    const run = drawnRun(false, 120, { plan, optimizer, more: { batch: 4 } });
    const { records, trained, result } = await runToy(run);
    const seen = new Set(trained.flatMap(({ inputs }) => inputs));
    const come = 120 - (result.plan.left_out_inputs ?? 0);
    assert.equal(result.plan.skipped_inputs, come - seen.size, name);
    assert.equal(result.plan.trained_inputs, trained.flatMap(({ inputs }) => inputs).length);
    const told = records.reduce((sum, record) => sum + record.skipped_inputs, 0);
    assert.ok(told <= result.plan.skipped_inputs, name);
  }
});

Deno.test("the rate does not fall below the least that is asked for", () => {
  const turns = new Turns("interleaved", { cold: 400, hot: 1000 }, 10, { rate: 30, leastRate: 10 });
  const rates = [0.5, 0.6, 0.7, 0.8].map((loss) => {
    turns.measured(loss);
    return turns.rate;
  });
  assert.deepEqual(rates, [30, 15, 10, 10]);
});
