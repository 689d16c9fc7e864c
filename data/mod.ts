/**
 * Raw click logs and generated ones as data sets.
 *
 * @module
 */

export {
  DATA_FORMATS,
  type DataFormat,
  LOG_FORMATS,
  type LogFormat,
  openDataset,
  type OpenOptions,
} from "./open.ts";
export { readSchema } from "./schema/read_schema.ts";
export { LOG_SCHEMA_VERSION } from "./schema/log_schema.ts";
export type {
  CategoricalColumn,
  CategoricalListColumn,
  DenseColumn,
  DenseTransform,
  IdColumn,
  IdSpelling,
  IgnoredColumn,
  LabelColumn,
  LogColumn,
  LogSchema,
  PlacedColumn,
  RowRule,
  SequenceColumn,
  SplitRule,
  TextLayout,
  TimeColumn,
  TimeSpelling,
} from "./schema/log_schema.ts";
export type { ColumnScale, ColumnScales } from "./standardise.ts";
export type { TableKeys } from "./table_keys.ts";
export type { PreparationProgress } from "./source_scan.ts";
export { type ArraysOptions, datasetFromArrays } from "./from_arrays.ts";
export { createInputs } from "./inputs.ts";
export {
  type MaterialisationProgress,
  materialise,
  type MaterialiseOptions,
} from "./materialised.ts";
export {
  type Estimate,
  type GrowthPoint,
  type HotProfile,
  type Profile,
  profileDataset,
  type ProfileOptions,
  type TableProfile,
} from "./profile.ts";
export { plotProfile } from "./profile_plot.ts";
export { formatProfile } from "./profile_report.ts";
export type { ReuseBin } from "./access_counts.ts";
export { openSynthetic, type SyntheticOptions } from "./synthetic.ts";
export type { Dataset, DatasetSchema, Inputs, Order, Reader, Split, TableSchema } from "./types.ts";
export * from "./twin/mod.ts";
