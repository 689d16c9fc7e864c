/**
 * Statistical twins: generators whose inputs have the statistics of data sets that cannot be shipped.
 *
 * @module
 */

export type { Compared, DistinctCheck } from "./check.ts";
export { fitLog, type FitLogOptions, type LogFit } from "./fit_log.ts";
export { type Goodness, goodnessMarkdown, plotGoodness } from "./goodness.ts";
export type { HISTORY_VERSION, HistoryParameters } from "./histories.ts";
export type { Law, Segment } from "./law.ts";
export { loadHistoryTwin, loadTwin, openTwin, type TwinOptions } from "./open.ts";
export type {
  ColumnDrift,
  EFFECT_EXPONENTS,
  TWIN_VERSION,
  TwinClass,
  TwinClicks,
  TwinColumn,
  TwinDense,
  TwinParameters,
} from "./parameters.ts";
export {
  fitReuse,
  META_2021,
  META_2021_OPTIONS,
  type ReuseStatistics,
  type ReuseTwinOptions,
  twinOfReuse,
} from "./reuse.ts";
export { WORKLOAD_NAMES, type WorkloadName } from "./workloads.ts";
