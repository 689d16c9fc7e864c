/**
 * How many minibatches a plan will train, so that a learning rate can end with it.
 *
 * A constant learning rate leaves the last weights to chance: one and the same variant and seed, with rounds that end
 * elsewhere, differed by 0.003 AUC after two million inputs. What skipping costs is less than that, so the study lets the
 * rate fall to zero over the second half of each run.
 *
 * @module
 */

import type { Dataset } from "../../data/types.ts";
import type { Segregation } from "../../train/plan/hot_set.ts";
import { decides, dropsHot, type PlanOptions, resolvePlan } from "../../train/plan/options.ts";

/** Minibatches of a run of one epoch in which those that are not full are left out, within about one percent. */
export function expectedSteps(
  plan: PlanOptions,
  dataset: Dataset,
  { hot, cold }: Pick<Segregation, "hot" | "cold">,
  batch: number,
): number {
  const { schema } = dataset;
  if (plan.name === "baseline") return Math.floor(dataset.count("train") / batch);
  const hots = Math.floor(hot.length / batch), colds = Math.floor(cold.length / batch);
  if (plan.name === "skip-hot") return colds;
  if (plan.name === "skip-cold") return hots;
  if (!dropsHot(plan.name)) return hots + colds;
  const sequences = schema.steps !== undefined;
  const lookups = schema.steps ?? schema.tables.length;
  const { warmup, window } = resolvePlan(plan, hots, lookups, sequences);
  const left = hots - warmup - window;
  // Windows that come again skip nothing.
  const filtered = plan.wakeEvery > 0 && decides(plan.name)
    ? plan.wakeEvery / (plan.wakeEvery + window * (1 - plan.drop))
    : 1;
  const kept = 1 - plan.drop * filtered;
  // Cold inputs that are skipped are those of rounds after the decision, in the same proportion.
  const coldKept = plan.name === "slipstream-cold" ? 1 - plan.drop * left / hots : 1;
  return Math.floor(warmup + window + left * kept + colds * coldKept);
}
