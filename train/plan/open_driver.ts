/**
 * The driver of a plan.
 *
 * @module
 */

import type { DriverParts, PlanDriver } from "./driver.ts";
import { EveryInput } from "./every_input.ts";
import type { HotSet, Segregation } from "./hot_set.ts";
import type { PassHooks } from "./pass.ts";
import { checkBudget, checkPlan, inputShapeOf, type PlanOptions } from "./options.ts";
import { findPlan } from "./plans.ts";
import { SegregatedPlan } from "./segregated.ts";

/**
 * Opens the driver for a plan's options.
 *
 * @param hotSet The hot set, for plans that distinguish hot inputs from cold ones; else null.
 * @param first The inputs of the first epoch told apart beforehand; by default the driver does it.
 * @throws {UserError} Options that `checkPlan` refuses, or a budget that holds no input.
 * @category Training
 */
export function openDriver(
  parts: DriverParts,
  options: PlanOptions,
  hotSet: HotSet | null,
  passes: PassHooks,
  first: Segregation | null = null,
): PlanDriver {
  const plan = findPlan(options.name), { dataset, epochs } = parts;
  checkPlan(options, epochs, inputShapeOf(dataset.schema));
  checkBudget(options, dataset.count("train"));
  if (!plan.segregates) return new EveryInput(parts, options);
  if (hotSet === null) {
    throw new RangeError(`Cannot train by plan ${plan.name}: it needs a hot set`);
  }
  return new SegregatedPlan(parts, options, hotSet, passes, first);
}
