/**
 * The options of a training run, by subject. Only data and model are required.
 *
 * @module
 */

import type { LogFormat } from "../../data/open.ts";
import type { LogSchema } from "../../data/schema/log_schema.ts";
import type { Dataset } from "../../data/types.ts";
import type { DeviceChoice } from "../../kernels/open.ts";
import type { Optimizer } from "../../kernels/types.ts";
import type { ModelShape } from "../model/models.ts";
import type { OptimizerName } from "../model/optimizers.ts";
import type { OpenDevices, Placement } from "../model/placement.ts";
import type { PresetName, ShapeOverrides } from "../model/presets.ts";
import type { Normalisation } from "../model/tower.ts";
import type { PlanOptions } from "../plan/options.ts";
import type { PlanName } from "../plan/plans.ts";
import type { LearningRateSchedule } from "./learning_rate.ts";
import type { LastBatch } from "./trainer.ts";

/** Members that may be left out, or be undefined, to take their defaults. */
export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Where inputs come from. */
export type DataSource =
  /** Click logs in order, folders and patterns of files among them. */
  | { readonly kind: "files"; readonly paths: readonly string[] }
  /** A twin, as `openDataset` takes it: `twin:rm2:1000000`. */
  | { readonly kind: "twin"; readonly source: string }
  /** Generated clicks with a signal to learn; `inputs` is null for the generator's own number. */
  | { readonly kind: "synthetic"; readonly inputs: number | null };

/**
 * A source as command lines name it: click logs by their paths; `synthetic`, `twin:rm2`, `twin:FILE.json`, each perhaps with
 * `:INPUTS` behind it.
 */
export type DataNames = string | readonly string[];

/** How a source is read. */
export interface DataSettings {
  /** Where inputs come from. */
  readonly source: DataSource;
  /** Format of the files; `auto`, the default, recognises it. */
  readonly format: "auto" | LogFormat;
  /**
   * For a log in a format of its own: the schema of its columns, or the path of a schema file; null, the default, for a
   * known log.
   */
  readonly schema: string | LogSchema | null;
  /** Files with the test inputs; empty, the default, takes a part of the source. */
  readonly test: readonly string[];
  /** Files with the validation inputs, used with `test`; empty by default. */
  readonly validation: readonly string[];
  /** Use only so many inputs; null, the default, for all. */
  readonly limit: number | null;
  /** Take ids modulo this; null, the default, leaves them as they are. */
  readonly maxIndexRange: number | null;
  /** Ids that occur fewer times in the training split share a row; 0, the default, for none. */
  readonly minCount: number;
  /** Seed of random choices while data are prepared, 0 to 2^32 - 1; 123 by default. */
  readonly seed: number;
  /**
   * For logs of sequences: whether validation may use users that are trained on, as the original does; false by default.
   */
  readonly leak: boolean;
  /** What to do with a malformed row; `error` by default. */
  readonly badRows: "error" | "skip";
  /** Folder of prepared data; `.cache/data` by default. */
  readonly cache: string;
}

/** A source, and any options of reading it. */
export type DataOptions =
  & { readonly source: DataSource | DataNames }
  & Optional<Omit<DataSettings, "source">>;

/** A published model and what replaces parts of it. */
export interface ModelSettings {
  /** The published model. */
  readonly preset: PresetName;
  /** Widths and table sizes that replace the preset's. */
  readonly shape: ShapeOverrides;
  /** How features are normalised; `none` by default. */
  readonly normalisation: Normalisation;
  /** Folder of weights and optimizer state to start from; null, the default, draws them from the seed. */
  readonly weights: string | null;
}

/** A published model, and what replaces parts of it. */
export type ModelChoice =
  & Pick<ModelSettings, "preset">
  & Optional<Omit<ModelSettings, "preset">>;

/** How the weights are trained. */
export interface TrainingSettings {
  /** The optimizer of tables and MLPs; the preset's by default. */
  readonly optimizer: Optimizer;
  /** Learning rate over the steps; constant, the preset's or the optimizer's, by default. */
  readonly learningRate: LearningRateSchedule;
  /** Inputs in a minibatch; the preset's by default. */
  readonly batch: number;
  /** Passes over the training split; 1 by default. */
  readonly epochs: number;
  /** Minibatches in all; 0, the default, for no limit. */
  readonly maxSteps: number;
  /** Seed of initialisation and data order, 0 to 2^32 - 1; 123 by default. */
  readonly seed: number;
  /** Whether each epoch shuffles all training inputs; true by default. */
  readonly shuffle: boolean;
  /** What happens to a last minibatch that is not full; by default `keep` for the plan `baseline`, else `drop`. */
  readonly lastBatch: LastBatch;
}

