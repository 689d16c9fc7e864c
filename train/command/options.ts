/**
 * The command line of `deno task train`, DLRM's spellings included.
 *
 * @module
 */

import { LOG_FLAGS } from "../../data/flags.ts";
import { UserError } from "../../core/errors.ts";
import { type FlagTable, type FlagValues, formatHelp, parseFlags } from "../../core/flags.ts";
import { daysOf } from "../../data/source_files.ts";
import { parseTwinSource } from "../../data/twin/source.ts";
import type { DeviceKind, Optimizer } from "../../kernels/types.ts";
import type { Placement } from "../model/placement.ts";
import { NORMALIZE_FLAG, PLAN_FLAGS, planOf } from "./plan_flags.ts";
import type { PlanOptions } from "../plan/options.ts";
import { findPlan } from "../plan/plans.ts";
import type { Normalisation } from "../model/tower.ts";
import { DLRM_FIXED, DLRM_IGNORED, DLRM_REFUSED, DLRM_TRANSLATED } from "./dlrm_flags.ts";
import {
  type DlrmPreset,
  OPTIMIZER_NAMES,
  type OptimizerName,
  PRESET_NAMES,
  type PresetName,
  PRESETS,
  type ShapeOverrides,
} from "../model/presets.ts";
import { checkSchedule, type LearningRateSchedule } from "../run/learning_rate.ts";

