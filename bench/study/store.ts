/**
 * Results of a study: a file a run, so that an interrupted study goes on where it stopped.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { pause } from "../../core/events.ts";
import { fileError, makeFolder, Sha256, writeFileWhole } from "../../core/files.ts";
import { formatSealed, parseSealed, readBoundedIfThere } from "../../core/json_file.ts";
import { tryLock } from "../../core/lock.ts";
import {
  anyObject,
  checkSchema,
  flag,
  listOf,
  numberFrom,
  objectOf,
  objectWith,
  oneOf,
  orNull,
  recordOf,
  type Schema,
  text,
  value,
  wholeFrom,
} from "../../core/schema.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import { describeChoice } from "../../kernels/open.ts";
import type { CountSums, HotCopies } from "../../sim/work.ts";
import { fusesMultiplyAdd } from "../../kernels/cpu/fused.ts";
import type { ShapeDocument } from "../../train/model/models.ts";
import type { Placement } from "../../train/model/placement.ts";
import { currentEnvironment, type Environment } from "../../train/run/environment.ts";
import type { Metrics } from "../../train/run/metrics.ts";
import type { PlanDocument } from "../../train/plan/document.ts";
import type { Stage } from "../../train/stages.ts";
import { MINIBATCH_KINDS } from "../../train/trace/schema.ts";
import type { DeviceNote, Settings } from "../experiment.ts";
import { type TwinSettings, twinWords } from "./twin_settings.ts";
import type { Bytes } from "./run_counts.ts";
import { isLogName, type StudyWorkload } from "./workload.ts";

/** Grows when a member changes its meaning or goes, or when runs of old and new files must not be compared. */
export const STUDY_SCHEMA_VERSION = 10;

/**
 * Grows when the same run comes to other bits: another plan, order, draw, kernel or rounding. A test holds it to what runs come
 * to, so that stored runs of an older one are trained anew and those of other revisions that change no bit are not.
 */
export const STUDY_BITS_VERSION = 2;

/** A run takes some kilobytes, with rows that are watched some megabytes. */
const MOST_BYTES = 64e6;

/** Which run. */
export interface StudyKey {
  readonly workload: StudyWorkload;
  /** Inputs that train. */
  readonly inputs: number;
  /** Of data, initialisation and order. */
  readonly seed: number;
  /** In words, as `Variant` has them. */
  readonly variant: string;
  /** Inputs a minibatch. */
  readonly batch: number;
  /** How the twin is drawn otherwise; absent for the twin as it is. */
  readonly twin?: TwinSettings;
}

/**
 * What a run's accuracy hangs on beside its key: with others, a stored run is not the one that is asked for. Revision and
 * processor are in the result's environment, and decide nothing.
 */
export interface StudyConditions {
  /** As {@linkcode STUDY_BITS_VERSION}. */
  readonly bits_version: number;
  readonly deno: string;
  /** Whether the processor's multiply-adds round once; see {@linkcode fusesMultiplyAdd}. */
  readonly fused_multiply_add: boolean;
  /** What computes, as {@linkcode describeChoice} says it: `cpu`, or the adapter of WebGPU and its backend. */
  readonly device: string;
  readonly wide: boolean;
}

/** What its times hang on as well. The number of threads changes no bit, nor does the processor. */
export interface StudyMachine {
  readonly cpu_model: string | null;
  readonly threads: number | null;
}

/** What a run's minibatches looked up, as the simulator takes it. */
export interface StudyWork {
  /** The model that was trained. */
  readonly model: ShapeDocument & {
    readonly parameters: { readonly dense: number; readonly embedding: number };
  };
  readonly lookups_per_input: number;
  /** By epoch, kind and whether they are full. */
  readonly minibatches: readonly CountSums[];
  /** Copies of hot rows; null where there were none. */
  readonly copies: HotCopies | null;
}

