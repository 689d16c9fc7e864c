/**
 * `deno task bench jobs NAME… [flags]`: the training runs of experiments as a list of commands, one run a command, for
 * schedulers; `bench run`, which is such a command; `bench collect`, which makes tables of what they left.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { makeFolder, writeFileWhole } from "../../core/files.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { formatCount } from "../../core/format.ts";
import { interruptible, Interruption } from "../../core/interrupt.ts";
import { readBounded } from "../../core/json_file.ts";
import { checkOutputFolder } from "../../core/outputs.ts";
import { print } from "../../core/streams.ts";
import type { Experiment, Settings } from "../experiment.ts";
import { BENCH_FLAGS, type BenchValues, commandLine, settingsOf, twinsOf } from "../flags.ts";
import { takenTable } from "../help.ts";
import { fullText, outputColumns } from "../print.ts";
import { writeResult } from "../results.ts";
import { runExperiment } from "../run_experiment.ts";
import { lookAtLog } from "../study/logs.ts";
import { drawnOtherwise } from "../study/twin_settings.ts";
import type { StudyKey } from "../study/store.ts";
import {
  LOG_FLAGS,
  RunsListed,
  trainedResults,
  TRAINING_FLAGS,
  TWIN_FLAGS,
} from "../study/trained.ts";
import { isLog } from "../study/workload.ts";
import { lockFolder } from "../suite/lock.ts";
import { checkTaken, ownSettings, takenFlags } from "../taken_flags.ts";
import { refuseRecorded } from "./common.ts";
import { refreshReport } from "./report.ts";
import { slurmFiles } from "./slurm.ts";

/** Flags of `bench jobs` beside those of the bench. */
export const JOBS_FLAGS = {
  ...BENCH_FLAGS,
  slurm: {
    type: "path",
    valueName: "DIR",
    group: "Files",
    help: "Write jobs.txt, an array script and a script that submits it to this folder, for Slurm",
  },
  list: {
    type: "path",
    valueName: "FILE",
    group: "Files",
    help:
      "With --slurm and no experiment: the commands of this file, one a line, whatever they do (sweeps, counts)",
  },
} as const satisfies FlagTable;

/** Arrays of Slurm have some thousand jobs. */
const MOST_LIST_BYTES = 16e6;

/**
 * Prints a command for each training run that the experiments need, or writes them for Slurm.
 *
 * @param experiments Those to list, of `all`.
 * @throws {UsageError} An experiment trains nothing that is kept, or none takes a flag.
 */
export async function jobsCommand(
  experiments: readonly Experiment[],
  all: readonly Experiment[],
  flags: readonly string[],
): Promise<number> {
  const { values, given, help } = parseFlags(JOBS_FLAGS, flags);
  if (help) {
    const takers = experiments.length === 0 ? all.filter(({ trains }) => trains) : experiments;
    print(formatHelp(takenTable(JOBS_FLAGS, takers), {
      command: "deno task bench",
      about: "List the training runs of experiments as commands, one a line",
      usage: "jobs NAME … [flags]",
    }));
    return 0;
  }
  if (values.list !== undefined) {
    return await writeListed(values.list, values.slurm, experiments, values.threads);
  }
  if (experiments.length === 0) {
    throw new UsageError("Cannot list jobs: name the experiments whose runs they are");
  }
  const names = experiments.map(({ name }) => name);
  checkTaken(given, experiments, all, names.join(" and "));
  refuseRecorded(values, "jobs");
  const lines = (await runsOfAll(experiments, values)).map((key) => runLine(key, values, given));
  if (values.slurm === undefined) {
    print(lines.join("\n"));
    return 0;
  }
  const collect = commandLine(values, [...given.keys()].filter((key) => key !== "slurm"), [
    "collect",
    ...names,
  ]);
  await writeSlurm(values.slurm, lines, collect, values.threads);
  return 0;
}

async function writeSlurm(
  folder: string,
  lines: readonly string[],
  collect: string | null,
  threads: number | undefined,
): Promise<void> {
  await makeFolder(folder);
  for (const [name, text] of Object.entries(slurmFiles(lines, collect, threads ?? 1))) {
    await writeFileWhole(`${folder}/${name}`, text);
  }
  print(
    `${formatCount(lines.length)} ${
      lines.length === 1 ? "job" : "jobs"
    } in ${folder}/jobs.txt; submit with sh ${folder}/submit.sh`,
  );
}

/** Any commands as jobs for Slurm: those of a file, one a line. */
async function writeListed(
  list: string,
  folder: string | undefined,
  experiments: readonly Experiment[],
  threads: number | undefined,
): Promise<number> {
  if (folder === undefined || experiments.length > 0) {
    throw new UsageError("Cannot use --list: it takes --slurm and no experiment");
  }
  const bytes = await readBounded(list, MOST_LIST_BYTES);
  const lines = new TextDecoder().decode(bytes).split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) throw new UsageError(`Cannot use --list ${list}: it has no commands`);
  await writeSlurm(folder, lines, null, threads);
  return 0;
}

/**
 * The runs that some experiments would make, each once, workload by workload in the order they were asked for.
 *
 * @throws {UsageError} One of them makes none.
 */
export async function runsOfAll(
  experiments: readonly Experiment[],
  values: BenchValues,
): Promise<StudyKey[]> {
  const runs = new Map<string, StudyKey>();
  for (const experiment of experiments) {
    let some = 0;
    for (const part of partsOf(values)) {
      for (const key of await runsOf(experiment, part)) {
        runs.set(JSON.stringify(key), key);
        some++;
      }
    }
    if (some === 0) {
      throw new UsageError(
        `Cannot list jobs of ${experiment.name}: it makes no training runs that are kept`,
      );
    }
  }
  return [...runs.values()];
}

