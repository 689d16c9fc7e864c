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
import {
  inputShapeOf,
  type PlanOptions,
  resolvePlan,
  withinBudget,
} from "../../train/plan/options.ts";
import { findPlan } from "../../train/plan/plans.ts";

/** Minibatches of a run of one epoch in which those that are not full are left out, within about one percent. */
export function expectedSteps(
  options: PlanOptions,
  dataset: Dataset,
  { hot, cold }: Pick<Segregation, "hot" | "cold">,
  batch: number,
): number {
  const plan = findPlan(options.name);
  if (!plan.segregates) return Math.floor(withinBudget(options, dataset.count("train")) / batch);
  const inputs = {
    hot: withinBudget(options, hot.length),
    cold: withinBudget(options, cold.length),
    batch,
  };
  const shape = inputShapeOf(dataset.schema);
  const { layout, wakeEvery } = resolvePlan(options, inputs, shape, "drop");
  const { drop, skipProbability, finish } = options;
  // Windows that come again skip nothing.
  const filtered = wakeEvery > 0 && plan.decides
    ? wakeEvery / (wakeEvery + layout.window * (1 - drop))
    : 1;
  const { warmup, window, left } = layout;
  // Of those left, the last are all trained.
  const skips = Math.max(0, left - finish * layout.hot) * drop * skipProbability;
  const hots = {
    train: layout.hot,
    skip: 0,
    "skip-stale": warmup + window + left - skips * filtered,
    "drop-at-random": warmup + window + left - skips,
  };
  const colds = {
    train: layout.cold,
    skip: 0,
    // Those of rounds after the decision, in the same proportion as hot ones.
    "skip-stale": layout.cold * (1 - drop * left / layout.hot),
  };
  return Math.floor(hots[plan.hot] + colds[plan.cold]);
}
