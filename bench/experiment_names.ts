/**
 * Names of all experiments, for what must know their order and load none of them.
 *
 * @module
 */

/** In the order of the suite, the report and the help page. */
export const EXPERIMENT_NAMES: readonly string[] = [
  "worth",
  "frontier",
  "speedup",
  "plans",
  "breakdown",
  "skew",
  "staleness",
  "naive-skip",
  "accuracy",
  "learning",
  "traffic",
  "overhead",
  "sensitivity",
  "setting",
  "ablation",
  "choices",
  "kernels",
  "peers",
  "validate",
  "placements",
  "train",
  "speed",
  "prepare",
  "memory",
  "hot",
  "twins",
  "scale",
];
