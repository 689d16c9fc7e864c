/**
 * Statistical twins: generators whose inputs have the statistics of data sets that cannot be shipped.
 *
 * @module
 */

export {
  checkDistinct,
  checkTwin,
  type Compared,
  type DistinctCheck,
  sampleStatistics,
} from "./check.ts";
export { checkHistories, checkHistoryDistinct } from "./check_histories.ts";
export { type FitOptions, fitTwin, type TwinFit } from "./fit.ts";
export { fitLog, type FitLogOptions, type LogFit } from "./fit_log.ts";
export { type Goodness, goodnessMarkdown, plotGoodness } from "./goodness.ts";
export {
  checkHistoryParameters,
  fitHistories,
  type History,
  HISTORY_VERSION,
  type HistoryFitOptions,
  HistoryGenerator,
  type HistoryParameters,
  type HistoryStatistics,
  historyStatistics,
} from "./histories.ts";
export { hotRanks, type HotShare, hotShares } from "./hot.ts";
export { type Law, type Segment } from "./law.ts";
export {
  isHistories,
  loadAnyTwin,
  loadHistoryTwin,
  loadTwin,
  openTwin,
  TWIN_NAMES,
  type TwinOptions,
} from "./open.ts";
export {
  checkParameters,
  parseTwin,
  TWIN_VERSION,
  type TwinClass,
  type TwinClicks,
  type TwinColumn,
  type TwinDense,
  type TwinParameters,
} from "./parameters.ts";
export {
  fitReuse,
  META_2021,
  META_2021_OPTIONS,
  type ReuseStatistics,
  type ReuseTwinOptions,
  twinOfReuse,
} from "./reuse.ts";
export { sampleInputs, type TwinSample } from "./sample.ts";
export { RM1_SIZES, TWIN_WORKLOADS, WORKLOAD_NAMES, type WorkloadName } from "./workloads.ts";
export { DEFAULT_TWIN_INPUTS, parseTwinSource, type TwinSource } from "./source.ts";
