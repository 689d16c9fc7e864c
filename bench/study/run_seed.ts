/**
 * All variants of one workload, size and seed. Those that begin alike (every cold minibatch, then hot ones) share that
 * beginning: it is trained once, and each goes on from there, to the same bits as if it had been trained whole.
 *
 * @module
 */

import { formatCount, formatDuration } from "../../core/format.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset } from "../../data/types.ts";
import { currentEnvironment } from "../../train/environment.ts";
import type { Model } from "../../train/model.ts";
import { createModel } from "../../train/models.ts";
import { optimizerOf } from "../../train/options.ts";
import { openPlaced } from "../../train/placement.ts";
import { findHotSet, type HotSet, segregate, type Segregation } from "../../train/plan/hot_set.ts";
import { PRESETS, resolveShape } from "../../train/presets.ts";
import type { TrainState } from "../../train/state.ts";
import { train, type TrainOptions, type TrainResult } from "../../train/trainer.ts";
import type { Settings } from "../experiment.ts";
import { expectedSteps } from "./expected_steps.ts";
import { ModelImage } from "./image.ts";
import { HOT_SHARE, WORKLOADS } from "./settings.ts";
import { STUDY_SCHEMA_VERSION, type StudyKey, type StudyResult, type StudyStore } from "./store.ts";
import { planOfVariant, type Variant } from "./variants.ts";

/** Of a twin's inputs six sevenths train. */
const TRAIN_SHARE = 6 / 7;
/** Inputs a forward pass of an evaluation. */
const EVAL_BATCH = 2048;

/** What is run. */
export interface SeedJob extends Omit<StudyKey, "variant"> {
  readonly variants: readonly Variant[];
}

/** What a run of this seed shares with the others. */
interface Ground {
  readonly job: SeedJob;
  readonly dataset: Dataset;
  readonly hotSet: HotSet;
  readonly segregation: Segregation;
  readonly hotMemoryMib: number;
  readonly store: StudyStore;
  readonly settings: Settings;
  readonly deviceName: string;
}

/** Runs what the store does not have yet. */
export async function runSeed(job: SeedJob, store: StudyStore, settings: Settings): Promise<void> {
  const missing: Variant[] = [];
  for (const variant of job.variants) {
    if (await store.read({ ...job, variant: variant.name }) === null) missing.push(variant);
  }
  if (missing.length === 0) return;
  const { workload, inputs, seed } = job;
  settings.say(`${workload}, seed ${seed}: drawing ${formatCount(inputs)} inputs`);
  const twin = await openTwin({ twin: workload, inputs: Math.ceil(inputs / TRAIN_SHARE), seed });
  const dataset = await materialise(twin, { vocabulary: "seen", signal: settings.signal });
  twin.close();
  const shape = resolveShape(PRESETS[workload], dataset.schema);
  const rows = shape.tableRows.reduce((sum, n) => sum + n, 0);
  const hotMemoryMib = Math.max(1, HOT_SHARE * rows * 4 * shape.dim / 2 ** 20);
  const base = planOfVariant(missing[0]!, hotMemoryMib);
  const hotSet = await findHotSet(dataset, base, shape.tableRows, shape.dim, seed);
  const order = { kind: "shuffled", seed, epoch: 0 } as const;
  const segregation = await segregate(dataset, order, hotSet.rows);
  const placed = await openPlaced("hot", settings);
  try {
    const ground = { job, dataset, hotSet, segregation, hotMemoryMib, store, settings };
    for (const normalisation of ["none", "layer", "batch"] as const) {
      const some = missing.filter((variant) => variant.normalisation === normalisation);
      if (some.length === 0) continue;
      const model = createModel(placed.device, shape, {
        optimizer: optimizerOf(WORKLOADS[workload].optimizer),
        maxBatch: EVAL_BATCH,
        host: placed.host,
        hotRows: hotSet.rows.rows,
        normalisation,
      });
      try {
        await runVariants({ ...ground, deviceName: placed.device.info.name }, model, some);
      } finally {
        model.dispose();
      }
    }
  } finally {
    placed.dispose();
  }
}

