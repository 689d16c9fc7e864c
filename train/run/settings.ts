/**
 * The defaults of a run.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { DEFAULT_CACHE } from "../../data/open.ts";
import type { Dataset } from "../../data/types.ts";
import { isTbsm, shapeOverrides } from "../model/models.ts";
import { defaultLearningRate, optimizerOf } from "../model/optimizers.ts";
import { PRESETS } from "../model/presets.ts";
import { PLAN_DEFAULTS, type PlanOptions } from "../plan/options.ts";
import { findPlan } from "../plan/plans.ts";
import { SEMANTICS } from "../plan/semantics.ts";
import { checkNumbers } from "./check.ts";
import { parseDataSource } from "./data_source.ts";
import { checkSchedule, constantRate, type LearningRateSchedule } from "./learning_rate.ts";
import {
  type CheckpointSettings,
  type DataSettings,
  type DeviceSettings,
  type EvaluationSettings,
  isDataset,
  type ModelSettings,
  type OutputSettings,
  type RunOptions,
  type RunSettings,
  type TrainingOptions,
  type TrainingSettings,
} from "./options.ts";
import { loadPlan } from "../plan/criterion_file.ts";

/** Default seed of a run and of random choices while its data are prepared; it is DLRM's. */
const SEED = 123;

/**
 * Fills in the defaults and loads the criterion where it is in a file.
 *
 * @throws {UserError} As {@linkcode resolveRun} and `loadPlan`.
 */
export async function settleRun(options: RunOptions): Promise<RunSettings> {
  const settings = resolveRun(options);
  return { ...settings, plan: await loadPlan(settings.plan) };
}

/**
 * Fills in the defaults. Settings are options too, and come out as they are.
 *
 * @throws {UsageError} Options that are out of range or contradict each other, as far as can be told without the data.
 */
export function resolveRun(options: RunOptions): RunSettings {
  const model = resolveModel(options.model);
  const plan = completePlan(options.plan);
  const { name, segregates } = findPlan(plan.name);
  const training = resolveTraining(options.training ?? {}, model, segregates);
  const placement = options.device?.placement ?? (segregates ? "hot" : "device");
  if (!segregates && placement === "hot") {
    throw new UsageError((option) =>
      `Cannot use ${option("device.placement")} hot with ${
        option("plan.name")
      } ${name}: it tells no hot rows from others; use hybrid, or another plan`
    );
  }
  const settings: RunSettings = {
    data: resolveData(options.data),
    model,
    training,
    plan,
    device: filled<DeviceSettings>(
      { kind: "auto", threads: null, wide: false, prepareWorkers: null, placement, open: null },
      options.device,
    ),
    evaluation: filled<EvaluationSettings>({ every: 0, batch: training.batch }, options.evaluation),
    checkpoints: filled<CheckpointSettings>(
      { folder: null, every: 0, resume: null },
      options.checkpoints,
    ),
    outputs: filled<OutputSettings>(
      {
        ...{ result: null, trace: null, events: null, page: null },
        ...{ weights: null, weightsFallback: null },
      },
      options.outputs,
    ),
  };
  checkNumbers(settings);
  return settings;
}

function resolveData(data: RunOptions["data"]): DataSettings | Dataset {
  if (isDataset(data)) return data;
  const given = typeof data === "object" && "source" in data ? data : { source: data };
  const { source } = given;
  const named = typeof source === "string" || !("kind" in source);
  return filled<DataSettings>({
    source: named ? parseDataSource(source) : source,
    format: "auto",
    schema: null,
    test: [],
    validation: [],
    limit: null,
    maxIndexRange: null,
    minCount: 0,
    seed: SEED,
    leak: false,
    badRows: "error",
    cache: DEFAULT_CACHE,
  }, { ...given, source: undefined });
}

function resolveModel(model: RunOptions["model"]): ModelSettings {
  const plain = { shape: {}, normalisation: "none", weights: null } as const;
  if (typeof model === "string") return { preset: model, ...plain };
  if ("preset" in model) return filled<ModelSettings>({ preset: model.preset, ...plain }, model);
  // If the shape is given, the preset only decides how it is trained.
  return { preset: isTbsm(model) ? "rm1" : "rm2", ...plain, shape: shapeOverrides(model) };
}

function resolveTraining(
  { learningRate, optimizer: chosen, ...given }: TrainingOptions,
  { preset: name }: ModelSettings,
  segregates: boolean,
): TrainingSettings {
  const preset = PRESETS[name];
  const named = chosen ?? preset.optimizer;
  const optimizer = typeof named === "string" ? optimizerOf(named) : named;
  const schedule = filled<LearningRateSchedule>(
    constantRate(defaultLearningRate(preset, optimizer)),
    typeof learningRate === "number" ? { base: learningRate } : learningRate,
  );
  checkSchedule(schedule);
  return filled<TrainingSettings>({
    optimizer,
    learningRate: schedule,
    batch: preset.batch,
    epochs: 1,
    maxSteps: 0,
    seed: SEED,
    shuffle: true,
    lastBatch: segregates ? "drop" : "keep",
  }, given);
}

/** A plan's options, with the defaults of its mode and then those of all plans filled in. */
function completePlan(given: RunOptions["plan"] = {}): PlanOptions {
  const plan = typeof given === "string" ? { name: given } : given;
  const { schedule, untouched } = SEMANTICS[plan.mode ?? PLAN_DEFAULTS.mode];
  return filled<PlanOptions>({ ...PLAN_DEFAULTS, schedule, untouched }, plan);
}

/** Defaults replaced by what was given; undefined is not. */
function filled<T extends object>(
  defaults: T,
  given: { readonly [K in keyof T]?: T[K] | undefined } = {},
): T {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(said) };
}
