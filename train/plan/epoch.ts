/**
 * One epoch of a plan that distinguishes hot inputs from cold ones: its hot and cold inputs, the streams that walk through
 * them, and whose turn it is.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import type { StalenessBlocks } from "./blocks.ts";
import { CLASSIFIER_INPUTS } from "./classifier.ts";
import { ColdStream } from "./cold_stream.ts";
import type { DriverParts } from "./driver.ts";
import type { HotRows } from "./hot_rows.ts";
import { checkSegregation, cutToBudget, segregate, type Segregation } from "./hot_set.ts";
import type { PassHooks } from "./pass.ts";
import { HotStream, opensWindow } from "./hot_stream.ts";
import {
  inputShapeOf,
  type PlanOptions,
  type ResolvedPlan,
  type ResolvedStaleness,
  resolvePlan,
} from "./options.ts";
import type { Plan } from "./plans.ts";
import { Turns } from "./turns.ts";

/** What belongs to one epoch. */
export interface Epoch {
  /** From 0. */
  readonly number: number;
  /** The inputs within the budget. */
  readonly segregation: Segregation;
  /** Inputs beyond it. */
  readonly leftOut: number;
  /** Null where the plan skips all cold inputs. */
  readonly cold: ColdStream | null;
  /** Null where it skips all hot ones. */
  readonly hot: HotStream | null;
  readonly turns: Turns;
  readonly resolved: ResolvedPlan;
}

/** What an epoch is made of. */
export interface EpochParts {
  readonly parts: DriverParts;
  readonly plan: Plan;
  readonly options: PlanOptions;
  readonly hotRows: HotRows;
  readonly passes: PassHooks;
  /** The epoch's inputs told apart beforehand; null for the epoch to do it. */
  readonly given: Segregation | null;
  /** The turns of the epoch before, whose rate goes on. */
  readonly before: Turns | null;
  /** The blocks of the run, for plans that decide; made by the first epoch. */
  readonly blocks: (staleness: ResolvedStaleness) => StalenessBlocks;
}

/**
 * Tells an epoch's inputs apart and sets up its streams.
 *
 * @throws {UserError} There are no hot inputs or no cold ones, or the window does not fit.
 */
export async function openEpoch(
  { parts, plan, options, hotRows, passes, given, before, blocks: makeBlocks }: EpochParts,
  number: number,
): Promise<Epoch> {
  const { dataset, model, batch, lastBatch, order, seed } = parts;
  const orderOf = order(number);
  const whole = given === null
    ? await segregate(dataset, orderOf, hotRows, passes)
    : checkSegregation(given, dataset, orderOf, hotRows);
  const segregation = cutToBudget(whole, options);
  const { hot: hots, cold: colds } = segregation;
  if (colds.length === 0) {
    throw new UserError((option) =>
      `Cannot tell hot inputs from cold ones: all ${hots.length} inputs have hot rows alone, which take ${
        formatBytes(4 * model.tables.dim * hotRows.total)
      }; use a ${option("plan.hotMemoryMib")} below that or a smaller ${
        option("plan.profile")
      }, or ${option("plan.name")} baseline`
    );
  }
  const inputs = { hot: hots.length, cold: colds.length, batch };
  const resolved = resolvePlan(options, inputs, inputShapeOf(dataset.schema), lastBatch);
  const blocks = plan.decides ? makeBlocks(resolved.staleness!) : null;
  if (blocks !== null) {
    blocks.epoch = number;
    if (!opensWindow(plan, options, number)) blocks.decidedAt = 0;
  }
  const feed = () => parts.feeds.inputs(orderOf, hotRows, batch, CLASSIFIER_INPUTS);
  const cold = plan.cold === "skip" ? null : new ColdStream({
    positions: colds,
    feed: feed(),
    batch,
    most: resolved.layout.cold,
    blocks: plan.cold === "skip-stale" ? blocks : null,
  });
  const hot = plan.hot === "skip" ? null : new HotStream({
    positions: hots,
    feed: feed(),
    plan,
    options,
    resolved,
    route: model.hot === null ? "full" : "hot",
    batch,
    epoch: number,
    seed,
    blocks,
  });
  const totals = {
    cold: cold === null ? 0 : colds.length,
    hot: hot === null ? 0 : hots.length,
  };
  const turns = new Turns(options.schedule, totals, batch, options, before);
  const leftOut = whole.hot.length + whole.cold.length - hots.length - colds.length;
  return { number, segregation, leftOut, cold, hot, turns, resolved };
}

/** Inputs of an epoch, hot and cold. */
export function inputsOf({ segregation: { hot, cold } }: Epoch): number {
  return hot.length + cold.length;
}

/**
 * Inputs done of an epoch. If a plan skips one kind altogether, its inputs count as done in proportion to the other kind.
 */
export function doneOf({ cold, hot, segregation }: Epoch): number {
  const done = (cold?.done ?? 0) + (hot?.done ?? 0);
  const walked = (cold === null ? 0 : segregation.cold.length) +
    (hot === null ? 0 : segregation.hot.length);
  const all = segregation.cold.length + segregation.hot.length;
  return Math.floor(walked === 0 ? all : done * all / walked);
}
