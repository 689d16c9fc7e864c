/**
 * One training run of a study: how a variant's plan, rates and inputs become options of the trainer, and what is kept of it.
 *
 * @module
 */

import { formatCount, formatDuration } from "../../core/format.ts";
import { currentEnvironment } from "../../train/run/environment.ts";
import type { Model } from "../../train/model/model.ts";
import { isTbsm, shapeDocument } from "../../train/model/models.ts";
import type { PlacedDevices } from "../../train/model/placement.ts";
import { countParameters } from "../../train/model/presets.ts";
import { segregate, type Segregation } from "../../train/plan/hot_set.ts";
import { sampleNegatives } from "../../train/plan/negatives.ts";
import type { PlanOptions } from "../../train/plan/options.ts";
import { constantRate, type LearningRateSchedule } from "../../train/run/learning_rate.ts";
import {
  train,
  type TrainOptions,
  type TrainProgress,
  type TrainResult,
} from "../../train/run/trainer.ts";
import type { TrainState } from "../../train/run/state.ts";
import { deviceNote } from "../device_note.ts";
import type { SettingsOf } from "../experiment.ts";
import { expectedSteps } from "./expected_steps.ts";
import { type Ground, orderOf } from "./ground.ts";
import type { LogSettings } from "./logs.ts";
import { passHooks } from "./pass_progress.ts";
import { RunCheckpoint } from "./run_checkpoint.ts";
import { RunCounts } from "./run_counts.ts";
import { trainingOf } from "./settings.ts";
import {
  STUDY_SCHEMA_VERSION,
  type StudyKey,
  type StudyResult,
  type StudyStore,
  type StudyWork,
  type Wanted,
} from "./store.ts";
import { placementOfVariant, planOfVariant, type Variant } from "./variants.ts";

/** Inputs a forward pass of an evaluation. */
export const EVAL_BATCH = 2048;
/** Settings of a seed's runs. */
export type SeedSettings = SettingsOf<"device" | "threads"> & LogSettings;

/** The runs of a seed that are wanted. */
export interface SeedJob extends Omit<StudyKey, "variant"> {
  readonly variants: readonly Variant[];
  /** Whether the times of runs are asked for, which are of this machine alone. */
  readonly wanted?: Wanted;
  /** What the person asked for calls a variant, where that is another name. */
  readonly labels?: ReadonlyMap<string, string>;
  /** What is done about a run that another process trains: wait for it, or leave it out. To wait by default. */
  readonly busy?: "wait" | "leave";
  /** Told how far a run is, a few times a second. */
  readonly onProgress?: (progress: TrainProgress) => void;
}

/** What a run of this seed shares with the others. */
export interface Shared {
  readonly job: SeedJob;
  readonly ground: Ground;
  readonly store: StudyStore;
  readonly settings: SeedSettings;
  readonly placed: PlacedDevices;
}

/** Share of an epoch, and minibatches at most, over which the learning rate rises: the same for every variant. */
const RAMP_SHARE = 0.05, LONGEST_RAMP = 100;

/**
 * The learning rate: it rises from 0 at first and falls to 0 at the end. Adagrad's first steps are as long for every weight;
 * without the rise some seeds never leave what these leave behind (rm2, 200,000 inputs, fae: AUC 0.64 instead of 0.73 in 2
 * seeds of 6).
 */
export function scheduleOf(
  { job, ground: { dataset } }: Shared,
  variant: Variant,
  decayStartStep: number,
  decaySteps: number,
): LearningRateSchedule {
  const { learningRate } = trainingOfVariant(job, variant);
  if (variant.training.schedule === "constant") return constantRate(learningRate);
  const { batch } = job;
  const ramp = Math.floor(RAMP_SHARE * dataset.count("train") / batch);
  return {
    base: learningRate,
    warmupSteps: Math.min(LONGEST_RAMP, ramp),
    decayStartStep,
    decaySteps,
  };
}

/** Optimizer and learning rate of a variant: its own, or the study's of the workload. */
export function trainingOfVariant({ workload, inputs }: SeedJob, { training }: Variant) {
  return trainingOf(workload, inputs, training);
}

/** The run of a variant. */
export function keyOf(job: SeedJob, { name }: Variant): StudyKey {
  return { ...seedKey(job), variant: name };
}

function seedKey({ workload, inputs, batch, seed, twin }: SeedJob): Omit<StudyKey, "variant"> {
  return { workload, inputs, batch, seed, ...(twin === undefined ? {} : { twin }) };
}

/** What the person asked for calls a variant. */
export function labelOf({ labels }: SeedJob, { name }: Variant): string {
  return labels?.get(name) ?? name;
}

/** How many minibatches a plan will train. */
async function stepsOf({ job, ground, settings }: Shared, plan: PlanOptions): Promise<number> {
  if (plan.negatives === 1) {
    return expectedSteps(plan, ground.dataset, ground.segregation, job.batch);
  }
  const hooks = passHooks(job, settings);
  const { dataset } = await sampleNegatives(ground.dataset, plan, job.seed, hooks);
  const segregation = await segregate(dataset, orderOf(job), ground.hotSet.rows, hooks);
  return expectedSteps(plan, dataset, segregation, job.batch);
}