/** Every flag of `deno task train`. */
export const TRAIN_FLAGS = {
  data: {
    type: "paths",
    positional: true,
    group: "Data",
    valueName: "FILE…",
    aliases: ["raw-data-file"],
    help:
      "Click logs in order: text, plain or in gzip or zstd, Parquet or Arrow; folders and patterns of them; or twin:rm1 to twin:rm4 or twin:FILE.json, perhaps with :INPUTS (default 2333333, of which two million train); or synthetic, or synthetic:INPUTS",
  },
  format: LOG_FLAGS.format,
  schema: LOG_FLAGS.schema,
  test: LOG_FLAGS.test,
  validation: LOG_FLAGS.validation,
  limit: LOG_FLAGS.limit,
  maxIndRange: {
    type: "number",
    integer: true,
    min: -1,
    max: 0xffffffff,
    default: -1,
    group: "Data",
    help: "Take ids modulo N; 0 or -1 leaves them as they are",
  },
  minCount: LOG_FLAGS.minCount,
  dataSeed: LOG_FLAGS.dataSeed,
  leak: {
    type: "boolean",
    group: "Data",
    help: "Validate taobao with users that are trained on too, as the original does",
  },
  badRows: LOG_FLAGS.badRows,
  cache: LOG_FLAGS.cache,
  dataOrder: {
    type: "choice",
    choices: ["total", "none"],
    default: "total",
    aliases: ["data-randomize"],
    group: "Data",
    help: "Order of training inputs: total shuffles them all each epoch, none keeps the file's",
  },
  model: {
    type: "choice",
    choices: PRESET_NAMES,
    defaultText: "the twin's or the format's, else rm2",
    group: "Model",
    help:
      "Preset: rm1 is TBSM on Taobao, rm2 is DLRM on Criteo Kaggle, rm3 on Criteo Terabyte, rm4 on Avazu; the flags below replace parts of it",
  },
  embeddingDim: {
    type: "number",
    integer: true,
    min: 1,
    aliases: ["arch-sparse-feature-size"],
    group: "Model",
    defaultText: "by model",
    help: "Floats in an embedding row",
  },
  bottom: {
    type: "ints",
    minItems: 2,
    aliases: ["arch-mlp-bot"],
    valueName: "13-512-…-16",
    group: "Model",
    defaultText: "by model",
    help: "Widths of the bottom MLP, from the dense columns to the embedding dim",
  },
  top: {
    type: "ints",
    aliases: ["arch-mlp-top"],
    valueName: "512-256-1",
    group: "Model",
    defaultText: "by model",
    help:
      "Widths of the top MLP down to 1 (rm1: to the floats of a step's vector); the first one is computed and may be left out",
  },
  attention: {
    type: "ints",
    aliases: ["tsl-mlp"],
    valueName: "15-15",
    group: "Model",
    defaultText: "by model",
    help: "rm1: widths of the attention MLP between the steps of history it starts and ends with",
  },
  final: {
    type: "ints",
    aliases: ["arch-mlp"],
    valueName: "60-1",
    group: "Model",
    defaultText: "by model",
    help: "rm1: widths of the final MLP down to 1; the first one is computed and may be left out",
  },
  tables: {
    type: "string",
    default: "data",
    valueName: "data|published|N-N-…",
    aliases: ["arch-embedding-size"],
    group: "Model",
    help: "Rows of the tables: the data's vocabulary, the model's published sizes, or these",
  },
  optimizer: {
    type: "choice",
    choices: [...OPTIMIZER_NAMES, "rwsadagrad"],
    group: "Training",
    valueName: OPTIMIZER_NAMES.join("|"),
    defaultText: "by model",
    help: "Optimizer of tables and MLPs (rwsadagrad is rowwise-adagrad)",
  },
  lr: {
    type: "number",
    above: 0,
    aliases: ["learning-rate"],
    group: "Training",
    defaultText: "by model; with another optimizer 0.1 for sgd, else 0.01",
    help: "Learning rate",
  },
  normalize: NORMALIZE_FLAG,
  lrNumWarmupSteps: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    group: "Training",
    help: "Minibatches of linear warm-up",
  },
  lrDecayStartStep: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    group: "Training",
    help: "Minibatch at which quadratic decay starts",
  },
  lrNumDecaySteps: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    group: "Training",
    help: "Minibatches of quadratic decay; 0 for none",
  },
  batch: {
    type: "number",
    integer: true,
    min: 1,
    max: 1 << 20,
    aliases: ["mini-batch-size"],
    group: "Training",
    defaultText: "by model",
    help: "Inputs in a minibatch",
  },
  epochs: {
    type: "number",
    integer: true,
    min: 1,
    default: 1,
    aliases: ["nepochs"],
    group: "Training",
    help: "Times through the training split",
  },
  maxSteps: {
    type: "number",
    integer: true,
    min: 0,
    default: 0,
    aliases: ["num-batches"],
    group: "Training",
    help: "Stop after N minibatches in all; 0 for no limit",
  },
  seed: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffffffff,
    default: 123,
    aliases: ["numpy-rand-seed"],
    group: "Training",
    help: "Seed of initialisation and data order, which draw from separate streams",
  },
  evalEvery: {
    type: "number",
    integer: true,
    min: -1,
    default: 0,
    aliases: ["test-freq"],
    group: "Evaluation",
    help: "Evaluate on the test split every N minibatches too; 0 or -1 only at the end",
  },
  testBatch: {
    type: "number",
    integer: true,
    min: 1,
    max: 1 << 20,
    aliases: ["test-mini-batch-size"],
    group: "Evaluation",
    defaultText: "as --batch",
    help: "Inputs in a minibatch of an evaluation",
  },
  device: {
    type: "choice",
    choices: ["auto", "cpu", "webgpu"],
    default: "auto",
    group: "Device",
    help: "Where to train; auto takes a hardware WebGPU adapter where there is one, else the CPU",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    max: 256,
    group: "Device",
    defaultText: "all cores",
    help: "Threads of the CPU device",
  },
  wide: {
    type: "boolean",
    group: "Device",
    help: "CPU kernels for V8's 256-bit mode: deno task train:fast sets this and V8's flags",
  },
  init: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Start from the weights and optimizer state in this folder",
  },
  save: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Write the weights and optimizer state to this folder, as safetensors and JSON",
  },
  json: {
    type: "path",
    valueName: "FILE",
    group: "Files",
    help: "Write configuration, metrics, losses and times to this file",
  },
  ...PLAN_FLAGS,
  quiet: { type: "boolean", short: "q", group: "Files", help: "Print only errors" },
  ...DLRM_TRANSLATED,
  ...DLRM_FIXED,
  ...DLRM_REFUSED,
  ...DLRM_IGNORED,
} as const satisfies FlagTable;

/** Where inputs come from. */
export type DataSource =
  | { readonly kind: "files"; readonly paths: readonly string[] }
  /** A twin, as `openDataset` takes it: `twin:rm2:1000000`. */
  | { readonly kind: "twin"; readonly source: string }
  /** Generated; `inputs` is null for the generator's own number. */
  | { readonly kind: "synthetic"; readonly inputs: number | null };

