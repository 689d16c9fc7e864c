/**
 * Flags of `deno task bench` and the settings that they make.
 *
 * @module
 */

import { type Flag, flagName, type FlagTable, type FlagValues, QUIET_FLAG } from "../core/flags.ts";
import { UsageError } from "../core/errors.ts";
import { KERNEL_CHOICE_NAMES } from "../kernels/webgpu/variants.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../data/twin/workloads.ts";
import { GPU_MACHINE_NAMES } from "../sim/machine.ts";
import type { ExperimentFlag, Settings } from "./experiment.ts";
import { RECORDS_FOLDER } from "./study/recorded.ts";
import { splitVariants } from "./study/old_names.ts";
import { fileWord } from "./study/workload.ts";

/** Folder of results unless told. */
export const RESULTS_FOLDER = "runs/bench";

/** Folder of the answer about a log, by the name of its first file, unless told: `runs/log-clicks`. */
export function logFolder(data: readonly string[]): string {
  const [first] = data;
  return first === undefined ? RESULTS_FOLDER : `runs/log-${fileWord(first)}`;
}

/** Flags that mean something to some experiments: each declares those that it takes. */
const EXPERIMENT_FLAGS = {
  device: {
    type: "choice",
    choices: ["auto", "cpu", "webgpu"],
    default: "auto",
    group: "Experiment",
    help: "Where to compute; auto takes a hardware WebGPU adapter where there is one, else the CPU",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    max: 256,
    group: "Experiment",
    defaultText: "all cores",
    help: "Threads of the CPU device",
  },
  batch: {
    type: "ints",
    group: "Experiment",
    valueName: "N-N-…",
    defaultText: "by experiment",
    help: "Minibatch sizes",
  },
  rounds: {
    type: "number",
    integer: true,
    min: 1,
    max: 1000,
    default: 7,
    group: "Experiment",
    help: "Timed rounds; the median of them is what counts",
  },
  inputs: {
    type: "number",
    integer: true,
    min: 100,
    max: 2 ** 31 - 1,
    group: "Experiment",
    defaultText: "by experiment",
    help: "Inputs that train",
  },
  workloads: {
    type: "list",
    choices: WORKLOAD_NAMES,
    group: "Experiment",
    valueName: "NAME,…",
    defaultText: "all; with --data none",
    help: "Workloads: twins of the data sets",
  },
  data: {
    type: "paths",
    default: [],
    group: "Experiment",
    valueName: "FILE …",
    defaultText: "twins alone",
    help:
      "A log of your own, trained beside the twins of --workloads; without a NAME: is skipping worth it on it?",
  },
  schema: {
    type: "path",
    valueName: "FILE",
    group: "Experiment",
    defaultText: "as recognised",
    help: "The schema of that log: deno task data schema drafts one",
  },
  machine: {
    type: "list",
    default: [],
    group: "Experiment",
    valueName: "NAME,…",
    defaultText: "by experiment",
    help: `Machines to predict: ${GPU_MACHINE_NAMES.join(", ")}, or files ending in .json`,
  },
  budget: {
    type: "number",
    above: 0,
    max: 100_000,
    group: "Experiment",
    valueName: "MINUTES",
    defaultText: "4; with --full no limit",
    help: "Time that the answer may take: it chooses rows, variants and seeds",
  },
  seeds: {
    type: "number",
    integer: true,
    min: 1,
    max: 1000,
    group: "Experiment",
    defaultText: "by experiment",
    help: "Seeds of what is trained more than once",
  },
  firstSeed: {
    type: "number",
    integer: true,
    min: 1,
    default: 1,
    group: "Experiment",
    help:
      "First seed to train; those before it are only read: several processes can share one folder of results",
  },
  driftDays: {
    type: "number",
    above: 0,
    max: 1000,
    group: "Experiment",
    defaultText: "popularity stands still",
    help:
      "Days that a twin's inputs span while ids come and go; inputs are trained in the order of time (rm4 alone says how)",
  },
  effectExponent: {
    type: "number",
    min: 0,
    max: 1,
    group: "Experiment",
    defaultText: "0.25",
    help: "How fast a twin's planted effects shrink with popularity: 0, 0.25 or 0.5; not for rm1",
  },
  variants: {
    type: "words",
    default: [],
    group: "Experiment",
    valueName: "VARIANT …",
    defaultText: "by experiment",
    help:
      "Variants, with spaces between: a plan and flags of deno task train without dashes, such as fae slipstream,drop=0.5,criterion=per-root-access; --schedule is cold-then-hot unless told",
  },
  kernels: {
    type: "list",
    choices: KERNEL_CHOICE_NAMES,
    default: ["standard"],
    group: "Experiment",
    valueName: "NAME,…",
    help:
      "Kernels to time on WebGPU, one choice after another; docs/performance.md says what each is",
  },
  recorded: {
    type: "boolean",
    group: "Experiment",
    help:
      "Show recorded runs, of each workload the largest size at which fae or baseline was stopped early, else the largest, of the device with the most runs, unless --inputs or --device tell, and train nothing; their results stand beside those of runs made here",
  },
  records: {
    type: "path",
    valueName: "DIR",
    group: "Experiment",
    default: RECORDS_FOLDER,
    defaultText: "bench/recorded of the project",
    help: "Folder of recorded runs, one document a run",
  },
  python: {
    type: "path",
    group: "Experiment",
    defaultText: "python3, /usr/bin/python3",
    help: "Python with torch and numpy",
  },
} as const satisfies Readonly<Record<ExperimentFlag, Flag>>;