/** What a run came to. */
export interface StudyResult extends StudyKey {
  readonly schema: "slipstream.study";
  readonly schema_version: number;
  readonly conditions: StudyConditions;
  readonly machine: StudyMachine;
  /** Of the inputs that the run read. */
  readonly dataset_hash: string;
  /** Inputs of the training split, which a plan may leave out in part. */
  readonly train_inputs: number;
  readonly placement: Placement;
  readonly optimizer: string;
  readonly learning_rate: number;
  readonly hot_memory_mib: number;
  readonly metrics: Metrics;
  /** Evaluations over the run, the one at its end last; missing where none were asked for. */
  readonly history?: readonly { readonly trained_inputs: number; readonly auc: number }[];
  readonly steps: number;
  readonly trained_inputs: number;
  readonly skipped_inputs: number;
  /** Training alone: preparation and evaluation left out. */
  readonly train_ms: number;
  /** Profiling and telling hot inputs from cold ones; 0 without a hot set. */
  readonly preparation_ms: number;
  readonly evaluate_ms: number;
  readonly stages_ms: Readonly<Partial<Record<Stage, number>>>;
  readonly bytes: Bytes;
  readonly work: StudyWork;
  readonly plan: PlanDocument;
  readonly device: DeviceNote;
  readonly environment: Environment;
}

const WORKLOAD = value(
  (found) => WORKLOAD_NAMES.some((name) => name === found) || isLogName(found),
  `be one of ${WORKLOAD_NAMES.join(", ")}, or a log's name`,
) as Schema<StudyWorkload>;
const COUNT = wholeFrom(0);

const WORK = objectWith<StudyWork>({
  model: objectWith<StudyWork["model"]>({
    table_rows: listOf(wholeFrom(1), 1),
    dim: wholeFrom(1),
    bottom: listOf(wholeFrom(1), 1),
    top: listOf(wholeFrom(1), 1),
    parameters: objectWith<StudyWork["model"]["parameters"]>({
      dense: wholeFrom(1),
      embedding: wholeFrom(1),
    }),
  }),
  lookups_per_input: wholeFrom(1),
  minibatches: listOf(objectWith<CountSums>({
    kind: oneOf(MINIBATCH_KINDS),
    epoch: COUNT,
    times: wholeFrom(1),
    inputs: wholeFrom(1),
    lookups: COUNT,
    unique_rows: COUNT,
    cold_lookups: COUNT,
    unique_cold_rows: COUNT,
    frozen_rows: COUNT,
    skipped_inputs: COUNT,
  })),
  copies: orNull(objectWith<HotCopies>({ bytes: numberFrom(0), times: wholeFrom(1) })),
});

/** What tables and figures are made of; the rest is told and not computed with. */
export const STUDY_RESULT: Schema<StudyResult> = objectWith<StudyResult>({
  workload: WORKLOAD,
  inputs: wholeFrom(1),
  seed: wholeFrom(0),
  variant: text,
  batch: wholeFrom(1),
  schema: oneOf(["slipstream.study"]),
  schema_version: wholeFrom(1, STUDY_SCHEMA_VERSION),
  conditions: objectWith<StudyConditions>({
    bits_version: wholeFrom(0),
    deno: text,
    fused_multiply_add: flag,
    device: text,
    wide: flag,
  }),
  machine: objectWith<StudyMachine>({ cpu_model: orNull(text), threads: orNull(wholeFrom(1)) }),
  dataset_hash: text,
  train_inputs: wholeFrom(0),
  optimizer: text,
  learning_rate: numberFrom(0),
  hot_memory_mib: numberFrom(0),
  metrics: objectWith<Metrics>({
    count: wholeFrom(0),
    label_rate: orNull(numberFrom(0, 1)),
    auc: orNull(numberFrom(0, 1)),
    logloss: orNull(numberFrom(0)),
    accuracy: orNull(numberFrom(0, 1)),
    normalised_entropy: orNull(numberFrom(0)),
    calibration: orNull(numberFrom(0)),
  }),
  steps: wholeFrom(0),
  trained_inputs: wholeFrom(0),
  skipped_inputs: wholeFrom(0),
  train_ms: numberFrom(0),
  preparation_ms: numberFrom(0),
  evaluate_ms: numberFrom(0),
  stages_ms: recordOf(numberFrom(0)),
  bytes: objectWith<Bytes>({ upload: numberFrom(0), download: numberFrom(0), sync: numberFrom(0) }),
  work: WORK,
  plan: someObject(),
  device: someObject(),
  environment: someObject(),
}, {
  history: listOf(objectWith<NonNullable<StudyResult["history"]>[number]>({
    trained_inputs: wholeFrom(0),
    auc: numberFrom(0, 1),
  })),
  twin: objectOf<TwinSettings>({}, {
    driftDays: numberFrom(0, 1000),
    effectExponent: numberFrom(0, 1),
  }),
});

