/**
 * Flags that say how the weights are trained and measured.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import { OPTIMIZER_NAMES } from "../model/optimizers.ts";
import type { TrainingOptions } from "../run/options.ts";
import type { DATA_FLAGS, Given } from "./data_flags.ts";
import type { PLAN_FLAGS } from "./plan_flags.ts";

/** Optimizer, learning rate, minibatches, seed and evaluations. */
export const TRAINING_FLAGS = {
  optimizer: {
    type: "choice",
    choices: [...OPTIMIZER_NAMES, "rwsadagrad"],
    group: "Training",
    valueName: OPTIMIZER_NAMES.join("|"),
    defaultText: "by model",
    help: "Optimizer of tables and MLPs (rwsadagrad is rowwise-adagrad)",
  },
  lr: {
    type: "number",
    above: 0,
    aliases: ["learning-rate"],
    group: "Training",
    defaultText: "by model; with another optimizer 0.1 for sgd, else 0.01",
    help: "Learning rate",
  },
  lrNumWarmupSteps: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    group: "Training",
    help: "Minibatches of linear warm-up",
  },
  lrDecayStartStep: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    group: "Training",
    help: "Minibatch at which quadratic decay starts",
  },
  lrNumDecaySteps: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    group: "Training",
    help: "Minibatches of quadratic decay; 0 for none",
  },
  batch: {
    type: "number",
    integer: true,
    min: 1,
    max: 1 << 20,
    aliases: ["mini-batch-size"],
    group: "Training",
    defaultText: "by model",
    help: "Inputs in a minibatch",
  },
  epochs: {
    type: "number",
    integer: true,
    min: 1,
    default: 1,
    aliases: ["nepochs"],
    group: "Training",
    help: "Times through the training split",
  },
  maxSteps: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    aliases: ["num-batches"],
    group: "Training",
    help: "Stop after N minibatches in all; 0 for no limit",
  },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffffffff,
    default: 123,
    aliases: ["numpy-rand-seed"],
    group: "Training",
    help: "Seed of initialisation and data order, which draw from separate streams",
  },
  evalEvery: {
    type: "number",
    integer: true,
    min: -1,
    default: 0,
    aliases: ["test-freq"],
    group: "Evaluation",
    help: "Evaluate on the test split every N minibatches too; 0 or -1 only at the end",
  },
  testBatch: {
    type: "number",
    integer: true,
    min: 1,
    max: 1 << 20,
    aliases: ["test-mini-batch-size"],
    group: "Evaluation",
    defaultText: "as --batch",
    help: "Inputs in a minibatch of an evaluation",
  },
} as const satisfies FlagTable;

/** The training that flags ask for. */
export function trainingOf(
  values: FlagValues<
    & typeof TRAINING_FLAGS
    & Pick<typeof DATA_FLAGS, "dataOrder">
    & Pick<typeof PLAN_FLAGS, "lastBatch">
  >,
  given: Given,
): TrainingOptions {
  if (values.epochs > 1 && given.get("maxSteps") === "--num-batches") {
    throw new UsageError(
      "Cannot use --num-batches with several epochs: in DLRM it bounds each epoch, so give --max-steps for all of them",
    );
  }
  return {
    optimizer: values.optimizer === "rwsadagrad" ? "rowwise-adagrad" : values.optimizer,
    learningRate: {
      base: values.lr,
      warmupSteps: values.lrNumWarmupSteps,
      decayStartStep: values.lrDecayStartStep,
      decaySteps: values.lrNumDecaySteps,
    },
    batch: values.batch,
    epochs: values.epochs,
    maxSteps: values.maxSteps,
    seed: values.seed,
    shuffle: values.dataOrder === "total",
    lastBatch: values.lastBatch,
  };
}
