/**
 * All variants of one workload, size and seed. Those that begin alike (every cold minibatch, then hot ones) share that
 * beginning: it is trained once, and each goes on from there, to the same bits as if it had been trained whole.
 *
 * @module
 */

import { formatCount, formatDuration } from "../../core/format.ts";
import { currentEnvironment } from "../../train/run/environment.ts";
import type { Model } from "../../train/model/model.ts";
import { isTbsm, shapeDocument } from "../../train/model/models.ts";
import { optimizerOf } from "../../train/model/optimizers.ts";
import { segregate, type Segregation } from "../../train/plan/hot_set.ts";
import { sampleNegatives } from "../../train/plan/negatives.ts";
import type { PlanOptions } from "../../train/plan/options.ts";
import { findPlan } from "../../train/plan/plans.ts";
import { countParameters } from "../../train/model/presets.ts";
import { openPlaced, type PlacedDevices } from "../../train/model/placement.ts";
import { constantRate, type LearningRateSchedule } from "../../train/run/learning_rate.ts";
import { denseStatistics } from "../../train/run/dense_statistics.ts";
import { createPlacedModel } from "../../train/run/model.ts";
import type { TrainState } from "../../train/run/state.ts";
import {
  train,
  type TrainOptions,
  type TrainProgress,
  type TrainResult,
} from "../../train/run/trainer.ts";
import { deviceNote } from "../device_note.ts";
import type { SettingsOf } from "../experiment.ts";
import { expectedSteps } from "./expected_steps.ts";
import { type Ground, openGround, orderOf } from "./ground.ts";
import { ModelImage } from "./image.ts";
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
import {
  placementOfVariant,
  planOfVariant,
  type Variant,
  variantOf,
  type VariantTraining,
} from "./variants.ts";

/** Inputs a forward pass of an evaluation. */
const EVAL_BATCH = 2048;
/** Minibatches before anything is timed, once for each workload and placement: the engine compiles what is used. */
const WARM_UP = 12;
/** With a hot set everything that some plan does is warmed up: rounds, snapshots, search, classification. */
const WARM_UP_PLAN = variantOf("slipstream,schedule=interleaved,warmup=1,window=2").plan;

/** How it is run. */
type SeedSettings = SettingsOf<"device" | "threads"> & LogSettings;

/** What is run. */
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
interface Shared {
  readonly job: SeedJob;
  readonly ground: Ground;
  readonly store: StudyStore;
  readonly settings: SeedSettings;
  readonly placed: PlacedDevices;
}

const warmed = new Set<string>();

/**
 * Runs what the store does not have yet.
 *
 * @param ground Gives what all runs of the seed stand on; drawn anew by default.
 */
export async function runSeed(
  job: SeedJob,
  store: StudyStore,
  settings: SeedSettings,
  ground?: typeof openGround,
): Promise<void> {
  using claims = new DisposableStack();
  const missing: Variant[] = [];
  // In one order everywhere, so that no two processes wait for each other.
  for (const variant of job.variants.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const key = keyOf(job, variant);
    if (await store.read(key, job.wanted) !== null) continue;
    const claim = job.busy === "leave"
      ? await store.tryClaim(key)
      : await store.claim(key, settings);
    if (claim === null) continue;
    claims.use(claim);
    // Whoever had it may have trained it.
    if (await store.read(key, job.wanted) === null) missing.push(variant);
    else claim[Symbol.dispose]();
  }
  if (missing.length === 0) return;
  missing.sort((a, b) => job.variants.indexOf(a) - job.variants.indexOf(b));
  const { seed } = job;
  const opened = await (ground ?? openGround)(job, settings);
  // Who gives the ground closes it.
  using _closed = ground === undefined ? opened.dataset : null;
  using placed = await openPlaced("hot", settings);
  const shared = { job, ground: opened, store, settings, placed };
  // A model serves all variants that normalise alike, have the same optimizer, and keep their rows alike.
  const groups = Map.groupBy(
    missing,
    (variant) =>
      `${variant.normalisation} ${trainingOfVariant(job, variant).optimizer} ${
        placementOfVariant(variant)
      }`,
  );
  // No variant always comes first, when the machine is coolest, or last.
  for (const some of rotated([...groups.values()], seed)) {
    using model = createPlacedModel(placed, opened.shape, {
      placement: placementOfVariant(some[0]!),
      maxBatch: Math.max(EVAL_BATCH, job.batch),
      optimizer: optimizerOf(trainingOfVariant(job, some[0]!).optimizer),
      normalisation: some[0]!.normalisation,
      denseStatistics: some[0]!.normalisation === "dense"
        ? await denseStatistics(opened.dataset, seed, passHooks(job, settings))
        : null,
      hotSet: opened.hotSet,
    });
    await warmUp(shared, model, some[0]!);
    await runVariants(shared, model, some);
  }
}

