/**
 * The options of a plan and their defaults.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { idLayout } from "../../data/id_layout.ts";
import type { DatasetSchema } from "../../data/types.ts";
import type { ScoreCombination } from "../../kernels/staleness/op.ts";
import type { Optimizer } from "../../kernels/types.ts";
import {
  type ChangeKind,
  type Combine,
  type Criterion,
  type CriterionFile,
  type CriterionName,
  findCriterion,
} from "./criterion.ts";
import {
  type EpochInputs,
  type EpochLayout,
  layOutEpoch,
  type LayoutRule,
  type ListEnd,
  roundHalfEven,
  type WantedWindow,
} from "./layout.ts";
import { drops, findPlan, type Plan, type PlanName } from "./plans.ts";
import { type PlanMode, SEMANTICS } from "./semantics.ts";

/** In which order hot and cold minibatches of an epoch come. */
export type TurnOrder = "cold-then-hot" | "interleaved";

/** Names of the orders. */
export const TURN_ORDERS = ["cold-then-hot", "interleaved"] as const satisfies readonly TurnOrder[];

/** A plan's options; null leaves a number to {@linkcode resolvePlan}. */
export interface PlanOptions {
  /** Which plan: a name of `PLANS`, or a row of your own. */
  readonly name: PlanName | Plan;
  /** Whether mistakes of the authors' program are corrected (`corrected`) or kept (`artifact`). */
  readonly mode: PlanMode;
  /**
   * Share of each epoch's inputs that the plan comes to, in (0, 1], of hot and of cold ones the same share. 1 by default.
   */
  readonly budget: number;
  /**
   * Which inputs of the epoch's order these are: the `first`, so that it stops early, or the `last`, which are the newest
   * where inputs are trained in the order of time. `first` by default.
   */
  readonly budgetOf: "first" | "last";
  /** q: probability with which each negative of the training split is kept, in (0, 1]. 1 by default. */
  readonly negatives: number;
  /**
   * What corrects the click rate where negatives are left out: `logit`, log q added to the trained model's logits, or
   * `weights`, 1/q a negative in the loss. `logit` by default.
   */
  readonly correction: "logit" | "weights";
  /** D: share of the hot inputs after the window that is to be dropped, in (0, 1). */
  readonly drop: number;
  /**
   * Stale lookups at which an input is skipped, 1 to its lookups; of sequences 1 to their steps, in every table. Null: all
   * lookups, of sequences 4 (the authors' script).
   */
  readonly alpha: number | null;
  /** Hot minibatches of the window: below 1 a share of all, else a number. Null: 3 %, of sequences 5 %, at least 20. */
  readonly window: number | null;
  /**
   * How D changes over the hot inputs after the window: not at all, or linearly from 0 to 2 D (`rise`) or from 2 D to 0
   * (`fall`), so that as many are dropped. `none` by default.
   */
  readonly anneal: "none" | "rise" | "fall";
  /** Share of each epoch's hot inputs, its last ones, of which none is skipped, in [0, 1). 0 by default. */
  readonly finish: number;
  /** Probability with which an input found stale is skipped, in (0, 1]. 1 by default. */
  readonly skipProbability: number;
  /**
   * Whether kept inputs of the class that is skipped with probability r weigh 1 / (1 - r) in the loss, as in InfoBatch:
   * stale ones, of `random-drop` all after the window. False by default.
   */
  readonly rescale: boolean;
  /** Hot minibatches before the first snapshot: below 1 a share of all, else a number. Null: 1000, at most a tenth. */
  readonly warmup: number | null;
  /** Memory for hot rows, in MiB. */
  readonly hotMemoryMib: number;
  /**
   * Share of the training inputs whose accesses are counted, in (0, 1]. Null: 5 %, of fewer than two million inputs up to
   * 20 %.
   */
  readonly profile: number | null;
  /** Share of the hot inputs sampled for the threshold, in (0, 1]. Null: 1 %, at least 20,000. */
  readonly sample: number | null;
  /** In which order hot and cold minibatches come. */
  readonly schedule: TurnOrder;
  /** For the schedule `interleaved`: its first rate, in percent of the inputs of each kind per round. */
  readonly rate: number;
  /** For the schedule `interleaved`: below this rate, in percent, it does not fall. */
  readonly leastRate: number;
  /** How staleness is measured: a name of `CRITERIA`, a criterion of your own, or a file that exports one. */
  readonly criterion: CriterionName | Criterion | CriterionFile;
  /** Null: the criterion's own. */
  readonly combine: Combine | null;
  /** How to treat a hot row that was never looked up in the window. */
  readonly untouched: "stale" | "unknown";
  /** Snapshots of a window, at least 2. Null: the criterion's own, 2 for most. */
  readonly snapshots: number | null;
  /** How more than two snapshots become one change. */
  readonly change: ChangeKind;
  /** Hot minibatches trained between a decision and the next window: below 1 a share of all, else a number; 0 for never. */
  readonly wakeEvery: number;
  /** With several epochs: decide in the first and keep it, or decide again in each. */
  readonly decide: "once" | "epoch";
  /** Hot rows whose changes are recorded over the run. */
  readonly watch: number;
}

