/**
 * The model of a run: made on the devices of its placement, and filled.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { counted } from "../../core/format.ts";
import type { Dataset } from "../../data/types.ts";
import type { Optimizer } from "../../kernels/types.ts";
import type { Model } from "../model/model.ts";
import { createModel, type ModelShape } from "../model/models.ts";
import { hostOf, type OpenDevices, type Placement } from "../model/placement.ts";
import type { DenseStatistics } from "../model/statistics.ts";
import type { Normalisation } from "../model/tower.ts";
import type { HotSet } from "../plan/hot_set.ts";
import { loadWeightsById, type RowMatching } from "../weights/weights.ts";
import type { RunHooks } from "./hooks.ts";
import { isDataset, type RunSettings } from "./options.ts";

/** What a model is made for. */
export interface PlacedModelOptions {
  /** Where rows live. */
  readonly placement: Placement;
  /** Inputs in the largest minibatch, of training or of an evaluation. */
  readonly maxBatch: number;
  /** Inputs in the largest minibatch of training alone; `maxBatch` by default. */
  readonly maxTrainBatch?: number;
  readonly optimizer: Optimizer;
  readonly normalisation: Normalisation;
  /** What the normalisation `dense` standardises by; without it weights have to bring it. */
  readonly denseStatistics?: DenseStatistics | null;
  /** The rows that the placement `hot` keeps a second copy of. */
  readonly hotSet: HotSet | null;
}

/**
 * Makes a model, zero-filled, on the devices of a placement.
 *
 * @throws {UserError} A device cannot hold it.
 * @throws {RangeError} The placement is `hot` and there is no hot set.
 */
export function createPlacedModel(
  devices: OpenDevices,
  shape: ModelShape,
  options: PlacedModelOptions,
): Model {
  const { placement, maxBatch, maxTrainBatch, optimizer, normalisation, hotSet } = options;
  const { denseStatistics = null } = options;
  if (placement === "hot" && hotSet === null) {
    throw new RangeError("Cannot place hot rows on the device: there is no hot set");
  }
  try {
    return createModel(devices.device, shape, {
      optimizer,
      maxBatch,
      ...(maxTrainBatch === undefined ? {} : { maxTrainBatch }),
      host: hostOf(placement, devices),
      hotRows: placement === "hot" ? hotSet!.rows.rows : null,
      normalisation,
      denseStatistics,
    });
  } catch (error) {
    // The shapes fit each other, so the device can only refuse their size.
    if (!(error instanceof RangeError)) throw error;
    const { message } = error;
    throw new UserError((option) =>
      `${message}; try a smaller ${option("training.batch")}, ${option("evaluation.batch")} or ${
        option("model.shape.tables")
      }`
    );
  }
}

/** What a model is filled from. */
export interface Filling extends RowMatching {
  /** Folder of weights; null to draw them from the seed. */
  readonly weights: string | null;
  readonly optimizer: Optimizer;
  /** Seed of drawn weights, also for rows whose ids the folder does not have; null leaves those rows zero. */
  readonly seed: number | null;
}

/**
 * Fills a model from a folder of weights, or where there is none from a seed.
 *
 * @throws {UserError} The folder cannot be used.
 */
export async function fillModel(
  model: Model,
  { weights, optimizer, seed, ...matching }: Filling,
  { onNote }: Pick<RunHooks, "onNote">,
): Promise<void> {
  if (seed !== null) await model.initialise(seed);
  if (weights === null) return;
  const { withState, matched, unknown } = await loadWeightsById(
    model,
    optimizer,
    weights,
    matching,
  );
  const { kind } = optimizer;
  onNote?.(
    withState
      ? `Weights and ${kind} state from ${weights}`
      : `Weights from ${weights}${kind === "sgd" ? "" : `; the ${kind} state starts at zero`}`,
  );
  if (matched === "ids") {
    const become = seed !== null
      ? "start afresh"
      : "are zero, or that of rare ids where the table has one";
    onNote?.(`  Rows are matched by id; ${counted(unknown, "row")} of new ids ${become}`);
  } else if (matched === "number" && matching.keys) {
    onNote?.("  Rows are matched by number, because the folder does not say what they are");
  }
}

/**
 * Which ids the rows of a run's tables stand for. For a data set that was open before, this is only known if it says so
 * itself.
 */
export async function keysOf(
  dataset: Dataset,
  given: RunSettings["data"],
): Promise<RowMatching["keys"]> {
  return await dataset.keys?.() ?? (isDataset(given) ? undefined : null);
}