async function runVariants(
  ground: Ground,
  model: Model,
  variants: readonly Variant[],
): Promise<void> {
  const shares = (variant: Variant): boolean => sharesBeginning(ground, variant);
  const alone = variants.filter((variant) => !shares(variant));
  const sharing = variants.filter(shares);
  for (const variant of alone) {
    await model.initialise(ground.job.seed);
    await keep(ground, variant, await run(ground, model, variant, {}));
  }
  if (sharing.length === 0) return;
  await model.initialise(ground.job.seed);
  const state = await trainBeginning(ground, model, sharing[0]!);
  const image = await ModelImage.of(model);
  for (const variant of sharing) {
    await image.restore(model);
    await keep(ground, variant, await run(ground, model, variant, { resume: state }));
  }
}

/** Whether a variant begins with all cold inputs, at a constant learning rate. */
function sharesBeginning(ground: Ground, variant: Variant): boolean {
  const { name, schedule = "cold-then-hot" } = variant.plan;
  if (["baseline", "skip-hot", "skip-cold"].includes(name) || schedule !== "cold-then-hot") {
    return false;
  }
  const { dataset, segregation, hotMemoryMib } = ground;
  const batch = batchOf(ground);
  const steps = expectedSteps(planOfVariant(variant, hotMemoryMib), dataset, segregation, batch);
  return steps - Math.floor(steps / 2) >= Math.floor(segregation.cold.length / batch);
}

/** Trains the cold inputs, as every plan does that trains them first. */
async function trainBeginning(
  ground: Ground,
  model: Model,
  variant: Variant,
): Promise<TrainState> {
  const steps = Math.floor(ground.segregation.cold.length / batchOf(ground));
  let state: TrainState | null = null;
  const skipHot: Variant = { ...variant, name: "skip-hot", plan: { name: "skip-hot" } };
  await run(ground, model, skipHot, {
    // Constant as far as the plans that go on from here have it so.
    schedule: {
      base: WORKLOADS[ground.job.workload].learningRate,
      warmupSteps: 0,
      decayStartStep: 0,
      decaySteps: 0,
    },
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

function batchOf({ job, settings }: Ground): number {
  return settings.batch[0] ?? WORKLOADS[job.workload].batch;
}

async function run(
  ground: Ground,
  model: Model,
  variant: Variant,
  more: Partial<TrainOptions>,
): Promise<TrainResult> {
  const { job, dataset, hotSet, hotMemoryMib, settings } = ground;
  const begun = performance.now();
  const plan = planOfVariant(variant, hotMemoryMib);
  const steps = expectedSteps(plan, dataset, ground.segregation, batchOf(ground));
  const decayed = Math.floor(steps / 2);
  const result = await train(model, dataset, {
    batch: batchOf(ground),
    epochs: 1,
    seed: job.seed,
    shuffle: true,
    lastBatch: "drop",
    schedule: {
      base: WORKLOADS[job.workload].learningRate,
      warmupSteps: 0,
      decayStartStep: steps - decayed,
      decaySteps: decayed,
    },
    evalEvery: 0,
    evalBatch: EVAL_BATCH,
    maxSteps: 0,
    plan,
    hotSet,
    placement: "hot",
    signal: settings.signal,
    ...more,
  });
  settings.signal.throwIfAborted();
  const { auc, logloss } = result.evaluations.at(-1)!.metrics;
  settings.say(
    `${job.workload} ${formatCount(job.inputs)}, seed ${job.seed}, ${variant.name}: AUC ${
      auc?.toFixed(5)
    }, log-loss ${logloss?.toFixed(5)}, ${formatDuration((performance.now() - begun) / 1000)}`,
  );
  return result;
}

async function keep(ground: Ground, variant: Variant, result: TrainResult): Promise<void> {
  const { job, store, hotMemoryMib, deviceName } = ground;
  const { optimizer, learningRate } = WORKLOADS[job.workload];
  const { variants: _, ...key } = job;
  const document: StudyResult = {
    schema: "slipstream.study",
    schema_version: STUDY_SCHEMA_VERSION,
    ...key,
    variant: variant.name,
    batch: batchOf(ground),
    optimizer,
    learning_rate: learningRate,
    hot_memory_mib: hotMemoryMib,
    metrics: result.evaluations.at(-1)!.metrics,
    steps: result.steps,
    trained_inputs: result.plan.trained_inputs,
    skipped_inputs: result.plan.skipped_inputs,
    train_ms: result.trainMs,
    stages_ms: result.stagesMs,
    plan: result.plan,
    device: deviceName,
    environment: currentEnvironment(),
  };
  await store.write(document);
}
