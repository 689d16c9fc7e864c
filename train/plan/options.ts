/**
 * What can be said of a plan, and what is taken where nothing is said.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { idLayout } from "../../data/id_layout.ts";
import type { DatasetSchema } from "../../data/types.ts";
import type { PlanName } from "./document.ts";

/** How the original's semantics are taken: put right where they are slips, or as they are. */
export type PlanMode = "corrected" | "artifact";

/** In which order hot and cold minibatches of an epoch come. */
export type ScheduleKind = "cold-then-hot" | "interleaved";

/** What is measured of a hot row over a window. */
export type Criterion = "paper" | "per-root-access" | "net-over-path";

/** How the measures of an input's rows become one. */
export type Combine = "nth-smallest" | "max" | "mean";

/** How snapshots become one change of a row: first against last, or the running mean from each to the next. */
export type ChangeKind = "ends" | "mean";

/** A plan's options; null leaves a number to {@linkcode resolvePlan}. */
export interface PlanOptions {
  /** Which plan. */
  readonly name: PlanName;
  /** Whether the slips of the original are put right. */
  readonly mode: PlanMode;
  /** D: share of the hot inputs after the window that is to be dropped, in (0, 1). */
  readonly drop: number;
  /**
   * Stale lookups at which an input is skipped, 1 to its lookups; of sequences 1 to their steps, in every table. Null: all
   * lookups, of sequences 4 (the authors' script).
   */
  readonly alpha: number | null;
  /** Hot minibatches of the window: below 1 a share of all, else a number. Null: 3 %, of sequences 5 %, at least 20. */
  readonly window: number | null;
  /** Hot minibatches before the first snapshot. Null: 1000, but no more than a tenth of all. */
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
  readonly schedule: ScheduleKind;
  /** Of the schedule `interleaved`: its rate at first, in percent of the inputs of each kind a round. */
  readonly rate: number;
  /** What is measured of a row. */
  readonly criterion: Criterion;
  /** Null: the criterion's own. */
  readonly combine: Combine | null;
  /** What a hot row is that was never looked up in the window. */
  readonly untouched: "stale" | "unknown";
  /** Snapshots of a window, at least 2. Null: 2, for `net-over-path` 5. */
  readonly snapshots: number | null;
  /** How more than two snapshots become one change. */
  readonly change: ChangeKind;
  /** Hot minibatches from a decision to the next window; 0 for never. */
  readonly wakeEvery: number;
  /** With several epochs: decide in the first and keep it, or decide again in each. */
  readonly decide: "once" | "epoch";
  /** Hot rows whose changes are recorded over the run. */
  readonly watch: number;
}

/** The options of `baseline`, and of other plans where nothing is said. */
export const PLAN_DEFAULTS: PlanOptions = {
  name: "baseline",
  mode: "corrected",
  drop: 0.3,
  alpha: null,
  window: null,
  warmup: null,
  hotMemoryMib: 256,
  profile: null,
  sample: null,
  schedule: "interleaved",
  rate: 2,
  criterion: "paper",
  combine: null,
  untouched: "unknown",
  snapshots: null,
  change: "ends",
  wakeEvery: 0,
  decide: "epoch",
  watch: 10,
};

/** Whether a plan tells hot inputs from cold ones. */
export function segregates(name: PlanName): boolean {
  return name !== "baseline";
}

/** Whether a plan takes snapshots and decides which rows are stale. */
export function decides(name: PlanName): boolean {
  return name === "slipstream" || name === "freeze" || name === "slipstream-cold";
}

/** Whether a plan drops hot inputs after the window. */
export function dropsHot(name: PlanName): boolean {
  return name === "slipstream" || name === "slipstream-cold" || name === "random-drop";
}

/** What options mean for one epoch of a data set. */
export interface ResolvedPlan {
  /** Hot minibatches before the first snapshot (s0). */
  readonly warmup: number;
  /** Hot minibatches of the window. */
  readonly window: number;
  /** Stale lookups at which an input is skipped. */
  readonly alpha: number;
  readonly combine: Combine;
  readonly snapshots: number;
}

