import assert from "node:assert/strict";
import { UsageError } from "../../../core/errors.ts";
import { checkPlan, PLAN_DEFAULTS } from "../../../train/plan/options.ts";
import { findPlan, type Plan, PLAN_NAMES, PLANS } from "../../../train/plan/plans.ts";
import { drawnRun, lettersRun, runToy } from "./plan_cases.ts";

/** Drops hot inputs at random from the first on. */
const EARLY: Plan = { ...PLANS["random-drop"], name: "random-early", window: false };

Deno.test("every row of the table can be carried out, and stands under its name", () => {
  for (const name of PLAN_NAMES) {
    assert.equal(findPlan(name).name, name);
    assert.equal(findPlan({ ...PLANS[name] }).name, name, "as a row of one's own");
  }
});

Deno.test("rows that contradict themselves are refused with the reason", () => {
  const refuses = (change: Partial<Plan>, message: RegExp) =>
    assert.throws(
      () => findPlan({ ...PLANS.slipstream, name: "mine", ...change }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refuses({ segregates: false }, /^Cannot use plan mine: it does not tell hot inputs from cold/);
  refuses({ cold: "skip", hot: "skip" }, /it trains neither cold nor hot inputs$/);
  refuses({ decides: false }, /never decides which are stale \(decides\)$/);
  refuses({ window: false }, /no window to look at \(window\)$/);
  refuses({ hot: "skip" }, /its window would be of hot inputs, which it skips$/);
  const options = { ...PLAN_DEFAULTS, name: EARLY, drop: 1 };
  assert.throws(
    () => checkPlan(options, 1, { lookups: 26, sequences: false }),
    /^UserError: Cannot drop a share of 1 /,
  );
});

Deno.test("a row of one's own: dropped at random without a window, from the first hot input on", async () => {
  const count = 4000, drop = 0.3;
  const { trained, result } = await runToy(lettersRun("XY" + "PSQR".repeat(count / 4), false, {
    moves: [0, 0, 0, 0, 0, 0],
    plan: { name: EARLY, drop },
    more: { batch: 8 },
  }));
  const inputs = trained.flatMap((minibatch) => minibatch.inputs);
  assert.deepEqual(inputs.slice(0, 2), [0, 1], "cold ones are all trained");
  const { plan } = result;
  assert.deepEqual([plan.name, plan.options.drop], ["random-early", drop]);
  assert.equal(plan.skipped_inputs, count + 2 - inputs.length);
  const margin = 4 * Math.sqrt(count * drop * (1 - drop));
  assert.ok(Math.abs(plan.skipped_inputs - count * drop) < margin, `${plan.skipped_inputs}`);
  assert.ok(inputs.filter((i) => i >= 2 && i < 102).length < 90, "of the first hundred too");
});

Deno.test("a row of one's own: decisions that freeze rows, hot inputs dropped at random all the same", async () => {
  const run = drawnRun(false, 200, {
    plan: {
      name: { ...PLANS.freeze, name: "frozen-and-random", hot: "drop-at-random" },
      warmup: 1,
      window: 5,
      drop: 0.5,
    },
    more: { batch: 4 },
  });
  const { records, result: { plan } } = await runToy(run);
  assert.equal(plan.decisions.length, 1);
  assert.equal(plan.decisions[0]!.classified, 0, "nothing is classified");
  assert.ok(plan.skipped_inputs > 0);
  assert.ok(records.some(({ frozen_rows }) => frozen_rows > 0));
});
