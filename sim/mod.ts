/**
 * The simulator: from a machine, a trace and a system to the training time and its breakdown. See docs/simulator.md.
 *
 * @module
 */

export {
  BREAK_EVEN_SYSTEMS,
  breakEven,
  type BreakEvenCell,
  type BreakEvenOptions,
} from "./break_even.ts";
export { calibrate, type CalibrateOptions } from "./calibrate/calibrate.ts";
export { type CountOptions, countTrace, countTraces } from "./counts.ts";
export { parseAnyTrace, readAnyTrace, writeCountedTrace } from "./counted_file.ts";
export type { Context, Precision, PRECISIONS } from "./context.ts";
export type { Program as TrainingProgram } from "./program.ts";
export type { CountCache, CountKey } from "./count_cache.ts";
export type { GraphTimes } from "./engine.ts";
export { explain, type Explanation, type ExplanationRanges, type Purchase } from "./explain.ts";
export type { Graph, GraphBuilder, Resource, Task } from "./graph.ts";
export {
  checkMachine,
  loadMachine,
  type Machine,
  MACHINE_FIELDS,
  MACHINE_NAMES,
  MACHINE_PATHS,
  MACHINE_SCHEMA_VERSION,
  type MachineCost,
  type MachineDocument,
  type MachineFields,
  machineOf,
  type MachinePath,
  type MachineSection,
  type Network,
  OPTIONAL_FIELDS,
  type PathsOf,
  type ProductRates,
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
export {
  loadParameterSet,
  PARAMETER_SET_NAMES,
  type ParameterSet,
  type ParameterSetName,
} from "./parameter_sets.ts";
export { type Drawing, rangesOf, type SimulationRanges } from "./ranges.ts";
export type { CostAxis, CostTable } from "./runtime/cost_table.ts";
export type { Fingerprint, Reference, RuntimeRates } from "./runtime/rates.ts";
export {
  type EpochCost,
  minibatchGraph,
  type MovedBytes,
  type Share,
  simulate,
  type SimulateOptions,
  type SimulationResult,
} from "./simulate.ts";
export {
  type Axis,
  type AxisName,
  type PLAN_AXES,
  sweep,
  type SweepDraws,
  type SweepOptions,
  type SweepRow,
  type SweptTrace,
} from "./sweep.ts";
export type { Extra, System } from "./system.ts";
export { findSystem, SYSTEM_NAMES, SYSTEMS } from "./systems/mod.ts";
export * as systemParts from "./systems/parts.ts";
export { withSkipsOf } from "./skips.ts";
export { timeline, type TimelineEntry } from "./timeline.ts";
export type { Range } from "./uncertainty.ts";
export {
  BAR,
  type ComparedBlock,
  type ComparedMinibatch,
  type Comparison,
  type MinibatchGroup,
  type Verdict,
} from "./validate/compare.ts";
export { validate, type ValidateOptions, type Validation } from "./validate/validate.ts";
export {
  type CountedTrace,
  type Counts,
  countTraceRuns,
  type HotCopies,
  type Work,
  type WorkClass,
  type Workload,
} from "./work.ts";