/**
 * The profiler's share for DLRM; of a smaller data set more, up to the share that FAE takes of Taobao. Not all: in memory
 * that holds every row seen, every input would be hot.
 */
const PROFILE_SHARE = 0.05, PROFILED = 100_000, PROFILE_SHARE_SMALL = 0.2;

/** Inputs whose accesses are counted, of so many that train. */
export function profiledCount({ profile, mode }: PlanOptions, inputs: number): number {
  const least = mode === "artifact"
    ? 0
    : Math.min(PROFILED, Math.floor(PROFILE_SHARE_SMALL * inputs));
  return profile === null
    ? Math.max(1, least, Math.floor(PROFILE_SHARE * inputs))
    : Math.max(1, Math.floor(profile * inputs));
}

/** Least hot minibatches of a window by default. */
const LEAST_WINDOW = 20;
/** The authors' warm-up, and the share that it may be of a small data set. */
const WARMUP = 1000, WARMUP_SHARE = 0.1;
/** The authors' windows: `--minibatch_percentage 0.03` for DLRM, 0.05 for TBSM. */
const WINDOW_SHARE = 0.03, WINDOW_SHARE_SEQUENCES = 0.05;
/** The authors' `--non_changing_index 4` for TBSM. */
const ALPHA_SEQUENCES = 4;

/** Rounds as Python does: halves to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Stale lookups at which an input is skipped. Needs no pass over the data, so that a wrong one is found out before any.
 *
 * @throws {UserError} Status 2: it is not between 1 and the lookups.
 */
function resolveAlpha(
  options: Pick<PlanOptions, "alpha">,
  lookups: number,
  sequences: boolean,
): number {
  const alpha = options.alpha ?? (sequences ? Math.min(ALPHA_SEQUENCES, lookups) : lookups);
  if (!Number.isInteger(alpha) || alpha < 1 || alpha > lookups) {
    throw new UserError(
      `Cannot use --alpha ${alpha}: an input is skipped when so many of its ${lookups} lookups${
        sequences ? " in each table" : ""
      } are stale, so it must be an integer from 1 to ${lookups}`,
      2,
    );
  }
  return alpha;
}

/**
 * Fills in what depends on the data.
 *
 * @param hotMinibatches Of an epoch.
 * @param lookups An input's lookups; of sequences its steps, in each table.
 * @param sequences Whether inputs are sequences.
 * @throws {UserError} Status 2: alpha cannot be, or the window does not fit into the hot minibatches.
 */
export function resolvePlan(
  options: PlanOptions,
  hotMinibatches: number,
  lookups: number,
  sequences: boolean,
): ResolvedPlan {
  const { alpha, combine, snapshots } = checkStaleness(options, lookups, sequences);
  const share = options.window ?? (sequences ? WINDOW_SHARE_SEQUENCES : WINDOW_SHARE);
  const artifact = options.mode === "artifact";
  const least = options.window === null && !artifact
    ? Math.min(LEAST_WINDOW, Math.floor(WARMUP_SHARE * hotMinibatches))
    : 1;
  const warmup = options.warmup ??
    Math.min(WARMUP, artifact ? WARMUP : Math.floor(WARMUP_SHARE * hotMinibatches));
  const counted = share >= 1 ? Math.floor(share) : roundHalfEven(share * hotMinibatches);
  // The original's window ends with minibatch s0 + round(p N), which makes it one longer.
  const window = artifact ? counted + 1 : Math.max(1, least, snapshots - 1, counted);
  // The original looks at its window's last minibatch again, so that there is always something to skip.
  if (warmup + window > hotMinibatches - (artifact ? 0 : 1)) {
    throw new UserError(
      `Cannot look for stale rows: ${warmup} hot minibatches of warm-up and ${window} of the window leave nothing of the ${hotMinibatches} hot minibatches to skip; use more data, a larger --profile or --hot-memory, a smaller --batch, --warmup or --window`,
    );
  }
  if (snapshots - 1 > window) {
    throw new UserError(
      `Cannot take ${snapshots} snapshots in a window of ${window} minibatches: at most ${
        window + 1
      } fit`,
      2,
    );
  }
  return { warmup, window, alpha, combine, snapshots };
}

