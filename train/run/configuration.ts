/**
 * A run's settings as documents hold them: one list of fields, in results and checkpoints alike.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { NORMALISATIONS } from "../model/tower.ts";
import { storablePlan } from "../plan/criterion_file.ts";
import { PLAN_DEFAULTS } from "../plan/options.ts";
import type { DataSettings, DataSource, RunSettings } from "./options.ts";
import { isDataset } from "./options.ts";
import type { Json } from "./result.ts";

/** What documents of older versions do not have. */
type NewDataSettings = Partial<Pick<DataSettings, "schema" | "test" | "validation">>;

/** The fields, as they have been since the first version of the documents. */
interface Configuration
  extends
    Omit<DataSettings, "source" | "maxIndexRange" | "seed" | keyof NewDataSettings>,
    NewDataSettings {
  /** Where inputs came from; a data set that a script opened cannot be named. */
  readonly data: DataSource | { readonly kind: "dataset" };
  readonly maxIndRange: number | null;
  readonly dataSeed: number;
  readonly shuffle: boolean;
  readonly model: RunSettings["model"]["preset"];
  readonly shape: RunSettings["model"]["shape"];
  readonly optimizer: RunSettings["training"]["optimizer"];
  readonly schedule: RunSettings["training"]["learningRate"];
  readonly batch: number;
  readonly evalBatch: number;
  readonly epochs: number;
  readonly maxSteps: number;
  readonly seed: number;
  readonly evalEvery: number;
  readonly normalisation: RunSettings["model"]["normalisation"];
  readonly plan: RunSettings["plan"];
  readonly lastBatch: RunSettings["training"]["lastBatch"];
  readonly placement: RunSettings["device"]["placement"];
  readonly device: RunSettings["device"]["kind"];
  readonly threads: number | null;
  readonly wide: boolean;
  readonly prepareWorkers?: number | null;
  readonly init: string | null;
  readonly save: string | null;
  readonly saveFallback?: string | null;
  readonly json: string | null;
  readonly trace: string | null;
  readonly events?: string | null;
  readonly page?: string | null;
  readonly checkpoint: string | null;
  readonly checkpointEvery: number;
  readonly resume: string | null;
}

/** The settings as a document holds them. */
export function configurationOf(settings: RunSettings): Json {
  const { model, training, plan, device, evaluation, checkpoints, outputs } = settings;
  const configuration: Partial<Configuration> = {
    ...dataConfiguration(settings.data),
    shuffle: training.shuffle,
    model: model.preset,
    shape: model.shape,
    optimizer: training.optimizer,
    schedule: training.learningRate,
    batch: training.batch,
    evalBatch: evaluation.batch,
    epochs: training.epochs,
    maxSteps: training.maxSteps,
    seed: training.seed,
    evalEvery: evaluation.every,
    normalisation: model.normalisation,
    plan: storablePlan(plan),
    lastBatch: training.lastBatch,
    placement: device.placement,
    device: device.kind,
    threads: device.threads,
    wide: device.wide,
    prepareWorkers: device.prepareWorkers,
    init: model.weights,
    save: outputs.weights,
    saveFallback: outputs.weightsFallback,
    json: outputs.result,
    trace: outputs.trace,
    events: outputs.events,
    page: outputs.page,
    checkpoint: checkpoints.folder,
    checkpointEvery: checkpoints.every,
    resume: checkpoints.resume,
  };
  return configuration as Json;
}

function dataConfiguration(data: RunSettings["data"]): Partial<Configuration> {
  if (isDataset(data)) return { data: { kind: "dataset" } };
  const { source, format, schema, test, validation } = data;
  const { limit, maxIndexRange, minCount, seed, leak, badRows, cache } = data;
  return {
    ...{ data: source, format, schema, test, validation },
    ...{ limit, maxIndRange: maxIndexRange, minCount, dataSeed: seed },
    ...{ leak, badRows, cache },
  };
}

/**
 * The settings that a document holds.
 *
 * @param path Of the document, for messages.
 * @throws {UserError} The run's data were a data set that a script had opened.
 */
export function settingsOf(document: Json, path: string): RunSettings {
  const of = document as unknown as Configuration;
  const { data: source } = of;
  if (source.kind === "dataset") {
    throw new UserError(
      `Cannot resume from ${path} by its own options: its data set was opened by a script, so give runTraining the same data set and the folder to resume from`,
    );
  }
  if (!NORMALISATIONS.includes(of.normalisation)) {
    throw new UserError(
      `Cannot resume from ${path}: its run normalises features by ${of.normalisation}, which no longer exists; normalisations are ${
        NORMALISATIONS.join(", ")
      }`,
    );
  }
  const { format, limit, minCount, leak, badRows, cache } = of;
  const { batch, epochs, maxSteps, seed, shuffle, lastBatch, optimizer } = of;
  const { threads, wide, placement } = of;
  return {
    data: {
      ...{ source, format, limit, maxIndexRange: of.maxIndRange, minCount, seed: of.dataSeed },
      ...{ leak, badRows, cache },
      // Checkpoints of older versions have none.
      schema: of.schema ?? null,
      test: of.test ?? [],
      validation: of.validation ?? [],
    },
    model: {
      preset: of.model,
      shape: of.shape,
      normalisation: of.normalisation,
      weights: of.init,
    },
    training: {
      ...{ optimizer, learningRate: of.schedule, batch, epochs, maxSteps, seed, shuffle },
      lastBatch,
    },
    // Plans of older versions lack the newest options.
    plan: { ...PLAN_DEFAULTS, ...of.plan },
    device: {
      ...{ kind: of.device, threads, wide, placement, open: null },
      // Checkpoints of older versions have none.
      prepareWorkers: of.prepareWorkers ?? null,
    },
    evaluation: { every: of.evalEvery, batch: of.evalBatch },
    checkpoints: { folder: of.checkpoint, every: of.checkpointEvery, resume: of.resume },
    outputs: {
      result: of.json,
      trace: of.trace,
      weights: of.save,
      // Checkpoints of older versions have none of these.
      events: of.events ?? null,
      page: of.page ?? null,
      weightsFallback: of.saveFallback ?? null,
    },
  };
}