/** The options of `baseline`, and the defaults of all other plans. */
export const PLAN_DEFAULTS: PlanOptions = {
  name: "baseline",
  mode: "corrected",
  budget: 1,
  budgetOf: "first",
  negatives: 1,
  correction: "logit",
  drop: 0.3,
  anneal: "none",
  finish: 0,
  skipProbability: 1,
  rescale: false,
  alpha: null,
  window: null,
  warmup: null,
  hotMemoryMib: 256,
  profile: null,
  sample: null,
  schedule: "interleaved",
  rate: 2,
  leastRate: 1,
  criterion: "paper",
  combine: null,
  untouched: "unknown",
  snapshots: null,
  change: "ends",
  wakeEvery: 0,
  decide: "epoch",
  watch: 10,
};

/** How inputs are told stale. */
export interface ResolvedStaleness {
  /** Stale lookups at which an input is skipped. */
  readonly alpha: number;
  /** How the scores of an input's rows become one. */
  readonly combine: ScoreCombination;
  /** Snapshots of a window; 0 where the criterion looks at none. */
  readonly snapshots: number;
  /** Whether the criterion looks at a window; if not it has no minibatches. */
  readonly window: boolean;
}

/** The options of a plan with every number filled in for one epoch of a data set. */
export interface ResolvedPlan {
  /** Minibatches, warm-up and window. */
  readonly layout: EpochLayout;
  /** Null for plans without a window. */
  readonly staleness: ResolvedStaleness | null;
  /** Hot minibatches trained between a decision and the next window; 0 where no other follows. */
  readonly wakeEvery: number;
}

/** What of a data set decides how options are read. */
export interface InputShape {
  /** An input's lookups, at most; of sequences its steps, in each table. */
  readonly lookups: number;
  /** Whether inputs may have different numbers of lookups. */
  readonly variable?: boolean;
  /** Whether inputs are sequences. */
  readonly sequences: boolean;
}

/** The profiler's share for DLRM. */
const PROFILE_SHARE = 0.05;

/** Inputs whose accesses are counted, of so many that train. */
export function profiledCount({ profile, mode }: PlanOptions, inputs: number): number {
  const { leastProfiled } = SEMANTICS[mode];
  const least = Math.min(leastProfiled.inputs, Math.floor(leastProfiled.share * inputs));
  return profile === null
    ? Math.max(1, least, Math.floor(PROFILE_SHARE * inputs))
    : Math.max(1, Math.floor(profile * inputs));
}

/** How many of so many inputs a budget holds. */
export function withinBudget({ budget }: Pick<PlanOptions, "budget">, inputs: number): number {
  // The margin is for the rounding of the product: 0.29 of 100 are 29.
  return Math.floor(budget * inputs + 1e-9);
}

/**
 * Refuses a budget that holds none of so many inputs.
 *
 * @throws {UserError}
 */
export function checkBudget(options: Pick<PlanOptions, "budget">, inputs: number): void {
  if (inputs === 0 || withinBudget(options, inputs) > 0) return;
  throw new UserError((option) =>
    `Cannot use ${option("plan.budget")} ${options.budget}: that share of ${inputs} inputs is none`
  );
}

/** The authors' warm-up. */
const WARMUP = 1000;
/** The authors' windows: `--minibatch_percentage 0.03` for DLRM, 0.05 for TBSM. */
const WINDOW_SHARE = 0.03, WINDOW_SHARE_SEQUENCES = 0.05;
/** The authors' `--non_changing_index 4` for TBSM. */
const ALPHA_SEQUENCES = 4;

/** The number of lookups, of which alpha have to be stale, and whether inputs are sequences. */
export function inputShapeOf(schema: DatasetSchema): InputShape {
  const { width, variable } = idLayout(schema);
  const { steps } = schema;
  return { lookups: steps ?? width, sequences: steps !== undefined, variable };
}