/** A member that is not looked into. */
function someObject<T>(): Schema<T> {
  return anyObject as unknown as Schema<T>;
}

/** What of a run is asked for: its accuracy, which every machine gives alike, or its times as well. */
export type Wanted = "accuracy" | "times";

/** A folder of results, of which those count that were had under the same conditions, and for times on the same machine. */
export class StudyStore {
  readonly #folder: string;
  readonly conditions: StudyConditions;
  readonly machine: StudyMachine;

  constructor(folder: string, { conditions, machine }: StudyPlace) {
    this.#folder = folder;
    this.conditions = conditions;
    this.machine = machine;
  }

  /**
   * The result of a run; null where there is none, or one of another version or had under other conditions, which the next
   * run sets aside.
   */
  async read(key: StudyKey, wanted: Wanted = "accuracy"): Promise<StudyResult | null> {
    const found = await this.#read(key);
    if (found === null || wanted === "accuracy" || same(found.machine, this.machine)) return found;
    return await this.#read(key, this.machine);
  }

  /**
   * Keeps a result: beside one that another machine had, whose times are not for this one. One of other conditions or of another
   * version may have taken hours, so that it is renamed, to end in `.replaced-1` and so on, and never written over.
   */
  async write(result: StudyResult): Promise<void> {
    await makeFolder(this.#folder);
    const there = await this.#read(result);
    const apart = there !== null && !same(there.machine, result.machine);
    const path = this.#path(result, apart ? result.machine : undefined);
    if (there === null) await setAside(path);
    await writeFileWhole(path, formatSealed(result, 0));
  }

  /** Keeps other processes from a run until disposed of; null where one of them trains it. */
  async tryClaim(key: StudyKey): Promise<Disposable | null> {
    await makeFolder(this.#folder);
    return await tryLock(`${this.#ofDevice(key)}.lock`);
  }

  /** Waits until no other process trains a run, and keeps others from it until disposed of. */
  async claim(key: StudyKey, settings: Pick<Settings, "say" | "signal">): Promise<Disposable> {
    for (let waited = false;; waited = true) {
      const lock = await this.tryClaim(key);
      if (lock !== null) return lock;
      if (!waited) settings.say(`${key.workload}: another process trains ${key.variant}; waiting`);
      await pause(CLAIM_MS, settings.signal);
    }
  }

  /** The folder for checkpoints of a run that has not ended. */
  checkpoints(key: StudyKey): string {
    return `${this.#ofDevice(key)}.checkpoints`;
  }

  /** What belongs to a run that is being trained: devices that share a folder train it each for itself. */
  #ofDevice(key: StudyKey): string {
    return this.#path(key).replace(/\.json$/, deviceEnding(this.conditions.device));
  }

  async #read(key: StudyKey, machine?: StudyMachine): Promise<StudyResult | null> {
    const result = await readStored(this.#folder, key, machine);
    return result !== null && same(result.conditions, this.conditions) ? result : null;
  }

  #path(key: StudyKey, machine?: StudyMachine): string {
    return pathOf(this.#folder, key, machine);
  }
}

/** Renames a file, if it is there, to the first name that is free. */
async function setAside(path: string): Promise<void> {
  if (!await isThere(path)) return;
  let number = 1;
  while (await isThere(`${path}.replaced-${number}`)) number++;
  try {
    await Deno.rename(path, `${path}.replaced-${number}`);
  } catch (error) {
    throw fileError("rename", path, error);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileError("read", path, error);
  }
}

/** A stored run, whatever its conditions; null where there is none of this version. */
async function readStored(
  folder: string,
  key: StudyKey,
  machine?: StudyMachine,
): Promise<StudyResult | null> {
  const path = pathOf(folder, key, machine);
  const bytes = await readBoundedIfThere(path, MOST_BYTES);
  if (bytes === null) return null;
  // Older versions, which had no seals, are replaced.
  if (versionOf(bytes) !== STUDY_SCHEMA_VERSION) return null;
  const cannot = `Cannot use ${path}`;
  const otherwise = "; remove it to train the run again";
  const result = checkSchema(
    STUDY_RESULT,
    parseSealed(bytes, { cannot, seal: "required", otherwise }),
    cannot,
  );
  // A file that was copied to the name of another run is whole, and still no result of that run.
  if (runName(result) !== runName(key)) {
    throw new UserError(`${cannot}: it is of the run ${runName(result)}${otherwise}`);
  }
  return result;
}

/** @param machine Of a run that is kept beside one of another machine. */
function pathOf(folder: string, key: StudyKey, machine?: StudyMachine): string {
  const on = machine === undefined
    ? ""
    : `-on-${new Sha256().update(JSON.stringify(machine)).hex().slice(0, 8)}`;
  return `${folder}/${runName(key)}${on}.json`;
}

/** What the files of a run are called, before their endings. */
export function runName({ workload, inputs, batch, seed, variant, twin }: StudyKey): string {
  return `${workload}${twinWords(twin)}-${inputs}-by${batch}-${variant}-seed${seed}`;
}

/** What tells files of a device from those of the CPU: of "webgpu: NVIDIA L4 (vulkan)" the adapter and its backend. */
export function deviceEnding(device: string): string {
  if (device === "cpu") return "";
  const words = device.replace(/^\w+: /, "").toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return `-on-${words.filter((word) => word !== "").join("-")}`;
}

/** The version that a file names; that of this program where it is no JSON, so that it is refused as damaged. */
function versionOf(bytes: Uint8Array): unknown {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return (value as Partial<StudyResult> | null)?.schema_version;
  } catch {
    return STUDY_SCHEMA_VERSION;
  }
}