/** All flags: those that experiments declare, and those that all of them take. */
export const BENCH_FLAGS = {
  ...EXPERIMENT_FLAGS,
  full: {
    type: "boolean",
    group: "Experiment",
    help:
      "Published sizes, and five seeds for comparisons of accuracy: hours; an interrupted run goes on where it stopped",
  },
  smoke: {
    type: "boolean",
    group: "Experiment",
    help: "Least work that still runs everything; the figures mean nothing",
  },
  wide: {
    type: "boolean",
    group: "Experiment",
    help:
      "CPU kernels for V8's 256-bit mode on x86-64; deno task bench says it, and --no-wide takes it back",
  },
  out: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    default: RESULTS_FOLDER,
    help: "Folder of results, with report.html; what an interrupted run has done is found there",
  },
  json: {
    type: "path",
    valueName: "FILE",
    group: "Files",
    help: "Write the findings of one experiment to this file too; - is standard output",
  },
  csv: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Write the tables of one experiment as CSV to this folder too; - is standard output",
  },
  quiet: QUIET_FLAG,
} as const satisfies FlagTable;

/** Values of {@linkcode BENCH_FLAGS}. */
export type BenchValues = FlagValues<typeof BENCH_FLAGS>;

/** Keys of the flags that not every experiment takes, in the order of the table. */
export const EXPERIMENT_FLAG_KEYS = Object.keys(EXPERIMENT_FLAGS) as readonly ExperimentFlag[];

/** Flags without a value, as they are written. */
const SWITCHES: ReadonlySet<string> = new Set(
  Object.entries(BENCH_FLAGS).flatMap(([key, flag]) =>
    flag.type === "boolean"
      ? [
        flagName(key),
        `--no-${flagName(key).slice(2)}`,
        ...("short" in flag ? [`-${flag.short}`] : []),
      ]
      : []
  ),
);

/**
 * Parts a command line into the words before its flags and the rest. Switches may stand before the words, as `--wide` does
 * in the task `bench`.
 */
export function partWords(
  args: readonly string[],
): { readonly words: readonly string[]; readonly flags: readonly string[] } {
  const first = args.findIndex((word) => !SWITCHES.has(word));
  if (first < 0) return { words: [], flags: args };
  const behind = args.slice(first).findIndex((word) => word.startsWith("-"));
  const end = behind < 0 ? args.length : first + behind;
  return { words: args.slice(first, end), flags: args.toSpliced(first, end - first) };
}

/** Flags that change no figure. */
const ASIDE: ReadonlySet<string> = new Set(["wide", "json", "csv", "quiet"]);

/**
 * The command line that does the same again.
 *
 * @param given Keys of the flags that were given.
 * @param names Experiments to run; none for the suite.
 */
export function commandLine(
  values: BenchValues,
  given: Iterable<string>,
  names: readonly string[],
): string {
  const keys = new Set(given);
  const words = (Object.keys(BENCH_FLAGS) as (keyof BenchValues)[]).flatMap((key) => {
    const value = values[key];
    if (!keys.has(key) || ASIDE.has(key) || value === undefined || value === false) return [];
    if (value === true) return [flagName(key)];
    const quoted = (text: string): string =>
      /^[\w./,:+=-]+$/.test(text) ? text : JSON.stringify(text);
    if (key === "variants" || key === "data") return [flagName(key), ...values[key].map(quoted)];
    const text = typeof value === "object" ? value.join(key === "batch" ? "-" : ",") : `${value}`;
    return [flagName(key), quoted(text)];
  });
  if (keys.has("wide") && !values.wide) words.push("--no-wide");
  return ["deno task bench", ...names, ...words].join(" ");
}

/** The twins that flags ask for: all unless told, or none where a log is given. */
export function twinsOf(
  { workloads, data }: Pick<BenchValues, "workloads" | "data">,
): WorkloadName[] {
  const asked = workloads ?? (data.length > 0 ? [] : WORKLOAD_NAMES);
  return WORKLOAD_NAMES.filter((name) => asked.includes(name));
}

/**
 * What the flags mean to an experiment.
 *
 * @throws {UsageError} Flags that exclude each other.
 */
export function settingsOf(
  values: BenchValues,
  { say, signal }: Pick<Settings, "say" | "signal">,
): Settings {
  if (values.full && values.smoke) {
    throw new UsageError("Cannot use --full with --smoke: one is the most work, one the least");
  }
  if (values.recorded && (values.full || values.smoke)) {
    throw new UsageError(
      `Cannot use --recorded with --${
        values.full ? "full" : "smoke"
      }: recorded runs have the size that they were recorded with; --inputs chooses one`,
    );
  }
  if (values.smoke && values.inputs !== undefined) {
    throw new UsageError("Cannot use --inputs with --smoke, which has sizes of its own");
  }
  return {
    device: values.device,
    wide: values.wide,
    threads: values.threads ?? null,
    batch: values.batch ?? [],
    rounds: values.smoke ? 1 : values.rounds,
    smoke: values.smoke,
    full: values.full,
    python: values.python ?? null,
    inputs: values.inputs ?? null,
    workloads: twinsOf(values),
    data: values.data,
    schema: values.schema ?? null,
    machine: values.machine,
    budget: values.budget ?? null,
    seeds: values.seeds ?? null,
    firstSeed: values.firstSeed,
    driftDays: values.driftDays ?? null,
    effectExponent: values.effectExponent ?? null,
    variants: splitVariants(values.variants),
    kernels: KERNEL_CHOICE_NAMES.filter((name) => values.kernels.includes(name)),
    recorded: values.recorded,
    records: values.records,
    out: values.out,
    say,
    signal,
  };
}
