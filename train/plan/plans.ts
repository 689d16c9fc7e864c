/**
 * The plans: one row each of what is trained, what is skipped and what is decided. Code reads a row's fields; nothing asks
 * for a plan's name.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";

/** What a plan does. `PlanOptions` takes a name of `PLANS` or a row like this. */
export interface Plan {
  /** What documents and traces call it. */
  readonly name: string;
  /** What it does, as a clause that follows its name in `--help`. */
  readonly help: string;
  /** Whether hot inputs are distinguished from cold ones, which needs a hot set. If not, every input is trained. */
  readonly segregates: boolean;
  /**
   * Cold inputs: all trained, none, or those skipped whose hot rows are all stale; that needs decisions, and turns that
   * interleave.
   */
  readonly cold: "train" | "skip" | "skip-stale";
  /**
   * Hot inputs: all trained or none; or, once the window has closed, those skipped that a decision finds stale, or each
   * dropped at random with probability D. Without a window they are dropped from the first on.
   */
  readonly hot: "train" | "skip" | "skip-stale" | "drop-at-random";
  /** Whether hot inputs begin with a warm-up and a window, in which every one is trained. */
  readonly window: boolean;
  /** Whether snapshots at the window's ends decide which rows are stale. Needs a window. */
  readonly decides: boolean;
  /** Whether stale rows are looked up but no longer updated. Needs decisions. */
  readonly freezes: boolean;
}

/** Every plan, by name. */
export const PLANS = {
  baseline: {
    name: "baseline",
    help: "trains every input",
    segregates: false,
    cold: "train",
    hot: "train",
    window: false,
    decides: false,
    freezes: false,
  },
  fae: {
    name: "fae",
    help: "trains every input, hot and cold ones apart",
    segregates: true,
    cold: "train",
    hot: "train",
    window: false,
    decides: false,
    freezes: false,
  },
  slipstream: {
    name: "slipstream",
    help: "skips stale hot ones",
    segregates: true,
    cold: "train",
    hot: "skip-stale",
    window: true,
    decides: true,
    freezes: false,
  },
  "skip-hot": {
    name: "skip-hot",
    help: "trains cold ones alone",
    segregates: true,
    cold: "train",
    hot: "skip",
    window: false,
    decides: false,
    freezes: false,
  },
  "skip-cold": {
    name: "skip-cold",
    help: "hot ones alone",
    segregates: true,
    cold: "skip",
    hot: "train",
    window: false,
    decides: false,
    freezes: false,
  },
  "random-drop": {
    name: "random-drop",
    help: "drops hot ones at random, as a control",
    segregates: true,
    cold: "train",
    hot: "drop-at-random",
    window: true,
    decides: false,
    freezes: false,
  },
  freeze: {
    name: "freeze",
    help: "leaves stale rows as they are",
    segregates: true,
    cold: "train",
    hot: "train",
    window: true,
    decides: true,
    freezes: true,
  },
  "slipstream-cold": {
    name: "slipstream-cold",
    help: "skips stale cold inputs too",
    segregates: true,
    cold: "skip-stale",
    hot: "skip-stale",
    window: true,
    decides: true,
    freezes: false,
  },
} as const satisfies Readonly<Record<string, Plan>>;

/** The name of a plan. */
export type PlanName = keyof typeof PLANS;

/** Names of the plans. */
export const PLAN_NAMES: readonly PlanName[] = Object.keys(PLANS) as PlanName[];

/**
 * The row of a plan's options, which hold its name or the row itself.
 *
 * @throws {UsageError} A row of your own contradicts itself.
 */
export function findPlan(plan: PlanName | Plan): Plan {
  if (typeof plan === "string") return PLANS[plan];
  const { name, segregates, cold, hot, window, decides, freezes } = plan;
  const stale = cold === "skip-stale" || hot === "skip-stale" || freezes;
  const reason = !segregates &&
      (cold !== "train" || hot !== "train" || window || decides || freezes)
    ? "it does not tell hot inputs from cold ones (segregates), so it can only train all of them"
    : cold === "skip" && hot === "skip"
    ? "it trains neither cold nor hot inputs"
    : stale && !decides
    ? "it treats stale rows or inputs apart and never decides which are stale (decides)"
    : decides && !window
    ? "it decides what is stale and has no window to look at (window)"
    : window && hot === "skip"
    ? "its window would be of hot inputs, which it skips"
    : null;
  if (reason !== null) throw new UsageError(`Cannot use plan ${name}: ${reason}`);
  return plan;
}

/** Whether some share of the inputs, D, is to be dropped, or their rows frozen. */
export function drops({ hot, decides }: Plan): boolean {
  return decides || hot === "drop-at-random";
}
