/**
 * Training runs that experiments share: each is made once, whichever experiment asks for it first.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { DeviceNote, Sample, SettingsOf } from "../experiment.ts";
import { TRAINED_FOLDER } from "../folder_names.ts";
import { valueSample } from "../samples.ts";
import { AUC, StudyResults } from "./compare.ts";
import { chooseRecorded } from "./choose_recorded.ts";
import { type LogSettings, lookAtLog } from "./logs.ts";
import { type RecordedRun, RECORDS_FOLDER } from "./recorded.ts";
import { runSeed } from "./run_seed.ts";
import { logSizeOf, type Size, workloadsOf } from "./sizes.ts";
import { drawnOtherwise } from "./twin_settings.ts";
import { currentPlace, placeOfRuns, StudyStore, type Wanted } from "./store.ts";
import { loadVariant, type Variant, variantOf } from "./variants.ts";
import type { StudyWorkload } from "./workload.ts";

/** Flags of experiments that train. */
export const TRAINING_FLAGS = [
  "device",
  "threads",
  "batch",
  "inputs",
  "workloads",
  "seeds",
  "firstSeed",
] as const;

/** Flags of those that can show recorded runs in place of training. */
export const RECORDED_FLAGS = ["recorded", "records"] as const;

/** Flags of those that can train on a log of the user's own as well. */
export const LOG_FLAGS = ["data", "schema"] as const;

/** Flags of those that can draw twins otherwise. */
export const TWIN_FLAGS = ["driftDays", "effectExponent"] as const;

/** Settings of experiments that train. */
export type TrainingSettings =
  & SettingsOf<typeof TRAINING_FLAGS[number]>
  & Partial<
    SettingsOf<
      typeof RECORDED_FLAGS[number] | typeof LOG_FLAGS[number] | typeof TWIN_FLAGS[number]
    >
  >;

/** How runs of a given size are had. */
type RunSettings = SettingsOf<"device" | "threads" | "firstSeed"> & LogSettings;

/** Variants in words, by the names that the results are to have; or a list, whose words are the names. */
type Names = readonly string[] | Readonly<Record<string, string>>;

/** Where training runs of a results folder lie. */
export function trainedFolder(out: string): string {
  return `${out}/${TRAINED_FOLDER}`;
}

/**
 * Makes the runs that are missing, seed by seed so that what disturbs one seed falls on all variants, and reads them all. With
 * `settings.runs` it does as that says instead.
 *
 * @param settings Seeds before `firstSeed` are only read, so that several processes can share the work.
 * @param wanted Whether times are asked for, which are of this machine alone.
 * @throws {UsageError} The first seed is beyond the last.
 */
export async function trainedResults(
  workload: StudyWorkload,
  size: Size,
  names: Names,
  settings: RunSettings,
  wanted: Wanted = "accuracy",
): Promise<StudyResults> {
  return (await trainedRequests([{ workload, size, names }], settings, wanted))[0]!;
}

/** Runs that are asked for together. */
export interface TrainRequest {
  readonly workload: StudyWorkload;
  readonly size: Size;
  readonly names: Names;
}

/** As `trainedResults`, for several sizes or workloads; no run is made where the first seed is beyond the last of one. */
export async function trainedRequests(
  requests: readonly TrainRequest[],
  settings: RunSettings,
  wanted: Wanted = "accuracy",
): Promise<StudyResults[]> {
  const { firstSeed } = settings;
  for (const { size: { seeds } } of requests) {
    if (firstSeed > seeds) {
      throw new UsageError(
        `Cannot run seeds from ${firstSeed} on: --seeds ends at ${seeds}; give --seeds ${firstSeed} or more`,
      );
    }
  }
  if (settings.runs?.kind === "list") {
    for (const { workload, size, names } of requests) {
      const { seeds, ...rest } = size;
      const variants = new Set(Object.values(isList(names) ? [...names] : names));
      for (const words of variants) {
        const variant = variantOf(words), { name } = variant;
        // A file with a criterion is named as it was, and must hold one.
        await loadVariant(variant);
        for (let seed = firstSeed; seed <= seeds; seed++) {
          settings.runs.add({ workload, ...rest, seed, variant: name });
        }
      }
    }
    throw new RunsListed();
  }
  const results: StudyResults[] = [];
  for (const { workload, size, names } of requests) {
    results.push(await trainOne(workload, size, names, settings, wanted));
  }
  return results;
}

/** Ends an experiment whose runs were only to be listed. */
export class RunsListed extends Error {}