/** What `deno task train` is to do, every default filled in. Null means "none". */
export interface TrainCommand {
  /** Where inputs come from. */
  readonly data: DataSource;
  /** Format of the files. */
  readonly format: "auto" | "criteo-kaggle" | "criteo-terabyte" | "avazu" | "taobao";
  /** File that says what the columns of a log of one's own mean. */
  readonly schema: string | null;
  /** Files that test, instead of a part of the data; empty for a part. */
  readonly test: readonly string[];
  /** Files that validate, beside those that test. */
  readonly validation: readonly string[];
  /** Use only so many inputs. */
  readonly limit: number | null;
  /** Take ids modulo this. */
  readonly maxIndRange: number | null;
  /** Ids that training has fewer times share a row; 0 for none such. */
  readonly minCount: number;
  /** Seed of what preparing draws. */
  readonly dataSeed: number;
  /** Whether users of a log of sequences validate that are trained on too. */
  readonly leak: boolean;
  /** What to do with a malformed row. */
  readonly badRows: "error" | "skip";
  /** Folder of prepared data. */
  readonly cache: string;
  /** Whether each epoch shuffles all training inputs. */
  readonly shuffle: boolean;
  /** Which preset. */
  readonly model: PresetName;
  /** For `resolveShape`, once the data set is open. */
  readonly shape: ShapeOverrides;
  /** What updates tables and MLPs, with torch's constants. */
  readonly optimizer: Optimizer;
  /** Learning rate over the steps, checked. */
  readonly schedule: LearningRateSchedule;
  /** Inputs in a minibatch. */
  readonly batch: number;
  /** Inputs in a minibatch of an evaluation. */
  readonly evalBatch: number;
  /** Times through the training split. */
  readonly epochs: number;
  /** Minibatches in all; 0 for no limit. */
  readonly maxSteps: number;
  /** Seed of initialisation and data order, 0 to 2^32 - 1. */
  readonly seed: number;
  /** Minibatches between evaluations; 0 for one at the end alone. */
  readonly evalEvery: number;
  /** How features are normalised. */
  readonly normalisation: Normalisation;
  /** Which inputs are trained, in which order. */
  readonly plan: PlanOptions;
  /** What becomes of a last minibatch that is not full. */
  readonly lastBatch: "keep" | "drop";
  /** Where rows live. */
  readonly placement: Placement;
  /** Where to train. */
  readonly device: "auto" | DeviceKind;
  /** Threads of the CPU device; null for all cores. */
  readonly threads: number | null;
  /** The CPU device's kernels for V8's 256-bit mode. */
  readonly wide: boolean;
  /** Folder to start from. */
  readonly init: string | null;
  /** Folder for weights and optimizer state. */
  readonly save: string | null;
  /** File for the result document. */
  readonly json: string | null;
  /** File for the trace. */
  readonly trace: string | null;
  /** Folder for checkpoints. */
  readonly checkpoint: string | null;
  /** Minibatches between checkpoints; 0 for one every ten minutes. */
  readonly checkpointEvery: number;
  /** Folder whose newest checkpoint the run goes on from. */
  readonly resume: string | null;
  /** Print only errors. */
  readonly quiet: boolean;
}

/** What may be said anew of a run that goes on; null leaves it as it was. */
export interface ResumeChanges {
  /** Folder of the checkpoint. */
  readonly folder: string;
  /** Threads of the CPU device. */
  readonly threads: number | null;
  /** The CPU device's kernels for V8's 256-bit mode. */
  readonly wide: boolean | null;
  /** Folder for weights and optimizer state. */
  readonly save: string | null;
  /** File for the result document. */
  readonly json: string | null;
  /** File for the trace. */
  readonly trace: string | null;
  /** Folder for further checkpoints; null for that of the checkpoint itself. */
  readonly checkpoint: string | null;
  /** Minibatches between checkpoints. */
  readonly checkpointEvery: number | null;
  /** Print only errors. */
  readonly quiet: boolean;
}

