/**
 * Options of a run, which library code calls by their fields, as the flags that set them.
 *
 * @module
 */

import { flagName } from "../../core/flags.ts";
import type { TRAIN_FLAGS } from "./flags.ts";

/** Fields by their paths in `RunSettings`. Those of a plan not named here are called as their flags. */
const FLAGS: Readonly<Record<string, keyof typeof TRAIN_FLAGS>> = {
  "data": "data",
  "data.source": "data",
  "data.format": "format",
  "data.schema": "schema",
  "data.test": "test",
  "data.validation": "validation",
  "data.limit": "limit",
  "data.maxIndexRange": "maxIndRange",
  "data.minCount": "minCount",
  "data.seed": "dataSeed",
  "data.leak": "leak",
  "data.badRows": "badRows",
  "data.cache": "cache",
  "model.preset": "model",
  "model.shape.dim": "embeddingDim",
  "model.shape.bottom": "bottom",
  "model.shape.top": "top",
  "model.shape.attention": "attention",
  "model.shape.final": "final",
  "model.shape.tables": "tables",
  "model.normalisation": "normalize",
  "model.weights": "init",
  "training.optimizer": "optimizer",
  "training.learningRate.base": "lr",
  "training.learningRate.warmupSteps": "lrNumWarmupSteps",
  "training.learningRate.decayStartStep": "lrDecayStartStep",
  "training.learningRate.decaySteps": "lrNumDecaySteps",
  "training.batch": "batch",
  "training.epochs": "epochs",
  "training.maxSteps": "maxSteps",
  "training.seed": "seed",
  "training.shuffle": "dataOrder",
  "training.lastBatch": "lastBatch",
  "plan.name": "plan",
  "plan.hotMemoryMib": "hotMemory",
  "device.kind": "device",
  "device.threads": "threads",
  "device.wide": "wide",
  "device.prepareWorkers": "prepareWorkers",
  "device.placement": "placement",
  "evaluation.every": "evalEvery",
  "evaluation.batch": "testBatch",
  "checkpoints.folder": "checkpoint",
  "checkpoints.every": "checkpointEvery",
  "checkpoints.resume": "resume",
  "outputs.result": "json",
  "outputs.trace": "trace",
  "outputs.events": "events",
  "outputs.page": "page",
  "outputs.weights": "save",
  "outputs.weightsFallback": "saveFallback",
  "outputs.scores": "out",
};

/** The flag of a field, dashes included; a field that has none as it is. */
export function flagOf(field: string): string {
  const flag = FLAGS[field];
  if (flag !== undefined) return flagName(flag);
  return field.startsWith("plan.") ? flagName(field.slice("plan.".length)) : field;
}