/** How the weights are trained; what is left out takes its default. A number is a constant learning rate. */
export type TrainingOptions =
  & Optional<Omit<TrainingSettings, "optimizer" | "learningRate">>
  & Optional<{
    /** A name, which takes torch's constants, or an optimizer with its constants. */
    readonly optimizer: OptimizerName | Optimizer;
    /**
     * A constant rate, or a schedule. In a schedule `base` defaults to the preset's or optimizer's rate and all else to 0.
     */
    readonly learningRate: number | Optional<LearningRateSchedule>;
  }>;

/** Where a run computes. */
export interface DeviceSettings {
  /** Which device; `auto`, the default, takes a hardware WebGPU adapter where there is one, else the CPU. */
  readonly kind: DeviceChoice;
  /** Threads of the CPU device; null, the default, for all cores. */
  readonly threads: number | null;
  /** The CPU device's kernels for V8's 256-bit mode; false by default. */
  readonly wide: boolean;
  /**
   * Threads that prepare minibatches beside the one that trains; null, the default, chooses by device and processors. The
   * same bits for any number.
   */
  readonly prepareWorkers: number | null;
  /** Where rows live: `device` for the plan `baseline`, else `hot`, by default. */
  readonly placement: Placement;
  /** Devices that are open already, used instead of opening new ones; they stay open. Null by default. */
  readonly open: OpenDevices | null;
}

/** How the model is measured. */
export interface EvaluationSettings {
  /** Minibatches between evaluations on the test split; 0, the default, evaluates only at the end. */
  readonly every: number;
  /** Inputs in a minibatch of an evaluation; by default as many as in training. */
  readonly batch: number;
}

/** Checkpoints, from which a run can go on after an interruption. */
export interface CheckpointSettings {
  /** Folder for checkpoints; null, the default, for none. */
  readonly folder: string | null;
  /** Minibatches between checkpoints; 0, the default, for one every ten minutes. */
  readonly every: number;
  /** Folder whose newest checkpoint the run goes on from; null, the default, for a new run. */
  readonly resume: string | null;
}

/** The files that a run writes, all but `events` at its end. Null, the default, writes none. */
export interface OutputSettings {
  /** File for the result document, as JSON; `-` for standard output. */
  readonly result: string | null;
  /** File for the trace, as Arrow IPC. */
  readonly trace: string | null;
  /** File for events, a line of JSON each, which are written while the run trains; `-` for standard output. */
  readonly events: string | null;
  /** File for a page about the run, as HTML. */
  readonly page: string | null;
  /** Folder for weights and optimizer state. */
  readonly weights: string | null;
  /** Folder for them if the other cannot be written. */
  readonly weightsFallback: string | null;
}

/** The options of a run. `runTraining({ data, model })` is enough. */
export interface RunOptions {
  /** Where inputs come from, or a data set that is open, which stays open. */
  readonly data: DataNames | DataOptions | Dataset;
  /** A preset by name, a preset with changes, or a shape of your own. */
  readonly model: PresetName | ModelChoice | ModelShape;
  /** How the weights are trained. */
  readonly training?: TrainingOptions | undefined;
  /** Which inputs are trained, in which order: a plan by name, or one with options. `baseline` by default. */
  readonly plan?: PlanName | Optional<PlanOptions> | undefined;
  /** Where the run computes. */
  readonly device?: Optional<DeviceSettings> | undefined;
  /** How the model is measured. */
  readonly evaluation?: Optional<EvaluationSettings> | undefined;
  /** Where the state of the run is kept. */
  readonly checkpoints?: Optional<CheckpointSettings> | undefined;
  /** What is written at the end. */
  readonly outputs?: Optional<OutputSettings> | undefined;
}

/** The options of a run with every default filled in. */
export interface RunSettings {
  /** Where inputs come from. */
  readonly data: DataSettings | Dataset;
  /** Which model. */
  readonly model: ModelSettings;
  /** How the weights are trained. */
  readonly training: TrainingSettings;
  /** Which inputs are trained, in which order. */
  readonly plan: PlanOptions;
  /** Where the run computes. */
  readonly device: DeviceSettings;
  /** How the model is measured. */
  readonly evaluation: EvaluationSettings;
  /** Where the state of the run is kept. */
  readonly checkpoints: CheckpointSettings;
  /** What is written at the end. */
  readonly outputs: OutputSettings;
}

/** Whether data are a data set that is open already. */
export function isDataset(data: RunOptions["data"]): data is Dataset {
  return typeof data === "object" && "reader" in data;
}