/** A command line understood. */
export type TrainCommandLine =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "resume"; readonly changes: ResumeChanges }
  | {
    readonly kind: "train";
    readonly command: TrainCommand;
    /** For people, a line each: what of the command line has no effect, what was read as something else. */
    readonly notes: readonly string[];
    /** Whether the command line names the model, or widths of one. */
    readonly given: { readonly model: boolean; readonly shape: boolean };
  };

/** torch's Adagrad and DLRM's row-wise Adagrad use this. */
const ADAGRAD_EPS = 1e-10;
/** torch's default for Adagrad. */
const ADAGRAD_LEARNING_RATE = 0.01;
/** That of DLRM's Criteo scripts, as in the presets. */
const SGD_LEARNING_RATE = 0.1;

/** Flags among those of plans that mean something to every plan. */
const GENERAL: ReadonlySet<string> = new Set([
  "plan",
  "placement",
  "lastBatch",
  "trace",
  "checkpoint",
  "checkpointEvery",
  "resume",
]);

/** The optimizer of a name, with torch's constants. */
export function optimizerOf(name: OptimizerName): Optimizer {
  return name === "sgd" ? { kind: name } : { kind: name, eps: ADAGRAD_EPS };
}

/** The help page of `deno task train`. */
export function trainHelp(width?: number): string {
  return formatHelp(TRAIN_FLAGS, {
    command: "deno task train",
    about: "Train a DLRM or a TBSM on click logs and say how good it is and how fast it got there",
    usage: "--data FILE… [flags]",
    examples: [
      [
        "No download needed: generated clicks with a signal to learn",
        "deno task train --data synthetic",
      ],
      [
        "The statistical twin of Criteo Kaggle, with RM2",
        "deno task train --data twin:rm2:1000000",
      ],
      [
        "Criteo Kaggle, RM2, evaluated as it goes",
        "deno task train --data train.txt --model rm2 --eval-every 1000",
      ],
      [
        "Memory and time at the published size",
        "deno task train --data train.txt --limit 100000 --tables published --device cpu",
      ],
    ],
    ...(width === undefined ? {} : { width }),
  });
}

/**
 * Understands the command line of `deno task train`.
 *
 * @param args The words after the task's name.
 * @param days The files that begin with a path that is none itself: DLRM names the Terabyte files by their common
 * beginning, `./day` for `day_0` … `day_23`.
 * @throws {UserError} Status 2, with the flag and the reason.
 */