/**
 * Stale lookups at which an input is skipped. Needs no pass over the data, so a wrong value is found before one.
 *
 * @throws {UsageError} It is not between 1 and the lookups.
 */
function resolveAlpha(
  options: Pick<PlanOptions, "alpha">,
  { lookups, sequences }: InputShape,
): number {
  const alpha = options.alpha ?? (sequences ? Math.min(ALPHA_SEQUENCES, lookups) : lookups);
  if (!Number.isInteger(alpha) || alpha < 1 || alpha > lookups) {
    throw new UsageError((option) =>
      `Cannot use ${
        option("plan.alpha")
      } ${alpha}: an input is skipped when so many of its ${lookups} lookups${
        sequences ? " in each table" : ""
      } are stale, so it must be an integer from 1 to ${lookups}`
    );
  }
  return alpha;
}

/**
 * Fills in what depends on the data.
 *
 * @param lastBatch What becomes of a list's last minibatch that is not full, where the mode leaves that open.
 * @throws {UsageError} Alpha is out of range, or the window does not fit into the hot minibatches.
 */
export function resolvePlan(
  options: PlanOptions,
  inputs: EpochInputs,
  shape: InputShape,
  lastBatch: "keep" | "drop",
): ResolvedPlan {
  const rule = layoutRuleOf(options, shape, lastBatch);
  if (!findPlan(options.name).window) {
    return { layout: layOutEpoch(inputs, null, rule), staleness: null, wakeEvery: 0 };
  }
  const staleness = checkStaleness(options, shape);
  const { snapshots } = staleness;
  const layout = layOutEpoch(inputs, wantedWindow(options, shape, staleness), rule);
  const { hot, warmup, window, left } = layout;
  if (left < SEMANTICS[options.mode].leastAfterWindow) {
    throw new UserError((option) =>
      `Cannot look for stale rows: ${warmup} hot minibatches of warm-up and ${window} of the window leave nothing of the ${hot} hot minibatches to skip; use more data, a larger ${
        option("plan.profile")
      } or ${option("plan.hotMemoryMib")}, a smaller ${option("training.batch")}, ${
        option("plan.warmup")
      } or ${option("plan.window")}`
    );
  }
  if (snapshots - 1 > window) {
    throw new UsageError(
      `Cannot take ${snapshots} snapshots in a window of ${window} minibatches: at most ${
        window + 1
      } fit`,
    );
  }
  return { layout, staleness, wakeEvery: resolveWakeEvery(options, hot) };
}

/** Of so many hot minibatches; a share is one minibatch at least. */
function resolveWakeEvery({ wakeEvery }: Pick<PlanOptions, "wakeEvery">, hot: number): number {
  return wakeEvery > 0 && wakeEvery < 1 ? Math.max(1, roundHalfEven(wakeEvery * hot)) : wakeEvery;
}

/** How the trainer lays its epochs out. */
function layoutRuleOf(
  { mode }: PlanOptions,
  { sequences }: InputShape,
  lastBatch: "keep" | "drop",
): LayoutRule {
  const { listEnds, windowExtra } = SEMANTICS[mode];
  const end: ListEnd = lastBatch === "drop" ? "drop-unless-only" : "keep";
  const ends = listEnds?.[sequences ? "sequences" : "single"] ??
    { cold: end, hot: end, kept: end };
  return { ...ends, round: roundHalfEven, windowExtra };
}

/** Warm-up and window as options ask for them. */
function wantedWindow(
  { mode, warmup, window }: PlanOptions,
  { sequences }: InputShape,
  staleness: ResolvedStaleness,
): WantedWindow {
  const { warmupShare, leastWindow } = SEMANTICS[mode];
  const share = window ?? (sequences ? WINDOW_SHARE_SEQUENCES : WINDOW_SHARE);
  const byDefault = warmupShare === null ? WARMUP : { minibatches: WARMUP, atMost: warmupShare };
  const before = warmup === null
    ? byDefault
    : warmup > 0 && warmup < 1
    ? { share: warmup }
    : Math.floor(warmup);
  if (!staleness.window) return { warmup: before, window: { minibatches: 0 } };
  return {
    warmup: before,
    window: share >= 1 ? { minibatches: Math.floor(share) } : { share },
    ...(leastWindow === null ? {} : {
      fewest: Math.max(1, staleness.snapshots - 1),
      ...(window === null ? { least: leastWindow } : {}),
    }),
  };
}

