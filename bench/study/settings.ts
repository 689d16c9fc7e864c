/**
 * What the study of skipping trains each workload with. Optimizers are those that `bench twins` chose; learning rates twice
 * those that it chose, since the study lets them fall to zero over the second half (rm2, baseline, a seed of its own: AUC
 * 0.774 from 0.01, 0.782 from 0.02, 0.778 from 0.04; before the rate was made to rise at first). Nothing here was chosen by what
 * skipping costs.
 *
 * @module
 */

import {
  defaultLearningRate,
  type OptimizerName,
  optimizerOf,
} from "../../train/model/optimizers.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { VariantTraining } from "./variants.ts";
import { isLog, presetOf, type StudyWorkload } from "./workload.ts";

/** How a workload is trained. */
interface WorkloadSettings {
  readonly optimizer: "adagrad" | "sgd";
  readonly learningRate: number;
  readonly batch: number;
}

/**
 * Learning rate of rm1 for fewer inputs than this: at the other one it learns nothing of so few (baseline, a seed of its own,
 * 30,000 inputs: AUC 0.56 from 0.01, 0.55 from 0.02, 0.44 from 0.06; 120,000 inputs: 0.67 from 0.01, 0.68 from 0.03).
 */
const FEW_INPUTS = 500_000, FEW_RATE = 0.02;

/** The learning rate of a workload's runs of so many inputs. */
export function learningRateOf(workload: StudyWorkload, inputs: number): number {
  return workload === "rm1" && inputs < FEW_INPUTS
    ? FEW_RATE
    : workloadSettings(workload).learningRate;
}

/** The optimizer of a variant's runs, and its learning rate. */
export function trainingOf(
  workload: StudyWorkload,
  inputs: number,
  { optimizer, learningRate }: VariantTraining,
): { readonly optimizer: OptimizerName; readonly learningRate: number } {
  const usual = workloadSettings(workload).optimizer, name = optimizer ?? usual;
  const rate = learningRate ??
    (name === usual
      ? learningRateOf(workload, inputs)
      : defaultLearningRate(presetOf(workload), optimizerOf(name)));
  return { optimizer: name, learningRate: rate };
}

/** By workload. */
const WORKLOADS: Readonly<Record<PresetName, WorkloadSettings>> = {
  rm1: { optimizer: "adagrad", learningRate: 0.06, batch: 256 },
  rm2: { optimizer: "adagrad", learningRate: 0.02, batch: 1024 },
  rm3: { optimizer: "adagrad", learningRate: 0.02, batch: 1024 },
  rm4: { optimizer: "adagrad", learningRate: 0.06, batch: 1024 },
};

/** Of a log of the user's own, which may be small: few inputs make many minibatches. */
const LOG: WorkloadSettings = { optimizer: "adagrad", learningRate: 0.02, batch: 128 };

/** How a workload is trained. */
export function workloadSettings(workload: StudyWorkload): WorkloadSettings {
  return isLog(workload) ? LOG : WORKLOADS[workload];
}

/** The paper's memory for hot rows. */
const HOT_BYTES = 256 * 2 ** 20;

/**
 * Share of a workload's rows that 256 MiB hold at its published size: 0.81 of rm1's, 0.12 of rm2's, 0.02 of rm3's, 0.44 of
 * rm4's. A data set of another size gets a hot memory in proportion to the rows seen, a log that of rm2.
 */
export function hotRowShare(workload: StudyWorkload): number {
  const { dim, tableRows } = presetOf(workload);
  const rows = tableRows.reduce((sum, n) => sum + n, 0);
  return HOT_BYTES / 4 / dim / rows;
}
