/**
 * What the study of skipping trains each workload with. Optimizer and learning rate are those that `bench twins` chose, on
 * seeds of its own; nothing here was chosen by what skipping costs.
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
  rm1: { optimizer: "adagrad", learningRate: 0.03, batch: 256 },
  rm2: { optimizer: "adagrad", learningRate: 0.01, batch: 1024 },
  rm3: { optimizer: "adagrad", learningRate: 0.01, batch: 1024 },
  rm4: { optimizer: "adagrad", learningRate: 0.03, batch: 1024 },
};

/**
 * Share of the rows seen that are hot: that of Criteo Kaggle's rows in 256 MiB (4,194,304 of 33,762,577). A data set of
 * another size so gets a hot memory in proportion.
 */
export const HOT_SHARE = 4_194_304 / 33_762_577;