/** What of a {@linkcode ResolvedPlan} does not depend on the number of hot inputs. */
function checkStaleness(options: PlanOptions, shape: InputShape): ResolvedStaleness {
  checkDrop(options);
  const alpha = resolveAlpha(options, shape);
  const criterion = findCriterion(options.criterion);
  const kind = options.combine ?? criterion.defaultCombine ?? "max";
  if (kind === "mean" && shape.variable) {
    throw new UsageError(
      "Cannot take the mean over lookups of bags of different lengths: it divides by one number of lookups for all inputs, so give max or nth-smallest",
    );
  }
  const { byDefault, least } = criterion.snapshots ?? { byDefault: 2, least: 2 };
  const { needs = "changes" } = criterion;
  checkNeeds(options, criterion.name, needs);
  const snapshots = needs === "changes" ? options.snapshots ?? byDefault : 0;
  if (needs === "changes" && snapshots < least) {
    throw new UsageError((option) =>
      `Cannot use ${option("plan.snapshots")} ${snapshots} with ${
        option("plan.criterion")
      } ${criterion.name}: fewer tell it nothing, so take at least ${least}`
    );
  }
  const combine = kind === "nth-smallest" ? { kind, n: alpha } : { kind };
  return { alpha, combine, snapshots, window: needs !== "state" };
}

/** Refuses what means nothing to a criterion that takes no snapshots, or has no window. */
function checkNeeds(
  { snapshots, window }: PlanOptions,
  criterion: string,
  needs: Criterion["needs"],
): void {
  const idle = needs === "changes"
    ? null
    : snapshots !== null
    ? "snapshots"
    : needs === "state" && window !== null
    ? "window"
    : null;
  if (idle === null) return;
  throw new UsageError((option) =>
    `Cannot use ${option(`plan.${idle}`)} with ${
      option("plan.criterion")
    } ${criterion}: it looks at no ${idle}, so leave it out`
  );
}

/** Refuses shares of all inputs, or of the negatives, that are none, and a part of the order that is none. */
function checkShares(options: PlanOptions): void {
  if (options.budgetOf !== "first" && options.budgetOf !== "last") {
    throw new UsageError((option) =>
      `Cannot use ${option("plan.budgetOf")} ${options.budgetOf}: it must be first or last`
    );
  }
  const wrong = (["budget", "negatives"] as const).find((name) =>
    !(options[name] > 0 && options[name] <= 1)
  );
  if (wrong === undefined) return;
  throw new UsageError((option) =>
    `Cannot use ${option(`plan.${wrong}`)} ${options[wrong]}: it must be above 0 and at most 1`
  );
}

function checkDrop({ drop }: PlanOptions): void {
  if (drop > 0 && drop < 1) return;
  throw new UsageError(
    `Cannot drop a share of ${drop} of the hot inputs: it must be above 0 and below 1`,
  );
}

/**
 * Refuses options that are wrong whatever the number of hot inputs, so that the error comes before a pass over the data.
 *
 * @throws {UsageError}
 */
export function checkPlan(options: PlanOptions, epochs: number, shape: InputShape): void {
  const { mode, schedule, rate, leastRate } = options;
  const plan = findPlan(options.name);
  checkShares(options);
  if (!plan.segregates) return;
  if (schedule === "interleaved" && leastRate > rate) {
    throw new UsageError((option) =>
      `Cannot use ${option("plan.leastRate")} ${leastRate}: rounds begin at ${
        option("plan.rate")
      } ${rate}, which must be no less`
    );
  }
  if (epochs > SEMANTICS[mode].mostEpochs) {
    throw new UsageError((option) =>
      `Cannot run ${epochs} epochs with ${
        option("plan.mode")
      } artifact: the original fails in its second one`
    );
  }
  if (plan.cold === "skip-stale" && schedule !== "interleaved") {
    throw new UsageError((option) =>
      `Cannot use ${option("plan.schedule")} ${schedule} with ${
        option("plan.name")
      } ${plan.name}: all cold inputs would be trained before anything is known to be stale; use interleaved`
    );
  }
  if (plan.window) {
    checkStaleness(options, shape);
    checkWakeEvery(options);
  } else if (drops(plan)) {
    checkDrop(options);
  }
  checkSkipping(options, plan);
}

/** Refuses what is neither a share nor a number of minibatches. */
function checkWakeEvery({ wakeEvery }: PlanOptions): void {
  if (wakeEvery >= 0 && (wakeEvery < 1 || Number.isInteger(wakeEvery))) return;
  throw new UsageError((option) =>
    `Cannot use ${
      option("plan.wakeEvery")
    } ${wakeEvery}: it must be a share of the hot minibatches below 1, or a whole number of them`
  );
}

