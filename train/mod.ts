/**
 * Models, the training loop, metrics, weights, traces and result documents.
 *
 * @module
 */

export { BatchSource } from "./run/batches.ts";
export { Dlrm, type DlrmShape } from "./model/dlrm.ts";
export type { Environment } from "./run/environment.ts";
export { evaluate, type EvaluationSource } from "./run/evaluate.ts";
export type { Feeds, InputFeed, Look, Minibatches } from "./feed/feeds.ts";
export type { HotNumbers, Numbering } from "./feed/preparer.ts";
export type { Metrics } from "./run/metrics.ts";
export type { HotRowStore } from "./model/hot_store.ts";
export type {
  HostBatch,
  HostStep,
  Model,
  ModelBuffer,
  Parameter,
  Route,
  Step,
} from "./model/model.ts";
export { createModel, type ModelShape, type ShapeDocument } from "./model/models.ts";
export {
  type OpenDevices,
  openPlaced,
  type PlacedDevices,
  type Placement,
  PLACEMENTS,
} from "./model/placement.ts";
export type { Decision, DropPoint, PlanDocument, WatchedRows } from "./plan/document.ts";
export type { HotRows, HotRowsOptions } from "./plan/hot_rows.ts";
export { findHotSet, type HotSet, segregate, type Segregation } from "./plan/hot_set.ts";
export type { PassHooks, PassProgress } from "./plan/pass.ts";
export {
  type ChangeKind,
  type Combine,
  CRITERIA,
  type Criterion,
  type CriterionFile,
  type CriterionName,
  type WindowRow,
} from "./plan/criterion.ts";
export { loadCriterion } from "./plan/criterion_file.ts";
export type {
  DriverHooks,
  DriverParts,
  DriverState,
  PlanDriver,
  PlannedMinibatch,
  StateArray,
} from "./plan/driver.ts";
export { openDriver } from "./plan/open_driver.ts";
export { PLAN_DEFAULTS, type PlanOptions, type TurnOrder } from "./plan/options.ts";
export { type Plan, PLAN_NAMES, type PlanName, PLANS } from "./plan/plans.ts";
export type { PlanMode } from "./plan/semantics.ts";
export { type Stage, STAGES } from "./stages.ts";
export {
  countParameters,
  type DlrmPreset,
  type PresetName,
  PRESETS,
  resolveShape,
  type ShapeOverrides,
  type ShapeSource,
  type TbsmPreset,
} from "./model/presets.ts";
export type { Transfer } from "./model/row_paths.ts";
export {
  type Json,
  RESULT_SCHEMA_VERSION,
  type ResultDocument,
  type ResultInput,
  type RunEnd,
  writeResult,
} from "./run/result.ts";
export { denseStatistics } from "./run/dense_statistics.ts";
export type { LearningRateSchedule } from "./run/learning_rate.ts";
export { OPTIMIZER_NAMES, type OptimizerName } from "./model/optimizers.ts";
export type { OutputKind, RunHooks } from "./run/hooks.ts";
export type {
  CheckpointSettings,
  DataNames,
  DataOptions,
  DataSettings,
  DataSource,
  DeviceSettings,
  EvaluationSettings,
  ModelChoice,
  ModelSettings,
  Optional,
  OutputSettings,
  RunOptions,
  TrainingOptions,
  TrainingSettings,
} from "./run/options.ts";
export {
  runScoring,
  SCORING_SCHEMA_VERSION,
  type ScoringDocument,
  type ScoringHooks,
  type ScoringOptions,
} from "./run/run_scoring.ts";
export { runTraining } from "./run/run_training.ts";
export { type RunLoop, type RunSetup, setUpRun } from "./run/setup.ts";
export type { StateTensors, TrainState } from "./run/state.ts";
export type { DenseStatistics } from "./model/statistics.ts";
export { Tbsm, type TbsmShape } from "./model/tbsm.ts";
export { type Normalisation, NORMALISATIONS, type TowerShape } from "./model/tower.ts";
export type { ModelOptions, TowerModel } from "./model/tower_model.ts";
export type { MinibatchSink } from "./trace/log.ts";
export {
  TRACE_COLUMNS,
  type TraceArray,
  type TraceColumn,
  type TraceColumns,
  type TraceColumnType,
  type TraceStage,
} from "./trace/columns.ts";
export { readTrace, type TraceFile, writeTrace } from "./trace/files.ts";
export { type ArrowTable, TraceRecorder } from "./trace/recorder.ts";
export {
  MINIBATCH_KINDS,
  MINIBATCH_PLACES,
  type MinibatchKind,
  type MinibatchPlace,
  type MinibatchRecord,
  type Trace,
  TRACE_SCHEMA_VERSION,
  TRACE_STAGES,
  type TraceHeader,
} from "./trace/schema.ts";
export {
  type CheckpointPolicy,
  type LastBatch,
  type StopRequest,
  type TimedEvaluation,
  train,
  type TrainCounts,
  type TrainedStep,
  type TrainHooks,
  TrainingFailure,
  type TrainOptions,
  type TrainProgress,
  type TrainResult,
} from "./run/trainer.ts";
export {
  loadWeights,
  type ModelDocument,
  saveWeights,
  type WEIGHTS_SCHEMA_VERSION,
} from "./weights/weights.ts";