async function trainOne(
  workload: StudyWorkload,
  size: Size,
  names: Names,
  settings: RunSettings,
  wanted: Wanted,
): Promise<StudyResults> {
  const { firstSeed } = settings;
  const byName = isList(names) ? Object.fromEntries(names.map((name) => [name, name])) : names;
  const labelled = new Map<string, Variant>();
  for (const [label, words] of Object.entries(byName)) {
    labelled.set(label, await loadVariant(variantOf(words)));
  }
  const labels = new Map([...labelled].map(([label, { name }]) => [name, label]));
  const variants = [...new Map([...labelled.values()].map((one) => [one.name, one])).values()];
  const { seeds, ...rest } = size;
  const keys = variants.flatMap(({ name }) =>
    Array.from({ length: seeds }, (_, i) => ({ workload, ...rest, seed: i + 1, variant: name }))
  );
  const folder = trainedFolder(settings.out);
  const place = settings.runs?.kind === "read"
    ? await placeOfRuns(folder, keys, settings)
    : await currentPlace(settings);
  const store = new StudyStore(folder, place);
  for (let seed = firstSeed; seed <= seeds; seed++) {
    const job = { workload, ...rest, seed, variants, labels, wanted };
    if (settings.runs?.kind !== "read") await runSeed(job, store, settings);
    else {
      for (const { name } of variants) {
        const key = { workload, ...rest, seed, variant: name };
        if (await store.read(key, wanted) === null) settings.runs.missing(key);
      }
    }
    settings.signal.throwIfAborted();
  }
  const stored = Object.fromEntries([...labelled].map(([label, { name }]) => [label, name]));
  return await StudyResults.read(store, { workload, ...rest }, seeds, stored, wanted);
}

/** One workload's runs. */
export interface Trained {
  readonly workload: StudyWorkload;
  readonly size: Size;
  readonly results: StudyResults;
}

/**
 * Variants by name, or what gives them for a workload.
 *
 * @param recorded With recorded runs, the variants that there are.
 */
type NamesOf = Names | ((workload: StudyWorkload, recorded: readonly string[] | null) => Names);

/**
 * The runs of every workload that is asked for, as `trainedResults` makes them. With `settings.recorded` those of the folder of
 * records: of each workload the largest size that was recorded, workloads without records left out.
 */
export async function trainWorkloads(
  settings: TrainingSettings,
  sizeOf: (workload: PresetName, settings: TrainingSettings) => Size,
  names: NamesOf,
  wanted: Wanted = "accuracy",
): Promise<Trained[]> {
  if (settings.recorded) return await recordedWorkloads(settings, names);
  const log = await lookAtLog(settings);
  const sizes: [StudyWorkload, Size][] = workloadsOf(settings).map((workload) => [
    workload,
    sizeOf(workload, settings),
  ]);
  if (log !== null) sizes.push([log.workload, logSizeOf(log.workload, log.inputs, settings)]);
  const requests = sizes.map(([workload, size]) => ({
    workload,
    size,
    names: typeof names === "function" ? names(workload, null) : names,
  }));
  const results = await trainedRequests(requests, settings, wanted);
  return requests.map(({ workload, size }, i) => ({ workload, size, results: results[i]! }));
}

async function recordedWorkloads(settings: TrainingSettings, names: NamesOf): Promise<Trained[]> {
  const { records = RECORDS_FOLDER } = settings;
  const trained: Trained[] = [];
  for (const study of await chooseRecorded({ ...settings, records })) {
    const { workload, inputs, batch, runs } = study;
    const variants = [...new Set(runs.map(({ variant }) => variant))];
    const asked = typeof names === "function" ? names(workload, variants) : names;
    const byName = new Map<string, readonly RecordedRun[]>();
    for (const [label, words] of isList(asked) ? asked.map((n) => [n, n]) : Object.entries(asked)) {
      // A criterion that was loaded from a file is known by its hash alone.
      const name = variants.includes(words!) ? words : (await loadVariant(variantOf(words!))).name;
      byName.set(label!, runs.filter(({ variant }) => variant === name));
    }
    const seeds = new Set(runs.map(({ seed }) => seed)).size;
    trained.push({
      workload,
      size: { inputs, batch, seeds, ...drawnOtherwise(study.twin ?? {}) },
      results: StudyResults.of(byName),
    });
  }
  return trained;
}

/** The device of some runs: the first one's. */
export function deviceOf([first]: readonly Pick<Trained, "results">[]): DeviceNote | null {
  return first?.results.all[0]?.device ?? null;
}

/** AUC over seeds, for `bench compare`. */
export function aucSample({ workload, results }: Trained, name: string): Sample {
  return valueSample(`${workload}/${name}/AUC`, "", results.of(name).map(AUC), "higher");
}

function isList(names: Names): names is readonly string[] {
  return Array.isArray(names);
}
