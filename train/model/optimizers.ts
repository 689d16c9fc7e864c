/**
 * Optimizers by name, with torch's constants.
 *
 * @module
 */

import type { Optimizer } from "../../kernels/types.ts";

/** Names of the optimizers. */
export const OPTIMIZER_NAMES = ["sgd", "adagrad", "rowwise-adagrad"] as const;

/** The name of an optimizer. */
export type OptimizerName = typeof OPTIMIZER_NAMES[number];

/** torch's Adagrad and DLRM's row-wise Adagrad use this. */
const ADAGRAD_EPS = 1e-10;
/** torch's default for Adagrad. */
const ADAGRAD_LEARNING_RATE = 0.01;
/** That of DLRM's Criteo scripts, as in the presets. */
const SGD_LEARNING_RATE = 0.1;

/** The optimizer of a name, with torch's constants. */
export function optimizerOf(name: OptimizerName): Optimizer {
  return name === "sgd" ? { kind: name } : { kind: name, eps: ADAGRAD_EPS };
}

/** The learning rate of a preset: its own where its optimizer is kept, else the optimizer's default. */
export function defaultLearningRate(
  preset: { readonly optimizer: OptimizerName; readonly learningRate: number },
  optimizer: Optimizer,
): number {
  if (optimizer.kind === preset.optimizer) return preset.learningRate;
  return optimizer.kind === "sgd" ? SGD_LEARNING_RATE : ADAGRAD_LEARNING_RATE;
}