/** Flags that ask for one workload each. */
function partsOf(values: BenchValues): BenchValues[] {
  const { data } = values;
  // In the order they were asked for.
  const asked = values.workloads ?? twinsOf(values);
  return [
    ...asked.map((workload) => ({ ...values, workloads: [workload], data: [] })),
    ...(data.length === 0 ? [] : [{ ...values, workloads: [] }]),
  ];
}

/** The runs that an experiment would make. */
async function runsOf(experiment: Experiment, values: BenchValues): Promise<StudyKey[]> {
  const keys: StudyKey[] = [];
  const settings: Settings = {
    ...settingsOf(values, { say: () => {}, signal: new AbortController().signal }),
    runs: { kind: "list", add: (key) => keys.push(key) },
  };
  if (!experiment.trains) return keys;
  try {
    await experiment.run(ownSettings(experiment, settings));
  } catch (error) {
    if (!(error instanceof RunsListed)) throw error;
  }
  return keys;
}

/** The command that makes one run. */
export function runLine(
  { workload, inputs, batch, seed, variant, twin = {} }: StudyKey,
  values: BenchValues,
  given: ReadonlyMap<string, string>,
): string {
  const general = ["device", "threads", "out", "smoke"].filter((key) => given.has(key));
  return commandLine(
    {
      ...values,
      driftDays: twin.driftDays,
      effectExponent: twin.effectExponent,
      workloads: isLog(workload) ? [] : [workload],
      data: isLog(workload) ? values.data : [],
      inputs,
      batch: [batch],
      seeds: seed,
      firstSeed: seed,
      variants: [variant],
      smoke: false,
    },
    [
      ...(isLog(workload) ? ["data", "schema"] : ["workloads"]),
      ...["inputs", "batch", "seeds", "firstSeed", "variants", ...Object.keys(twin), ...general],
    ],
    ["run"],
  );
}

/** What a run that is told to end says. */
const KEPT = "Interrupted: what was trained is kept; the same command goes on with it";

/** Flags that tell a run. */
const RUN = {
  name: "run",
  flags: [...TRAINING_FLAGS, ...LOG_FLAGS, ...TWIN_FLAGS, "variants"],
} as const;

/**
 * Makes the runs of one workload, size and batch, and keeps them in the folder of results.
 *
 * @throws {UsageError} They are not told in full, or a flag tells nothing of them.
 */
export async function runCommand(
  all: readonly Experiment[],
  values: BenchValues,
  given: ReadonlyMap<string, string>,
  say: Settings["say"],
): Promise<number> {
  checkTaken(given, [RUN], all, RUN.name);
  const { workloads = [], data, inputs, batch, seeds, variants } = values;
  if (
    workloads.length + Math.min(1, data.length) !== 1 || inputs === undefined ||
    seeds === undefined ||
    batch?.length !== 1 || variants.length === 0
  ) {
    throw new UsageError(
      "Cannot make a run: it takes one of --workloads or --data, --inputs, one --batch, --seeds with --first-seed, and --variants",
    );
  }
  checkOutputFolder("--out", values.out);
  return await interruptible(async (signal) => {
    const settings = settingsOf(values, { say, signal });
    await makeFolder(values.out);
    using _lock = await lockFolder(values.out, "experiments");
    const log = await lookAtLog(settings);
    await trainedResults(
      log?.workload ?? settings.workloads[0]!,
      { inputs, seeds, batch: batch[0]!, ...drawnOtherwise(settings) },
      settings.variants,
      settings,
    );
    return 0;
  }, (by) => new Interruption(by, KEPT));
}

/** Makes tables and report of the runs that are there, trains nothing, and names what is missing. */
export async function collectCommand(
  experiments: readonly Experiment[],
  all: readonly Experiment[],
  values: BenchValues,
  given: ReadonlyMap<string, string>,
  say: Settings["say"],
): Promise<number> {
  if (experiments.length === 0) {
    throw new UsageError("Cannot collect: name the experiments whose tables are to be made");
  }
  checkTaken(given, experiments, all, experiments.map(({ name }) => name).join(" and "));
  refuseRecorded(values, "collect");
  checkOutputFolder("--out", values.out);
  return await interruptible(async (signal) => {
    const missing: StudyKey[] = [];
    const settings: Settings = {
      ...settingsOf(values, { say, signal }),
      runs: { kind: "read", missing: (key) => missing.push(key) },
    };
    await makeFolder(values.out);
    using _lock = await lockFolder(values.out, "experiments");
    let failed: UserError | null = null;
    for (const experiment of experiments) {
      if (!experiment.trains) {
        throw new UsageError(
          `Cannot collect ${experiment.name}: it makes no training runs that are kept`,
        );
      }
      const before = missing.length;
      const own = takenFlags(given.keys(), [experiment]);
      const command = commandLine(values, own, ["collect", experiment.name]);
      const { document, error } = await runExperiment(experiment, settings, command);
      const lacking = missing.length - before;
      if (error === undefined) {
        await writeResult(values.out, document);
        print(fullText(document, outputColumns()));
      } else if (lacking === 0) throw error;
      else {failed ??= new UserError(
          `Cannot make the tables of ${experiment.name}: too few of its runs are there`,
        );}
    }
    for (const key of missing) say(`missing: ${runLine(key, values, given)}`);
    await refreshReport(values.out, say);
    if (failed !== null) throw failed;
    if (missing.length > 0) {
      throw new UserError(
        `Cannot collect all: ${missing.length} ${
          missing.length === 1 ? "run is" : "runs are"
        } missing; tables are made of the others`,
      );
    }
    return 0;
  });
}