/** Time between looks at a run that another process trains. */
const CLAIM_MS = 500;

/** Under which conditions and where runs are had. */
export interface StudyPlace {
  readonly conditions: StudyConditions;
  readonly machine: StudyMachine;
}

/** Whether two runs were had under the same conditions. */
export function sameConditions(a: StudyConditions, b: StudyConditions): boolean {
  return same(a, b);
}

/** Whether the times of two runs are of the same machine. */
export function sameMachine(a: StudyMachine, b: StudyMachine): boolean {
  return same(a, b);
}

function same<T extends object>(a: T, b: T): boolean {
  return (Object.keys(b) as (keyof T)[]).every((key) => a[key] === b[key]);
}

/** How runs are had. */
type PlaceSettings = Pick<Settings, "device" | "threads" | "wide">;

/**
 * Conditions and machine of runs that are made now.
 *
 * @throws {UserError} WebGPU is asked for and there is no adapter.
 */
export async function currentPlace(settings: PlaceSettings): Promise<StudyPlace> {
  return placeWith(settings, await describeChoice(settings.device));
}

function placeWith({ threads, wide }: PlaceSettings, device: string): StudyPlace {
  const { cpu_model, deno } = currentEnvironment();
  return {
    conditions: {
      bits_version: STUDY_BITS_VERSION,
      deno,
      fused_multiply_add: fusesMultiplyAdd(),
      device,
      wide,
    },
    machine: { cpu_model, threads },
  };
}

/**
 * Conditions of runs that are only read, on whatever machine that is done: those of most of the runs that are there. Runs had
 * under others are not mixed with them.
 *
 * @param say Is told how many runs that leaves out.
 */
export async function placeOfRuns(
  folder: string,
  keys: readonly StudyKey[],
  settings: PlaceSettings & Pick<Settings, "say">,
): Promise<StudyPlace> {
  const wanted = settings.device === "auto" ? "" : settings.device;
  const here = placeWith(settings, wanted === "" ? "cpu" : wanted);
  const there = new Map<string, { readonly conditions: StudyConditions; runs: number }>();
  for (const key of keys) {
    const found = await readStored(folder, key);
    if (found === null) continue;
    const { conditions } = found, text = JSON.stringify(conditions);
    const { bits_version, device, wide } = conditions;
    if (bits_version !== STUDY_BITS_VERSION || wide !== settings.wide) continue;
    if (!device.startsWith(wanted)) continue;
    const group = there.get(text) ?? { conditions, runs: 0 };
    group.runs++;
    there.set(text, group);
  }
  const [most, ...others] = [...there.values()].sort((a, b) => b.runs - a.runs);
  if (most === undefined) return here;
  for (const { conditions, runs } of others) {
    settings.say(
      `left out, ${runs} of other conditions: ${differences(conditions, most.conditions)}`,
    );
  }
  return { ...here, conditions: most.conditions };
}

/** Members that differ, with both values. */
function differences(a: StudyConditions, b: StudyConditions): string {
  const names = Object.keys(a) as (keyof StudyConditions)[];
  return names.filter((name) => a[name] !== b[name])
    .map((name) => `${name} ${a[name]} where the others have ${b[name]}`).join(", ");
}
