/**
 * The variants of the study of skipping, written in words: a plan, and flags of `deno task train` without their dashes, as in
 * `slipstream,drop=0.3,criterion=per-root-access`.
 *
 * @module
 */

import { reworded, UserError } from "../../core/errors.ts";
import { flagName, type FlagTable, parseFlags } from "../../core/flags.ts";
import { TRAINING_FLAGS } from "../../train/command/training_flags.ts";
import { OPTIMIZER_NAMES, type OptimizerName } from "../../train/model/optimizers.ts";
import { NORMALIZE_FLAG, PLAN_FLAGS, planOf } from "../../train/command/plan_flags.ts";
import type { Placement } from "../../train/model/placement.ts";
import type { Normalisation } from "../../train/model/tower.ts";
import { loadCriterion } from "../../train/plan/criterion_file.ts";
import type { PlanOptions } from "../../train/plan/options.ts";
import { findPlan } from "../../train/plan/plans.ts";
import type { Settings } from "../experiment.ts";
import { wordsOfOldName } from "./old_names.ts";

/** One way to train. */
export interface Variant {
  /** Its words, options in the order of the alphabet, what is the default left out. Runs are kept by it. */
  readonly name: string;
  /** The plan's name, and every option that is not the default, by its flag without dashes. */
  readonly words: { readonly plan: string; readonly options: Readonly<Record<string, string>> };
  readonly plan: PlanOptions;
  readonly normalisation: Normalisation;
  readonly training: VariantTraining;
}

/** How a variant trains its weights where that is not as the study does. */
export interface VariantTraining {
  /** Null for the study's of the workload. */
  readonly optimizer: OptimizerName | null;
  /** Null for the study's, or with another optimizer the preset's. */
  readonly learningRate: number | null;
  /** `fall`: it rises first and falls to 0 over the second half; `constant`: as the paper's authors train. */
  readonly schedule: "fall" | "constant";
  /** Evaluations over the run, besides the one at its end. */
  readonly evaluations: number;
}

/**
 * Flags that make variants. Their hot set is that of the study, so that hot memory, profile and mode are not among them.
 * Cold inputs come first unless told: such variants share the training of them.
 */
const VARIANT_FLAGS = {
  plan: PLAN_FLAGS.plan,
  schedule: { ...PLAN_FLAGS.schedule, default: "cold-then-hot" },
  rate: PLAN_FLAGS.rate,
  leastRate: PLAN_FLAGS.leastRate,
  budget: PLAN_FLAGS.budget,
  budgetOf: PLAN_FLAGS.budgetOf,
  negatives: PLAN_FLAGS.negatives,
  correction: PLAN_FLAGS.correction,
  drop: PLAN_FLAGS.drop,
  anneal: PLAN_FLAGS.anneal,
  finish: PLAN_FLAGS.finish,
  skipProbability: PLAN_FLAGS.skipProbability,
  rescale: PLAN_FLAGS.rescale,
  wakeEvery: PLAN_FLAGS.wakeEvery,
  alpha: PLAN_FLAGS.alpha,
  warmup: PLAN_FLAGS.warmup,
  window: PLAN_FLAGS.window,
  sample: PLAN_FLAGS.sample,
  criterion: PLAN_FLAGS.criterion,
  combine: PLAN_FLAGS.combine,
  untouched: PLAN_FLAGS.untouched,
  snapshots: PLAN_FLAGS.snapshots,
  change: PLAN_FLAGS.change,
  watch: PLAN_FLAGS.watch,
  normalize: NORMALIZE_FLAG,
  optimizer: { ...TRAINING_FLAGS.optimizer, choices: OPTIMIZER_NAMES },
  lr: TRAINING_FLAGS.lr,
  lrSchedule: {
    type: "choice",
    choices: ["fall", "constant"],
    default: "fall",
    group: "Training",
    help: "Learning rate that rises first and falls to 0 over the second half, or a constant one",
  },
  evaluations: {
    type: "number",
    integer: true,
    min: 0,
    max: 1000,
    default: 0,
    group: "Training",
    help: "Evaluations over the run, besides the one at its end",
  },
} as const satisfies FlagTable;

/** What the flags that make no variants are in every one. */
const FIXED = {
  ...parseFlags(PLAN_FLAGS, []).values,
  // Of so few inputs the accesses of all are counted.
  profile: 1,
} as const;

/**
 * The variant that some words say; names of the version before are still understood.
 *
 * @throws {UsageError} What `deno task train` would refuse, with the words.
 */
export function variantOf(text: string): Variant {
  const [plan, ...options] = (wordsOfOldName(text) ?? text).split(",");
  const { values, given } = explained(
    text,
    () => parseFlags(VARIANT_FLAGS, [`--plan=${plan}`, ...options.map((word) => `--${word}`)]),
  );
  const kept = [...given.keys()].filter((key) => {
    const flag: FlagTable[string] = VARIANT_FLAGS[key];
    return key !== "plan" && values[key] !== flag.default;
  });
  const words = {
    plan: values.plan,
    options: Object.fromEntries(kept.map((key) => [flagName(key).slice(2), `${values[key]}`])),
  };
  const { normalize, optimizer, lr, lrSchedule, evaluations, ...planValues } = values;
  return {
    name: formatWords(words),
    words,
    plan: planOf({ ...FIXED, ...planValues }),
    normalisation: normalize,
    training: {
      optimizer: optimizer ?? null,
      learningRate: lr ?? null,
      schedule: lrSchedule,
      evaluations,
    },
  };
}