/** Lookups of which alpha are to be stale: an input's, at most; of sequences its steps, in each table. */
export function lookupsOf(schema: DatasetSchema): number {
  return schema.steps ?? idLayout(schema).width;
}

/** What of a {@linkcode ResolvedPlan} does not depend on the number of hot inputs. */
function checkStaleness(
  options: PlanOptions,
  lookups: number,
  sequences: boolean,
): Pick<ResolvedPlan, "alpha" | "combine" | "snapshots"> {
  if (!(options.drop > 0 && options.drop < 1)) {
    throw new UserError(
      `Cannot drop a share of ${options.drop} of the hot inputs: it must be above 0 and below 1`,
      2,
    );
  }
  const alpha = resolveAlpha(options, lookups, sequences);
  const combine = options.combine ?? defaultCombine(options.criterion);
  const snapshots = options.snapshots ?? (options.criterion === "net-over-path" ? 5 : 2);
  if (options.criterion === "net-over-path" && snapshots < 3) {
    throw new UserError(
      `Cannot use --snapshots ${snapshots} with --criterion net-over-path: between two snapshots net change and path are the same, so take at least 3`,
      2,
    );
  }
  return { alpha, combine, snapshots };
}

/**
 * Refuses what cannot be whatever the number of hot inputs, so that nobody waits for a pass over the data to be told.
 *
 * @param lookups As of {@linkcode resolvePlan}.
 * @throws {UserError} Status 2.
 */
export function checkPlan(
  options: PlanOptions,
  epochs: number,
  lookups: number,
  sequences: boolean,
): void {
  const { name, mode, schedule } = options;
  if (!segregates(name)) return;
  if (mode === "artifact" && epochs > 1) {
    throw new UserError(
      `Cannot run ${epochs} epochs with --mode artifact: the original fails in its second one`,
      2,
    );
  }
  if (name === "slipstream-cold" && schedule !== "interleaved") {
    throw new UserError(
      `Cannot use --schedule ${schedule} with --plan ${name}: all cold inputs would be trained before anything is known to be stale; use interleaved`,
      2,
    );
  }
  if (decides(name) || name === "random-drop") checkStaleness(options, lookups, sequences);
}

/**
 * Refuses a mean over lookups where inputs have different numbers of them: the device divides by one number for all.
 *
 * @throws {UserError} Status 2.
 */
export function checkBags(options: PlanOptions, schema: DatasetSchema): void {
  const combine = options.combine ?? defaultCombine(options.criterion);
  if (!decides(options.name) || combine !== "mean" || !idLayout(schema).variable) return;
  throw new UserError(
    `Cannot use --combine mean with ${schema.format}: its bags have different numbers of lookups, so give max or nth-smallest`,
    2,
  );
}

/** The combination that goes with a criterion. */
export function defaultCombine(criterion: Criterion): Combine {
  return criterion === "paper" ? "nth-smallest" : criterion === "per-root-access" ? "mean" : "max";
}

/** The options as documents hold them. */
export function planOptionsDocument(
  options: PlanOptions,
  resolved: ResolvedPlan | null,
): Record<string, string | number | boolean | null> {
  if (options.name === "baseline") return {};
  const hot = { hot_memory_mib: options.hotMemoryMib, profile: options.profile };
  const { mode, schedule } = options;
  const rate = schedule === "interleaved" ? { rate: options.rate } : {};
  const common = { mode, ...hot, schedule, ...rate };
  if (resolved === null) return { ...common, watch: options.watch };
  return {
    ...common,
    drop: options.drop,
    alpha: resolved.alpha,
    warmup: resolved.warmup,
    window: resolved.window,
    sample: options.sample,
    criterion: options.criterion,
    combine: resolved.combine,
    untouched: options.untouched,
    snapshots: resolved.snapshots,
    change: options.change,
    wake_every: options.wakeEvery,
    decide: options.decide,
    watch: options.watch,
  };
}