/**
 * Trains a variant as the study does; what is counted of its minibatches beside the result.
 *
 * @param more Options of the trainer that are others for this call.
 */
export async function run(
  shared: Shared,
  model: Model,
  variant: Variant,
  more: Partial<TrainOptions>,
): Promise<{ readonly result: TrainResult; readonly counts: RunCounts }> {
  const { job, ground, settings } = shared;
  const { dataset, hotSet, hotMemoryMib } = ground;
  const plan = planOfVariant(variant, hotMemoryMib);
  const steps = await stepsOf(shared, plan);
  const decayed = Math.floor(steps / 2), { evaluations } = variant.training;
  const counts = new RunCounts(job.batch);
  const result = await train(model, dataset, {
    batch: job.batch,
    seed: job.seed,
    shuffle: orderOf(job).kind === "shuffled",
    lastBatch: "drop",
    schedule: scheduleOf(shared, variant, steps - decayed, decayed),
    evalBatch: EVAL_BATCH,
    // Of evaluations over the run the last is at its end.
    evalEvery: evaluations === 0 ? 0 : Math.max(1, Math.ceil(steps / (evaluations + 1))),
    plan,
    hotSet,
    segregation: givenSegregation(ground, variant),
    placement: placementOfVariant(variant),
    trace: counts,
    ...passHooks(job, settings),
    onProgress: job.onProgress,
    // A checkpoint that cannot be written ends no run of hours.
    onWarning: ({ message }) => settings.say(`warning: ${message}`),
    ...more,
  });
  settings.signal.throwIfAborted();
  return { result, counts };
}

/** The ground's inputs told apart, for a plan that trains all of them. */
function givenSegregation({ segregation }: Ground, { plan }: Variant): Segregation | null {
  return plan.negatives === 1 ? segregation : null;
}

/** What the simulator needs of a run. */
function workOf({ dataset, shape }: Ground, { minibatches, copies }: RunCounts): StudyWork {
  return {
    model: { ...shapeDocument(shape), parameters: countParameters(shape) },
    lookups_per_input: shape.lookups?.reduce((sum, some) => sum + some, 0) ??
      dataset.schema.tables.length * (isTbsm(shape) ? shape.steps : 1),
    minibatches,
    copies,
  };
}

/** AUC after so many inputs; of evaluations without both classes there is none. */
function historyOf({ evaluations }: TrainResult): NonNullable<StudyResult["history"]> {
  return evaluations.flatMap(({ samples, metrics: { auc } }) =>
    auc === null ? [] : [{ trained_inputs: samples, auc }]
  );
}

/** Where the checkpoints of a run of this seed lie. */
export function checkpointOf({ job, ground, store }: Shared, variant: string): RunCheckpoint {
  const folder = store.checkpoints({ ...seedKey(job), variant });
  return new RunCheckpoint(folder, ground.dataset.hash, store, job.wanted ?? "accuracy");
}

/**
 * Runs a variant to its end and keeps what came of it.
 *
 * @param kept Its checkpoints, which know where it has been trained.
 */
export async function finish(
  shared: Shared,
  model: Model,
  variant: Variant,
  kept: RunCheckpoint,
  resume: TrainState | null,
): Promise<void> {
  const { job, ground, store, settings, placed } = shared;
  const begun = performance.now();
  const { result, counts } = await run(shared, model, variant, {
    resume,
    checkpoint: kept.policy(model),
  });
  const { metrics } = result.evaluations.at(-1)!;
  settings.say(
    `${job.workload} ${formatCount(job.inputs)}, seed ${job.seed}, ${labelOf(job, variant)}: AUC ${
      metrics.auc?.toFixed(5)
    }, log-loss ${metrics.logloss?.toFixed(5)}, ${
      formatDuration((performance.now() - begun) / 1000)
    }`,
  );
  const { optimizer, learningRate } = trainingOfVariant(job, variant);
  const { hot } = result.plan;
  const document: StudyResult = {
    schema: "slipstream.study",
    schema_version: STUDY_SCHEMA_VERSION,
    ...keyOf(job, variant),
    conditions: store.conditions,
    machine: kept.machine,
    dataset_hash: ground.dataset.hash,
    train_inputs: ground.dataset.count("train"),
    placement: placementOfVariant(variant),
    optimizer,
    learning_rate: learningRate,
    hot_memory_mib: ground.hotMemoryMib,
    metrics,
    ...(variant.training.evaluations === 0 ? {} : { history: historyOf(result) }),
    steps: result.steps,
    trained_inputs: result.plan.trained_inputs,
    skipped_inputs: result.plan.skipped_inputs,
    // A pass that tells hot inputs from cold ones in the loop is part of its time; the original does it beforehand.
    train_ms: result.trainMs -
      (hot === null || givenSegregation(ground, variant) !== null
        ? 0
        : result.plan.preparation_ms - ground.hotSet.ms),
    preparation_ms: hot === null ? 0 : result.plan.preparation_ms,
    evaluate_ms: result.evaluateMs,
    stages_ms: result.stagesMs,
    bytes: counts.bytes,
    work: workOf(ground, counts),
    plan: result.plan,
    device: deviceNote(placed.device.info),
    environment: currentEnvironment(),
  };
  await store.write(document);
  await kept.remove();
}