export function parseTrainOptions(
  args: readonly string[],
  days: (path: string) => readonly string[] = daysFrom,
): TrainCommandLine {
  const { values, given, help } = parseFlags(TRAIN_FLAGS, args);
  if (help) return { kind: "help", text: trainHelp() };
  if (values.resume !== undefined) return { kind: "resume", changes: resumeChanges(values, given) };

  for (const key of Object.keys(DLRM_REFUSED) as (keyof typeof DLRM_REFUSED)[]) {
    if (given.has(key) && values[key] !== false) {
      const reason = lowerFirst(TRAIN_FLAGS[key].help);
      throw new UserError(`Cannot use ${given.get(key)}: it is ${reason}`, 2);
    }
  }
  const notes: string[] = [];
  const idle = Object.keys(DLRM_IGNORED).flatMap((key) =>
    given.get(key as keyof typeof DLRM_IGNORED) ?? []
  );
  if (idle.length > 0) notes.push(`DLRM flags without effect here: ${idle.join(", ")}`);

  const format = chooseFormat(values.format, values.dataSet, given.has("format"));
  const data = chooseData(values, given.get("data"), format, days, notes);
  if (values.useGpu && given.has("device") && values.device !== "webgpu") {
    throw new UserError(
      `Cannot use --device ${values.device}: --use-gpu has been given and means --device webgpu`,
      2,
    );
  }

  const model = values.model ?? (data.kind === "twin" ? presetOfTwin(data.source) : null) ?? "rm2";
  const preset = PRESETS[model];
  const named = values.optimizer ?? preset.optimizer;
  const optimizer = optimizerOf(named === "rwsadagrad" ? "rowwise-adagrad" : named);
  const schedule: LearningRateSchedule = {
    base: values.lr ?? defaultLearningRate(preset, optimizer),
    warmupSteps: values.lrNumWarmupSteps,
    decayStartStep: values.lrDecayStartStep,
    decaySteps: values.lrNumDecaySteps,
  };
  checkSchedule(schedule);
  if (values.epochs > 1 && given.get("maxSteps") === "--num-batches") {
    throw new UserError(
      "Cannot use --num-batches with several epochs: in DLRM it bounds each epoch, so give --max-steps for all of them",
      2,
    );
  }
  const batch = values.batch ?? preset.batch;
  const plan = planOf(values);
  const { name: planName, segregates } = findPlan(plan.name);
  if (!segregates) {
    if (values.placement === "hot") {
      throw new UserError(
        `Cannot use --placement hot with --plan ${planName}: it tells no hot rows from others; use hybrid, or another plan`,
        2,
      );
    }
    const idle = [...given].flatMap(([key, spelling]) =>
      key in PLAN_FLAGS && !GENERAL.has(key) ? spelling : []
    );
    if (idle.length > 0) notes.push(`Without effect on --plan ${planName}: ${idle.join(", ")}`);
  }

  const command: TrainCommand = {
    data,
    format,
    schema: values.schema ?? null,
    test: values.test ?? [],
    validation: values.validation ?? [],
    limit: values.limit ?? null,
    maxIndRange: values.maxIndRange > 0 ? values.maxIndRange : null,
    minCount: values.minCount,
    dataSeed: values.dataSeed,
    leak: values.leak,
    badRows: values.badRows,
    cache: values.cache,
    shuffle: values.dataOrder === "total",
    model,
    shape: {
      dim: values.embeddingDim,
      bottom: values.bottom,
      top: values.top,
      attention: values.attention,
      final: values.final,
      tables: parseTables(values.tables, given.get("tables")),
    },
    optimizer,
    schedule,
    batch,
    evalBatch: values.testBatch ?? batch,
    epochs: values.epochs,
    maxSteps: values.maxSteps,
    seed: values.seed,
    evalEvery: Math.max(0, values.evalEvery),
    normalisation: values.normalize,
    plan,
    lastBatch: values.lastBatch ?? (segregates ? "drop" : "keep"),
    placement: values.placement ?? (segregates ? "hot" : "device"),
    device: values.useGpu ? "webgpu" : values.device,
    threads: values.threads ?? null,
    wide: values.wide,
    init: values.init ?? null,
    save: values.save ?? null,
    json: values.json ?? null,
    trace: values.trace ?? null,
    checkpoint: values.checkpoint ?? null,
    checkpointEvery: values.checkpointEvery,
    resume: null,
    quiet: values.quiet,
  };
  const shape = ["embeddingDim", "bottom", "top", "attention", "final", "tables"] as const;
  return {
    kind: "train",
    command,
    notes,
    given: { model: given.has("model"), shape: shape.some((key) => given.has(key)) },
  };
}

/** Flags that may stand beside --resume. */
const RESUMABLE: ReadonlySet<string> = new Set([
  ...["resume", "threads", "wide", "save", "json", "trace", "checkpoint", "checkpointEvery"],
  "quiet",
]);

function resumeChanges(
  values: FlagValues<typeof TRAIN_FLAGS>,
  given: ReadonlyMap<string, string>,
): ResumeChanges {
  for (const [key, spelling] of given) {
    if (!RESUMABLE.has(key)) {
      throw new UserError(
        `Cannot use ${spelling} with --resume: the run goes on with the options that it was started with`,
        2,
      );
    }
  }
  return {
    folder: values.resume!,
    threads: values.threads ?? null,
    wide: given.has("wide") ? values.wide : null,
    save: values.save ?? null,
    json: values.json ?? null,
    trace: values.trace ?? null,
    checkpoint: values.checkpoint ?? null,
    checkpointEvery: given.has("checkpointEvery") ? values.checkpointEvery : null,
    quiet: values.quiet,
  };
}

/**
 * The command of a run that goes on.
 *
 * @param stored The options that it was started with.
 * @throws {UserError} Status 2: a trace is asked for whose beginning nobody wrote.
 */
