/**
 * The simulator: machine, trace and system to training time with its breakdown. See docs/simulator.md.
 *
 * @module
 */

export { calibrate, type CalibrateOptions } from "./calibrate/calibrate.ts";
export { type CountOptions, countTrace, countTraces } from "./counts.ts";
export { parseCountedTrace, readAnyTrace, writeCountedTrace } from "./counted_file.ts";
export { contextOf } from "./context.ts";
export type { Context } from "./context.ts";
export { type GraphTimes, runGraph } from "./engine.ts";
export { explain, type Explanation, type Purchase } from "./explain.ts";
export { type Graph, GraphBuilder, type Resource, type Task } from "./graph.ts";
export {
  checkMachine,
  loadMachine,
  type Machine,
  MACHINE_FIELDS,
  MACHINE_NAMES,
  MACHINE_PATHS,
  MACHINE_SCHEMA_VERSION,
  type MachineDocument,
  type MachineFields,
  machineOf,
  type MachinePath,
  type MachineSection,
  type Quantity,
  QUANTITY_KINDS,
  type Rates,
  withRates,
} from "./machine.ts";
export {
  PARAMETER_NAMES,
  type ParameterName,
  PARAMETERS,
  type Parameters,
  START_PARAMETERS,
  type SystemParameter,
} from "./parameters.ts";
export { recount } from "./recount.ts";
export { costAt, type CostAxis, type CostTable } from "./runtime/cost_table.ts";
export type { Fingerprint, Reference, RuntimeRates } from "./runtime/rates.ts";
export {
  minibatchGraph,
  type MovedBytes,
  type Share,
  simulate,
  type SimulateOptions,
  type SimulationResult,
} from "./simulate.ts";
export {
  type Axis,
  AXIS_NAMES,
  type AxisName,
  PLAN_AXES,
  sweep,
  type SweepOptions,
  type SweepRow,
} from "./sweep.ts";
export type { Extra, System } from "./system.ts";
export { findSystem, SYSTEM_NAMES, SYSTEMS } from "./systems/mod.ts";
export * as systemParts from "./systems/parts.ts";
export { timeline, type TimelineEntry } from "./timeline.ts";
export {
  BAR,
  type ComparedBlock,
  type ComparedMinibatch,
  type Comparison,
  type MinibatchGroup,
  type Verdict,
} from "./validate/compare.ts";
export { validate, type ValidateOptions, type Validation } from "./validate/validate.ts";
export { hotShare, withDim, withHotShare } from "./variants.ts";
export {
  condense,
  type CountedTrace,
  type Counts,
  countTraceRuns,
  type Work,
  type WorkClass,
  type Workload,
  workloadOf,
  type WorkloadOptions,
} from "./work.ts";
