/**
 * What the study of skipping trains each workload with. Optimizers are those that `bench twins` chose; learning rates twice
 * those that it chose, since the study lets them fall to zero over the second half (rm2, baseline, a seed of its own: AUC
 * 0.774 from 0.01, 0.782 from 0.02, 0.778 from 0.04). Nothing here was chosen by what skipping costs.
 *
 * @module
 */

import type { PresetName } from "../../train/presets.ts";

/** How a workload is trained. */
export interface WorkloadSettings {
  readonly optimizer: "adagrad" | "sgd";
  readonly learningRate: number;
  readonly batch: number;
}

/** By workload. */
export const WORKLOADS: Readonly<Record<PresetName, WorkloadSettings>> = {
  rm1: { optimizer: "adagrad", learningRate: 0.06, batch: 256 },
  rm2: { optimizer: "adagrad", learningRate: 0.02, batch: 1024 },
  rm3: { optimizer: "adagrad", learningRate: 0.02, batch: 1024 },
  rm4: { optimizer: "adagrad", learningRate: 0.06, batch: 1024 },
};

/**
 * Share of the rows seen that are hot: that of Criteo Kaggle's rows in 256 MiB (4,194,304 of 33,762,577). A data set of
 * another size so gets a hot memory in proportion.
 */
export const HOT_SHARE = 4_194_304 / 33_762_577;