export function resumedCommand(stored: TrainCommand, changes: ResumeChanges): TrainCommand {
  if (changes.trace !== null && stored.trace === null) {
    throw new UserError(
      `Cannot use --trace ${changes.trace} with --resume: the run was started without a trace, so its beginning is missing`,
      2,
    );
  }
  return {
    ...stored,
    threads: changes.threads ?? stored.threads,
    wide: changes.wide ?? stored.wide,
    save: changes.save ?? stored.save,
    json: changes.json ?? stored.json,
    trace: changes.trace ?? stored.trace,
    checkpoint: changes.checkpoint ?? changes.folder,
    checkpointEvery: changes.checkpointEvery ?? stored.checkpointEvery,
    resume: changes.folder,
    quiet: changes.quiet,
  };
}

/** The preset's where its optimizer is kept. */
function defaultLearningRate(preset: DlrmPreset, optimizer: Optimizer): number {
  if (optimizer.kind === preset.optimizer) return preset.learningRate;
  return optimizer.kind === "sgd" ? SGD_LEARNING_RATE : ADAGRAD_LEARNING_RATE;
}

function chooseFormat(
  format: TrainCommand["format"],
  dataSet: "kaggle" | "terabyte" | undefined,
  formatGiven: boolean,
): TrainCommand["format"] {
  if (dataSet === undefined) return format;
  const meant = `criteo-${dataSet}` as const;
  if (formatGiven && format !== meant) {
    throw new UserError(
      `Cannot use --format ${format}: --data-set ${dataSet} has been given and means --format ${meant}`,
      2,
    );
  }
  return meant;
}

function chooseData(
  values: {
    readonly data: readonly string[] | undefined;
    readonly dataGeneration: "dataset" | "random" | undefined;
    readonly dataSize: number | undefined;
  },
  spelling: string | undefined,
  format: TrainCommand["format"],
  days: (path: string) => readonly string[],
  notes: string[],
): DataSource {
  const { data, dataGeneration, dataSize } = values;
  if (dataGeneration === "random") {
    notes.push("--data-generation random is read as --data synthetic, whose clicks can be learnt");
    if (data !== undefined) notes.push(`${spelling} has no effect with --data-generation random`);
    return { kind: "synthetic", inputs: dataSize ?? null };
  }
  if (data === undefined) {
    throw new UserError(
      "Cannot start without --data: give one or more click logs, or --data synthetic",
      2,
    );
  }
  const generated = data.find((path) => /^(synthetic(:|$)|twin:)/.test(path));
  if (generated === undefined) {
    const terabyte = format === "criteo-terabyte";
    return {
      kind: "files",
      paths: data.flatMap((path) => {
        const found = terabyte ? days(path) : [];
        return found.length > 0 ? found : path;
      }),
    };
  }
  if (data.length > 1) {
    throw new UserError(
      `Cannot use --data ${generated} beside files: give one or the other (./${generated} is a file)`,
      2,
    );
  }
  if (parseTwinSource(generated) !== null) return { kind: "twin", source: generated };
  const count = generated.slice("synthetic:".length);
  if (generated === "synthetic") return { kind: "synthetic", inputs: null };
  const inputs = /^\d+(e\d+)?$/.test(count) ? Number(count) : NaN;
  if (!Number.isSafeInteger(inputs) || inputs < 1) {
    throw new UserError(
      `Cannot use --data ${generated}: "${count}" is not a number of inputs (write synthetic:100000)`,
      2,
    );
  }
  return { kind: "synthetic", inputs };
}

/** The preset that a twin or a twin's parameter file names. */
function presetOfTwin(source: string): PresetName | null {
  const { twin } = parseTwinSource(source)!;
  let name: unknown = twin;
  if (twin.endsWith(".json")) {
    try {
      name = JSON.parse(Deno.readTextFileSync(twin))?.name;
    } catch {
      // Whoever opens the file gives the reason.
    }
  }
  return PRESET_NAMES.find((preset) => preset === name) ?? null;
}

function parseTables(
  text: string,
  spelling: string | undefined,
): "data" | "published" | readonly number[] {
  if (text === "data" || text === "published") return text;
  if (!/^\d+(-\d+)*$/.test(text)) {
    throw new UserError(
      `Cannot use ${spelling} ${text}: it must be data, published or numbers such as 1460-583-305`,
      2,
    );
  }
  return text.split("-").map(Number);
}

/** `./day` gives `./day_0`, `./day_1`, … unless `./day` exists itself. */
function daysFrom(path: string): readonly string[] {
  try {
    Deno.statSync(path);
    return [];
  } catch {
    return daysOf(path);
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
