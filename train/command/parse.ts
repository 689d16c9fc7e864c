/**
 * The command line of `deno task train`, DLRM's spellings included: a thin map from flags to options of a run.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { type FlagValues, parseFlags } from "../../core/flags.ts";
import { lowerFirst } from "../../core/format.ts";
import { findPlan } from "../plan/plans.ts";
import type { RunSettings } from "../run/options.ts";
import type { ScoringOptions } from "../run/run_scoring.ts";
import { resolveRun } from "../run/settings.ts";
import { dataOf, type DaysFrom, daysFrom, type Given } from "./data_flags.ts";
import { DLRM_IGNORED, DLRM_REFUSED } from "./dlrm_flags.ts";
import { TRAIN_FLAGS, trainHelp } from "./flags.ts";
import { modelOf } from "./model_flags.ts";
import { PLAN_FLAGS, planOf } from "./plan_flags.ts";
import { type ResumeChanges, resumeChanges } from "./resume.ts";
import { asksForScores, scoringOf } from "./score.ts";
import { deviceOf, filesOf } from "./run_flags.ts";
import { trainingOf } from "./training_flags.ts";

/** A command line understood. */
export type TrainCommandLine =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "score"; readonly options: ScoringOptions; readonly quiet: boolean }
  | { readonly kind: "resume"; readonly changes: ResumeChanges; readonly quiet: boolean }
  | {
    readonly kind: "train";
    readonly settings: RunSettings;
    /** Print only errors. */
    readonly quiet: boolean;
    /** Messages, one line each: what has no effect, and what was read as something else. */
    readonly notes: readonly string[];
    /** Whether the command line names the model, or widths of one. */
    readonly named: { readonly model: boolean; readonly shape: boolean };
  };

/** Flags among those of plans that mean something to every plan. */
const GENERAL: ReadonlySet<string> = new Set([
  "plan",
  "budget",
  "budgetOf",
  "negatives",
  "correction",
  "placement",
  "lastBatch",
  "trace",
  "checkpoint",
  "checkpointEvery",
  "resume",
]);

/**
 * Understands the command line of `deno task train`.
 *
 * @param args The words after the task's name.
 * @param days The files that begin with a path that is none itself: DLRM names the Terabyte files by their common
 * beginning, `./day` for `day_0` … `day_23`.
 * @throws {UsageError} With the flag and the reason; what `resolveRun` refuses with the field.
 */
export function parseTrainOptions(
  args: readonly string[],
  days: DaysFrom = daysFrom,
): TrainCommandLine {
  const { values, given, help } = parseFlags(TRAIN_FLAGS, args);
  if (help) return { kind: "help", text: trainHelp() };
  const { quiet } = values;
  if (values.resume !== undefined) {
    return { kind: "resume", changes: resumeChanges(values, given), quiet };
  }
  if (asksForScores(values)) {
    return { kind: "score", options: scoringOf(values, given, days), quiet };
  }
  refuseUnsupported(values, given);
  const notes: string[] = [];
  const idle = Object.keys(DLRM_IGNORED).flatMap((key) => (given as Given).get(key) ?? []);
  if (idle.length > 0) notes.push(`DLRM flags without effect here: ${idle.join(", ")}`);
  const data = dataOf(values, given, days, notes);
  const settings = resolveRun({
    data,
    model: modelOf(values, given, data.source, values.init),
    training: trainingOf(values, given),
    plan: planOf(values),
    device: deviceOf(values, given),
    evaluation: { every: Math.max(0, values.evalEvery), batch: values.testBatch },
    ...filesOf(values),
  });
  const plan = findPlan(settings.plan.name);
  if (!plan.segregates) {
    const idle = [...given].flatMap(([key, spelling]) =>
      key in PLAN_FLAGS && !GENERAL.has(key) ? spelling : []
    );
    if (idle.length > 0) notes.push(`Without effect on --plan ${plan.name}: ${idle.join(", ")}`);
  }
  const shape = (["embeddingDim", "bottom", "top", "attention", "final", "tables"] as const)
    .some((key) => given.has(key));
  return { kind: "train", settings, quiet, notes, named: { model: given.has("model"), shape } };
}

function refuseUnsupported(values: FlagValues<typeof TRAIN_FLAGS>, given: Given): void {
  for (const key of Object.keys(DLRM_REFUSED) as (keyof typeof DLRM_REFUSED)[]) {
    if (given.has(key) && values[key] !== false) {
      const reason = lowerFirst(TRAIN_FLAGS[key].help);
      throw new UsageError(`Cannot use ${given.get(key)}: it is ${reason}`);
    }
  }
}
