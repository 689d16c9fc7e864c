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
export { type FitOptions, fitTwin, type TwinFit } from "./fit.ts";
export { goodnessMarkdown } from "./goodness.ts";
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
  readHistories,
  RM1_SIZES,
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
export { readSample, type SampleFormat, type TwinSample } from "./sample.ts";
export { TWIN_WORKLOADS, type Workload } from "./workloads.ts";
export { DEFAULT_TWIN_INPUTS, parseTwinSource, type TwinSource } from "./source.ts";
