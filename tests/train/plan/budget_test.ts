import assert from "node:assert/strict";
import type { PlanOptions } from "../../../train/plan/options.ts";
import { drawnRun, runToy } from "./plan_cases.ts";

Deno.test("baseline: a budget trains the first share of each epoch", async () => {
  const run = drawnRun(false, 100, {
    plan: { name: "baseline", budget: 0.29 },
    more: { batch: 4, epochs: 2 },
  });
  const { trained, result } = await runToy(run);
  const first = Array.from({ length: 29 }, (_, i) => i);
  assert.deepEqual(trained.flatMap(({ inputs }) => inputs), [...first, ...first]);
  assert.equal(result.plan.trained_inputs, 58);
  assert.equal(result.plan.left_out_inputs, 71);
  assert.deepEqual(result.plan.options, { budget: 0.29 });
});

Deno.test("baseline: a budget of the last inputs leaves out those before them", async () => {
  const { trained, result } = await runToy(drawnRun(false, 100, {
    plan: { name: "baseline", budget: 0.3, budgetOf: "last" },
    more: { batch: 4, epochs: 2 },
  }));
  const last = Array.from({ length: 30 }, (_, i) => 70 + i);
  assert.deepEqual(trained.flatMap(({ inputs }) => inputs), [...last, ...last]);
  assert.equal(result.plan.left_out_inputs, 70);
  assert.deepEqual(result.plan.options, { budget: 0.3, budget_of: "last" });
});

for (const schedule of ["cold-then-hot", "interleaved"] as const) {
  for (const budgetOf of ["first", "last"] as const) {
    Deno.test(`fae, ${schedule}: a budget holds the ${budgetOf} hot and cold inputs in the proportion of the whole`, async () => {
      const run = drawnRun(false, 120, { plan: {}, more: { batch: 4 } });
      const hot = run.inputs.map((ids) => ids.every((id, t) => run.hot[t]!.includes(id)));
      const within = (is: boolean): number[] => {
        const all = hot.flatMap((own, i) => own === is ? [i] : []);
        const count = Math.floor(0.75 * all.length);
        return budgetOf === "first" ? all.slice(0, count) : all.slice(-count);
      };
      const { trained, result } = await runToy({
        ...run,
        plan: { name: "fae", schedule, budget: 0.75, budgetOf },
      });
      const inputs = trained.flatMap((minibatch) => minibatch.inputs);
      assert.deepEqual(inputs.filter((i) => hot[i]), within(true));
      assert.deepEqual(inputs.filter((i) => !hot[i]), within(false));
      assert.equal(result.plan.skipped_inputs, 0);
      assert.equal(result.plan.left_out_inputs, 120 - inputs.length);
    });
  }
}

Deno.test("slipstream: shares are of what the budget holds, and what lies beyond is not skipped", async () => {
  const { result: { plan } } = await runToy(drawnRun(false, 160, {
    plan: { name: "slipstream", warmup: 1, window: 3, budget: 0.5 },
    more: { batch: 4 },
  }));
  const { hot_inputs, cold_inputs } = plan.hot!;
  assert.equal(plan.trained_inputs + plan.skipped_inputs, hot_inputs + cold_inputs);
  assert.equal(hot_inputs + cold_inputs + plan.left_out_inputs!, 160);
  assert.ok(plan.decisions[0]!.skipped > 0);
});

Deno.test("a budget that is none, or of a part of the order that is none, is refused under any plan", async () => {
  const refused = (plan: Partial<PlanOptions>, message: string) =>
    assert.rejects(runToy(drawnRun(false, 20, { plan })), { name: "UserError", message });
  for (const name of ["baseline", "fae"] as const) {
    for (const budget of [0, 1.5, NaN]) {
      const message = `Cannot use plan.budget ${budget}: it must be above 0 and at most 1`;
      await refused({ name, budget }, message);
    }
    await refused(
      { name, budget: 0.04 },
      "Cannot use plan.budget 0.04: that share of 20 inputs is none",
    );
    await refused(
      { name, budget: 0.5, budgetOf: "middle" as "last" },
      "Cannot use plan.budgetOf middle: it must be first or last",
    );
  }
});