/** Refuses ways of skipping that are out of range, or that a plan has not. */
function checkSkipping(options: PlanOptions, plan: Plan): void {
  const { anneal, drop, finish, skipProbability, rescale } = options;
  const given = (["anneal", "finish", "skipProbability", "rescale"] as const)
    .find((name) => options[name] !== PLAN_DEFAULTS[name]);
  if (given === undefined) return;
  const refuse = (what: typeof given, why: string): never => {
    throw new UsageError((option) =>
      `Cannot use ${option(`plan.${what}`)} ${options[what]}${
        why.replace("PLAN", option("plan.name"))
      }`
    );
  };
  if (!drops(plan) || plan.freezes || plan.cold === "skip-stale") {
    refuse(given, ` with PLAN ${plan.name}: it is for plans that skip hot inputs alone`);
  }
  if (anneal !== "none" && drop >= 0.5) {
    refuse("anneal", `: it takes D, ${drop}, up to twice as much, so D must be below 0.5`);
  }
  if (!(finish >= 0 && finish < 1)) refuse("finish", ": it must be at least 0 and below 1");
  if (!(skipProbability > 0 && skipProbability <= 1)) {
    refuse("skipProbability", ": it must be above 0 and at most 1");
  }
  const atRandom = plan.hot === "drop-at-random";
  if (atRandom && skipProbability < 1) {
    refuse("skipProbability", ` with PLAN ${plan.name}: there the probability is D`);
  }
  if (rescale && !atRandom && skipProbability === 1) {
    refuse("rescale", ": all stale inputs are skipped, so that none is left to weigh more");
  }
}

/**
 * Refuses a criterion that needs sums of an optimizer that keeps none.
 *
 * @throws {UsageError}
 */
export function checkState(
  { name: plan, criterion }: PlanOptions,
  optimizer: Optimizer["kind"],
): void {
  if (!findPlan(plan).decides) return;
  const { name, needs } = findCriterion(criterion);
  if (needs !== "state" || optimizer !== "sgd") return;
  throw new UsageError((option) =>
    `Cannot use ${option("plan.criterion")} ${name} with ${
      option("training.optimizer")
    } sgd: it looks at the optimizer's sums, and sgd keeps none; use adagrad`
  );
}

/** Ways of skipping that are not the default. */
function skippingDocument(
  { anneal, finish, skipProbability, rescale }: PlanOptions,
): Record<string, string | number | boolean> {
  return {
    ...(anneal === "none" ? {} : { anneal }),
    ...(finish === 0 ? {} : { finish }),
    ...(skipProbability === 1 ? {} : { skip_probability: skipProbability }),
    ...(rescale ? { rescale } : {}),
  };
}

/** The options as documents hold them. */
export function planOptionsDocument(
  options: PlanOptions,
  resolved: ResolvedPlan | null,
): Record<string, string | number | boolean | null> {
  const plan = findPlan(options.name);
  const { negatives, correction } = options;
  const shares = {
    ...(options.budget < 1 ? { budget: options.budget } : {}),
    ...(options.budget < 1 && options.budgetOf === "last" ? { budget_of: options.budgetOf } : {}),
    ...(negatives < 1 ? { negatives, correction } : {}),
  };
  if (!plan.segregates) return shares;
  const hot = { hot_memory_mib: options.hotMemoryMib, profile: options.profile };
  const { mode, schedule } = options;
  const { rate: first, leastRate } = options;
  const rate: Record<string, number> = schedule !== "interleaved"
    ? {}
    : { rate: first, ...(leastRate === PLAN_DEFAULTS.leastRate ? {} : { least_rate: leastRate }) };
  const common = { mode, ...shares, ...hot, schedule, ...rate };
  const drop = { drop: options.drop, ...skippingDocument(options) };
  if (resolved === null || resolved.staleness === null) {
    return { ...common, ...(drops(plan) ? drop : {}), watch: options.watch };
  }
  const { layout: { warmup, window }, staleness, wakeEvery } = resolved;
  const { alpha, combine, snapshots } = staleness;
  const criterion = findCriterion(options.criterion);
  return {
    ...common,
    ...drop,
    alpha,
    warmup,
    window,
    sample: options.sample,
    criterion: criterion.name,
    ...(criterion.sha256 === undefined ? {} : { criterion_sha256: criterion.sha256 }),
    combine: combine.kind,
    untouched: options.untouched,
    snapshots,
    change: options.change,
    wake_every: wakeEvery,
    decide: options.decide,
    watch: options.watch,
  };
}