/** Words in their order: `fae,rate=10,schedule=interleaved`. */
export function formatWords({ plan, options }: Variant["words"]): string {
  const sorted = Object.entries(options).sort(([a], [b]) => a < b ? -1 : 1);
  return [plan, ...sorted.map(([key, value]) => `${key}=${value}`)].join(",");
}

/** A variant's words but for some options, as tables have it whose variants all have those. */
export function nameWithout(name: string, options: readonly string[]): string {
  const { plan, options: all } = variantOf(name).words;
  const kept = Object.entries(all).filter(([key]) => !options.includes(key));
  return formatWords({ plan, options: Object.fromEntries(kept) });
}

/** A variant's words but for its schedule's, which all variants of a table have. */
export function shortName(name: string): string {
  return nameWithout(name, SCHEDULE_WORDS);
}

/**
 * A variant whose criterion has been loaded, where it is in a file: runs are then kept by the criterion's name and hash.
 *
 * @throws {UserError} The file holds no criterion.
 */
export async function loadVariant(variant: Variant): Promise<Variant> {
  const { plan, words } = variant;
  const criterion = await loadCriterion(plan.criterion);
  if (typeof criterion === "string" || criterion.sha256 === undefined) return variant;
  const text = `${criterion.name}@${criterion.sha256.slice(0, 12)}`;
  return {
    ...variant,
    name: formatWords({ ...words, options: { ...words.options, criterion: text } }),
    plan: { ...plan, criterion },
  };
}

/** The plans that the paper compares, and the control. */
type StandardPlan = "baseline" | "fae" | "slipstream" | "random-drop";

/** Words of a variant that is trained as the paper's models are: SGD, at the preset's rate from the first step to the last. */
export const PAPER_TRAINING = ["optimizer=sgd", "lr-schedule=constant"] as const;

/**
 * Rate of the interleaved schedule, in percent. Each round is evaluated on 2,048 inputs at least: of few inputs one per cent is
 * fewer than that, and its loss so noisy that the rate would fall to one per cent whatever is trained.
 */
function rateOf({ full }: Pick<Settings, "full">): readonly string[] {
  return full ? ["rate=2"] : ["rate=10", "least-rate=10"];
}

/** Options of a variant's schedule, which tables leave out whose variants all have the same. */
export const SCHEDULE_WORDS = ["schedule", "rate", "least-rate"] as const;

/**
 * The plan that was chosen for runs of full length, by two million inputs of RM2's twin and before any run of
 * its own at that length (`docs/method.md`).
 */
export const CHOSEN_PLAN: string = variantOf(
  "slipstream,criterion=per-root-access,drop=0.4,finish=0.125,wake-every=0.15,schedule=interleaved",
).name;

/** A plan whose cold and hot minibatches interleave at the rate of the settings, with more options if told. */
export function interleaved(
  plan: string,
  settings: Pick<Settings, "full">,
  ...options: readonly string[]
): string {
  return variantOf(
    [plan, "schedule=interleaved", ...rateOf(settings), ...options].join(","),
  ).name;
}

/** Some of the standard plans with their variants, D = 0.30. */
export function standardVariants<P extends StandardPlan>(
  plans: readonly P[],
  settings: Pick<Settings, "full">,
): Readonly<Record<P, string>> {
  return Object.fromEntries(
    plans.map((plan) => [plan, plan === "baseline" ? plan : interleaved(plan, settings)]),
  ) as Record<P, string>;
}

/**
 * The same of what was recorded: at whichever rate of the interleaved schedule most of them are.
 *
 * @param recorded Names of recorded variants.
 */
export function recordedStandardVariants<P extends StandardPlan>(
  plans: readonly P[],
  recorded: readonly string[],
): Readonly<Record<P, string>> {
  const [full, reduced] = [true, false].map((full) => standardVariants(plans, { full }));
  const there = (variants: object): number =>
    Object.values(variants).filter((name) => recorded.includes(name)).length;
  return there(reduced!) > there(full!) ? reduced! : full!;
}

/** Where a variant's rows lie: those of a plan without a hot set on the host, as in the hybrid baseline. */
export function placementOfVariant({ plan }: Variant): Placement {
  return findPlan(plan.name).segregates ? "hot" : "hybrid";
}

/** A variant's plan with the hot memory of its study. */
export function planOfVariant({ plan }: Variant, hotMemoryMib: number): PlanOptions {
  return { ...plan, hotMemoryMib };
}

/** Does something, and says of which variant it cannot be done. */
function explained<T>(variant: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw reworded(error, (message) => message.replace(": ", ` in variant ${variant}: `));
  }
}
