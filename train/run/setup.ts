/**
 * What a run needs before its first minibatch: the data set, the model's shape, the hot rows, devices and the model.
 *
 * @module
 */

import type { Dataset } from "../../data/types.ts";
import { PRESETS, resolveShape, type ShapeOverrides } from "../model/presets.ts";
import type { Model } from "../model/model.ts";
import type { ModelShape } from "../model/models.ts";
import { openPlaced, type PlacedDevices, placeOn } from "../model/placement.ts";
import { findHotSet, type HotSet } from "../plan/hot_set.ts";
import { checkPlan, checkState, inputShapeOf, type PlanOptions } from "../plan/options.ts";
import { findPlan } from "../plan/plans.ts";
import { checkDenseColumns, readTrainedInputs } from "../weights/weights.ts";
import { openRunData } from "./data.ts";
import { denseStatistics } from "./dense_statistics.ts";
import type { RunHooks } from "./hooks.ts";
import { createPlacedModel } from "./model.ts";
import { dataNotes, hotSetNotes, modelNotes } from "./notes.ts";
import { type DeviceSettings, isDataset, type RunOptions, type RunSettings } from "./options.ts";
import { settleRun } from "./settings.ts";
import { train, type TrainHooks, type TrainOptions, type TrainResult } from "./trainer.ts";

/** A run that is ready to begin: everything is open, and the model's weights are zero. */
export interface RunSetup extends Disposable {
  /** What is trained on. */
  readonly dataset: Dataset;
  /** Table sizes and widths of the model. */
  readonly shape: ModelShape;
  /** The hot rows of a plan that has some. */
  readonly hotSet: HotSet | null;
  /** What the model is on. */
  readonly devices: PlacedDevices;
  /** Zero-filled: initialise it, or load weights, before training. */
  readonly model: Model;
  /** Runs the loop with the run's settings; `more` adds what they do not have, and `hooks` replace those of the setup. */
  train(more: RunLoop, hooks?: TrainHooks): Promise<TrainResult>;
}

/** Options of the loop that are not settings of a run. */
export type RunLoop = Pick<TrainOptions, "driver" | "trace" | "checkpoint" | "resume">;

/**
 * Opens everything that a run needs. Dispose it to close what it has opened.
 *
 * @param options `outputs` and `checkpoints` have no effect.
 * @throws {UserError} Options are wrong, or the data set, a device or the model cannot be opened.
 * @category Training
 */
export async function setUpRun(options: RunOptions, hooks: RunHooks = {}): Promise<RunSetup> {
  const note = (lines: readonly string[]): void => lines.forEach((line) => hooks.onNote?.(line));
  const settings = await settleRun(options);
  const { training, plan, device, evaluation } = settings;
  const { seed, optimizer } = training;
  using owned = new DisposableStack();
  const { weights } = settings.model;
  // Inputs mean to a model what they meant when it was trained.
  const trained = weights === null ? null : await readTrainedInputs(weights);
  const { dataset } = owned.use(
    await openRunData(settings.data, settings.model, seed, hooks, false, trained?.scales),
  );
  const { schema } = dataset;
  if (weights !== null && !isDataset(settings.data)) {
    checkDenseColumns(weights, trained?.dense, schema.dense);
  }
  const shape = resolveShape(
    PRESETS[settings.model.preset],
    schema,
    shapeFor(settings, schema.dense.length),
  );
  note(dataNotes(dataset));
  checkPlan(plan, training.epochs, inputShapeOf(schema));
  checkState(plan, optimizer.kind);
  // A split that is smaller than a minibatch of an evaluation needs no room for one.
  const evaluated = Math.max(1, dataset.count("test"), dataset.count("validation"));
  const evalBatch = Math.min(evaluation.batch, evaluated);
  const hotSet = await findPlanHotSet(dataset, plan, shape, seed, hooks);
  if (hotSet !== null) note(hotSetNotes(hotSet, shape.dim));
  const { normalisation } = settings.model;
  const statistics = normalisation === "dense" ? await denseStatistics(dataset, seed, hooks) : null;
  const devices = owned.use(await openDevices(device, timesStages(settings.outputs)));
  note(modelNotes(shape, settings, devices.device.info, devices.reason));
  const model = owned.use(createPlacedModel(devices, shape, {
    placement: device.placement,
    maxBatch: Math.max(training.batch, evalBatch),
    maxTrainBatch: training.batch,
    optimizer,
    normalisation,
    denseStatistics: statistics,
    hotSet,
  }));
  const held = owned.move();
  return {
    ...{ dataset, shape, hotSet, devices, model },
    train: (more, replaced = {}) => {
      const options = {
        ...{ ...loopOptions(settings), evalBatch },
        ...{ ...hooks, ...replaced, ...more, hotSet },
      };
      return train(model, dataset, options);
    },
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** The hot rows of a data set under a plan; null for a plan that tells none from others. */
async function findPlanHotSet(
  dataset: Dataset,
  plan: PlanOptions,
  { tableRows, dim }: ModelShape,
  seed: number,
  hooks: RunHooks,
): Promise<HotSet | null> {
  if (!findPlan(plan.name).segregates) return null;
  return await findHotSet(dataset, plan, tableRows, dim, seed, hooks);
}

/** A log with a schema has its own number of dense columns, with which the preset's bottom MLP then begins. */
function shapeFor({ data, model: { preset, shape } }: RunSettings, dense: number): ShapeOverrides {
  if (isDataset(data) || data.schema === null || shape.bottom !== undefined) return shape;
  const { bottom, dim } = PRESETS[preset];
  return { ...shape, bottom: [dense, ...bottom.slice(1, -1), shape.dim ?? dim] };
}

/** Whether something is written that shows the times of stages. */
function timesStages({ trace, events, page }: RunSettings["outputs"]): boolean {
  return trace !== null || events !== null || page !== null;
}

/** @param stageTimes Whether the times of stages are wanted where they cost something. */
async function openDevices(
  { placement, open, ...choice }: DeviceSettings,
  stageTimes: boolean,
): Promise<PlacedDevices> {
  if (open !== null) return placeOn(open, placement);
  const { kind, threads, wide } = choice;
  return await openPlaced(placement, { device: kind, threads, wide, stageTimes });
}

/** What of the settings the loop takes. */
function loopOptions(
  { training, plan, device, evaluation }: RunSettings,
): Omit<TrainOptions, "evalBatch"> {
  const { learningRate, batch, epochs, seed, shuffle, lastBatch, maxSteps } = training;
  return {
    ...{ batch, epochs, seed, shuffle, lastBatch, maxSteps },
    schedule: learningRate,
    evalEvery: evaluation.every,
    plan,
    placement: device.placement,
    prepareWorkers: device.prepareWorkers,
  };
}
