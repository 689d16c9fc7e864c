/**
 * What an experiment is, and what it gives back.
 *
 * @module
 */

import type { KernelChoice } from "../kernels/webgpu/variants.ts";
import type { Cell, Column } from "../core/table.ts";
import type { EpochFormula } from "../sim/epoch_formula.ts";
import type { PresetName } from "../train/model/presets.ts";
import type { Figure, Origin, Panel } from "../figures/figure.ts";
import type { StudyKey } from "./study/store.ts";

/** A column of a table of results. */
export interface ResultColumn extends Column {
  /** The table's unless told. */
  readonly origin?: Origin;
}

/** A table of results with a title. */
export interface ResultTable {
  readonly title: string;
  /** `measured` unless told. */
  readonly origin?: Origin;
  /** Whether the short version, on the terminal and at the top of the report, has it too. */
  readonly short?: boolean;
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Repeated measurements of one thing, which `bench compare` sets beside those of another run. */
export interface Sample {
  /** Unique in the experiment: `rm2/fae/training`. */
  readonly name: string;
  /** Of the values; `AUC`, `s`, `GFLOP/s`. */
  readonly unit: string;
  /** Which way is good. */
  readonly better: "lower" | "higher";
  /** Whether the values are times or rates, which another machine and a software adapter change. */
  readonly timing: boolean;
  /** One a repeat, in the order they were taken. */
  readonly values: readonly number[];
}

/** Whether something that the paper shows is found again. */
export interface Outcome {
  readonly state: typeof OUTCOMES[number];
  /** Why, a sentence or two. */
  readonly why: string;
}

/**
 * What an outcome can be; `not at this size` where runs of this size could not have shown it, `not tested` where nothing here
 * could.
 */
export const OUTCOMES = [
  "reproduced",
  "reproduced in part",
  "not reproduced",
  "not at this size",
  "not tested",
] as const;

/** An epoch of a workload on a machine as a closed form, for the report's calculator. */
export interface CalculatedEpoch {
  readonly workload: string;
  /** With the number of its GPUs. */
  readonly machine: string;
  /** Shares that it begins with: of hot inputs, and of those that are skipped after the window. */
  readonly hot_share: number;
  readonly drop_share: number;
  /** Those with room for their rows. */
  readonly systems: readonly (EpochFormula & { readonly system: string })[];
}

/** What an experiment found. */
export interface Findings {
  /** Of experiments that make a figure or a claim of the paper again. */
  readonly outcome?: Outcome;
  /** What a reader is told who reads nothing else, in a sentence. */
  readonly headline?: string;
  /** Accuracy against time saved by plan, for the first chart of the report. */
  readonly tradeoff?: Panel;
  readonly calculator?: readonly CalculatedEpoch[];
  readonly tables: readonly ResultTable[];
  readonly figures?: readonly Figure[];
  readonly samples?: readonly Sample[];
  /**
   * The device that measured: its name, and whether it is a software adapter. Null where none did: what is predicted, and what
   * is measured of code that uses no device.
   */
  readonly device?: DeviceNote | null;
  /** What was found, a sentence each: who is ahead, whether a figure of the paper is reproduced. */
  readonly verdicts?: readonly string[];
  /** One line each, for people: what the figures mean and what they do not. */
  readonly notes: readonly string[];
}

/** A device in results. */
export interface DeviceNote {
  readonly kind: "cpu" | "webgpu";
  /** With adapter and driver, as far as they are known. */
  readonly name: string;
  readonly isFallbackAdapter: boolean;
}

/** Settings by flags that mean something to some experiments alone: each declares those that it takes. */
interface FlagSettings {
  readonly device: "auto" | "cpu" | "webgpu";
  /** Threads of the CPU device; null for all cores. */
  readonly threads: number | null;
  /** Inputs a minibatch; each experiment has its own default. */
  readonly batch: readonly number[];
  /** Timed rounds; fewer only makes intervals wider. */
  readonly rounds: number;
  /** Python with PyTorch, for `peers`; null to look for one. */
  readonly python: string | null;
  /** Inputs of a twin that train; null for the experiment's own number. */
  readonly inputs: number | null;
  /** Workloads whose twins are looked at. */
  readonly workloads: readonly PresetName[];
  /** Files of a log that is a workload too; none for twins alone. */
  readonly data: readonly string[];
  /** The schema of that log; null where it is recognised without one. */
  readonly schema: string | null;
  /** Machines that are predicted, by name or file; none for the experiment's own choice. */
  readonly machine: readonly string[];
  /** Minutes that the answer may take; null for the experiment's own number. */
  readonly budget: number | null;
  /** Seeds of a study; null for the experiment's own number. */
  readonly seeds: number | null;
  /** The first seed that a study runs; those before it are only read. */
  readonly firstSeed: number;
  /** Days that the inputs of a twin span while popularity drifts; null where it does not. */
  readonly driftDays: number | null;
  /** How fast a twin's planted effects shrink with popularity; null for the twin's own. */
  readonly effectExponent: number | null;
  /** Variants of a study; none for the experiment's own choice. */
  readonly variants: readonly string[];
  /** Kernels that are timed on WebGPU, one choice after another. */
  readonly kernels: readonly KernelChoice[];
  /** Whether recorded runs are shown, and nothing is trained. */
  readonly recorded: boolean;
  /** Folder of recorded runs. */
  readonly records: string;
}

/** The name of such a flag, in camel case. */
export type ExperimentFlag = keyof FlagSettings;

/** What every experiment is told. */
interface CommonSettings {
  /** The CPU device's kernels for V8's 256-bit mode; the task `bench` sets it, whichever experiment follows. */
  readonly wide: boolean;
  /** The least work that still runs every line: for tests. */
  readonly smoke: boolean;
  /** Published sizes and more seeds: hours. */
  readonly full: boolean;
  /** What is done with training runs in place of making them: named, or only read from what is there. */
  readonly runs?: ListRuns | ReadRuns;
  /** Folder of results; training runs that experiments share lie below it, in `trained/`. */
  readonly out: string;
  /** Tells how far a long experiment is. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Names the runs that an experiment would make; it ends with `RunsListed`. */
export interface ListRuns {
  readonly kind: "list";
  readonly add: (key: StudyKey) => void;
}

/** Reads the runs that are there. */
export interface ReadRuns {
  readonly kind: "read";
  readonly missing: (key: StudyKey) => void;
}

/** How an experiment is run. */
export interface Settings extends CommonSettings, FlagSettings {}

/** What an experiment is told that takes the flags `F`. */
export type SettingsOf<F extends ExperimentFlag> = CommonSettings & Pick<FlagSettings, F>;

/** A named experiment of `deno task bench`. */
export interface Experiment {
  readonly name: string;
  /** What asks for it on a command line; its name unless told. */
  readonly words?: readonly [name: string, ...flags: string[]];
  /** One line for `--help`. */
  readonly summary: string;
  /** What the report calls it; with the paper's figure where it has one. */
  readonly title: string;
  /** Whether `deno task bench` runs it without a name: always, with `--full`, or never. */
  readonly suite: "default" | "full" | "never";
  /** Whether it makes training runs that are kept, so that they can be split over machines. */
  readonly trains?: boolean;
  /** Workloads that are enough for the suite at its reduced sizes, unless workloads are asked for; all where absent. */
  readonly suiteWorkloads?: readonly PresetName[];
  /** Whether the suite shows recorded runs of it as well, where there are any. */
  readonly suiteRecords?: boolean;
  /** Flags that mean something to it; it is run with the defaults of all others. */
  readonly flags: readonly ExperimentFlag[];
  /** Settings that it has whatever is asked for. */
  readonly fixed?: Partial<Settings>;
  run(settings: Settings): Promise<Findings>;
}

/** An experiment whose `run` sees the settings of its own flags alone. */
interface Declared<F extends ExperimentFlag> extends Omit<Experiment, "flags" | "run"> {
  readonly flags: readonly F[];
  run(settings: SettingsOf<F>): Promise<Findings>;
}

/** Makes an experiment of its parts; that it reads no setting of a flag that it does not declare, the compiler checks. */
export function defineExperiment<const F extends ExperimentFlag>(
  experiment: Declared<F>,
): Experiment {
  return experiment;
}
