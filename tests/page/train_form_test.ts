import assert from "node:assert/strict";
import { commandOf, FORM_DEFAULTS, runOptionsOf, type TrainForm } from "../../page/train/form.ts";
import { parseTrainOptions } from "../../train/command/parse.ts";
import type { PlanName } from "../../train/plan/plans.ts";
import { resolveRun } from "../../train/run/settings.ts";

const FORMS: readonly (readonly [PlanName, Partial<TrainForm>])[] = [
  ["fae", {}],
  ["slipstream", {}],
  ["slipstream", { workload: "rm4", drop: 0.45, criterion: "per-root-access", window: 30 }],
  ["random-drop", { size: "large", seed: 7 }],
  ["freeze", { workload: "rm4", size: "large", wakeEvery: 50, maxSteps: 20 }],
  ["baseline", {}],
];

Deno.test("the command line that the page shows is the run that the page trains", () => {
  for (const [plan, changes] of FORMS) {
    const form: TrainForm = { ...FORM_DEFAULTS, plan, ...changes };
    const [, , , ...words] = commandOf(form, plan).split(" ");
    const understood = parseTrainOptions(words);
    assert.equal(understood.kind, "train");
    if (understood.kind !== "train") continue;
    const { data, model, training, plan: options, device, evaluation } = understood.settings;
    const page = resolveRun(runOptionsOf(form, plan));
    assert.deepEqual(data, page.data);
    assert.deepEqual(
      [model.preset, model.shape.bottom, model.shape.top, model.normalisation],
      [form.workload, page.model.shape.bottom, page.model.shape.top, page.model.normalisation],
    );
    assert.deepEqual(training, page.training);
    assert.deepEqual(evaluation, page.evaluation);
    assert.equal(device.placement, page.device.placement);
    // What a plan does not look at need not be said.
    const { name, drop, criterion, window, wakeEvery, hotMemoryMib } = page.plan;
    assert.equal(options.name, name);
    if (plan !== "baseline") assert.equal(options.hotMemoryMib, hotMemoryMib);
    if (plan === "baseline" || plan === "fae") continue;
    assert.deepEqual(
      [options.drop, options.criterion, options.window, options.wakeEvery],
      [drop, criterion, window, wakeEvery],
    );
  }
});