async function warmUp(shared: Shared, model: Model, variant: Variant): Promise<void> {
  const key = `${shared.job.workload} ${placementOfVariant(variant)}`;
  if (warmed.has(key)) return;
  warmed.add(key);
  await model.initialise(shared.job.seed);
  const plan = placementOfVariant(variant) === "hot" ? WARM_UP_PLAN : variant.plan;
  // It is no part of a run, whose progress is told.
  await run(shared, model, { ...variant, plan }, { maxSteps: WARM_UP, onProgress: undefined });
}

async function runVariants(
  shared: Shared,
  model: Model,
  variants: readonly Variant[],
): Promise<void> {
  const shares = (variant: Variant): boolean => sharesBeginning(shared, variant);
  const alone = rotated(variants.filter((variant) => !shares(variant)), shared.job.seed);
  const sharing = variants.filter(shares);
  for (const variant of alone) {
    const { job, ground, store, settings } = shared;
    const kept = new RunCheckpoint(
      store.checkpoints(keyOf(job, variant)),
      ground.dataset.hash,
      store.conditions,
    );
    const say = (line: string) => settings.say(`${job.workload}: ${labelOf(job, variant)} ${line}`);
    const resume = await kept.restore(model, job.seed, (why) => say(`begins anew: ${why}`));
    if (resume !== null) say("goes on where it was");
    await finish(shared, model, variant, { resume, checkpoint: kept.policy(model) });
    await kept.remove();
  }
  if (sharing.length === 0) return;
  await model.initialise(shared.job.seed);
  const state = await trainBeginning(shared, model, sharing[0]!);
  const image = await ModelImage.of(model);
  for (const variant of sharing) {
    await image.restore(model);
    await finish(shared, model, variant, { resume: state });
  }
}

/** Share of an epoch, and minibatches at most, over which the learning rate rises: the same for every variant. */
const RAMP_SHARE = 0.05, LONGEST_RAMP = 100;

/**
 * The learning rate: it rises from 0 at first and falls to 0 at the end. Adagrad's first steps are as long for every weight;
 * without the rise some seeds never leave what these leave behind (rm2, 200,000 inputs, fae: AUC 0.64 instead of 0.73 in 2
 * seeds of 6).
 */
function scheduleOf(
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

function trainingOfVariant({ workload, inputs }: SeedJob, { training }: Variant) {
  return trainingOf(workload, inputs, training);
}

function keyOf({ workload, inputs, batch, seed, twin }: SeedJob, { name }: Variant): StudyKey {
  return {
    ...{ workload, inputs, batch, seed, variant: name },
    ...(twin === undefined ? {} : { twin }),
  };
}

function labelOf({ labels }: SeedJob, { name }: Variant): string {
  return labels?.get(name) ?? name;
}

/** The list begun elsewhere by seed. */
function rotated<T>(list: readonly T[], seed: number): T[] {
  const at = (seed - 1) % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

/** Whether a variant begins with all cold inputs, at a constant learning rate. */
function sharesBeginning({ job, ground }: Shared, variant: Variant): boolean {
  const { cold, hot, segregates } = findPlan(variant.plan.name);
  const coldFirst = variant.plan.schedule === "cold-then-hot";
  if (!segregates || cold !== "train" || hot === "skip" || !coldFirst) return false;
  // Others train fewer cold inputs, or train them otherwise.
  const { plan: { budget, negatives }, training } = variant;
  if (budget < 1 || negatives < 1 || !isUsual(training)) return false;
  const { dataset, segregation, hotMemoryMib } = ground;
  const plan = planOfVariant(variant, hotMemoryMib);
  const steps = expectedSteps(plan, dataset, segregation, job.batch);
  return steps - Math.floor(steps / 2) >= Math.floor(segregation.cold.length / job.batch);
}

function isUsual(
  { optimizer, learningRate, schedule, evaluations }: VariantTraining,
): boolean {
  return optimizer === null && learningRate === null && schedule === "fall" && evaluations === 0;
}

/** Trains the cold inputs, as every plan does that trains them first. */
async function trainBeginning(
  shared: Shared,
  model: Model,
  variant: Variant,
): Promise<TrainState> {
  const { job, ground } = shared;
  const steps = Math.floor(ground.segregation.cold.length / job.batch);
  let state: TrainState | null = null;
  const coldAlone = { ...variant, plan: { ...variantOf("skip-hot").plan, watch: 0 } };
  await run(shared, model, coldAlone, {
    // Constant as far as the plans that go on from here have it so.
    schedule: scheduleOf(shared, variant, 0, 0),
    checkpoint: {
      every: steps,
      save: (saved) => {
        state = saved;
        return Promise.resolve();
      },
    },
  });
  return state!;
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

async function run(
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

/** Runs a variant to its end and keeps what came of it. */
async function finish(
  shared: Shared,
  model: Model,
  variant: Variant,
  more: Partial<TrainOptions>,
): Promise<void> {
  const { job, ground, store, settings, placed } = shared;
  const begun = performance.now();
  const { result, counts } = await run(shared, model, variant, more);
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
    machine: store.machine,
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
}
