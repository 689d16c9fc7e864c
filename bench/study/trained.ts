/**
 * Training runs that experiments share: each is made once, whichever experiment asks for it first.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { DeviceNote, Sample, Settings } from "../experiment.ts";
import { StudyResults } from "./compare.ts";
import { runSeed } from "./run_seed.ts";
import { type Size, workloadsOf } from "./sizes.ts";
import { currentPlace, StudyStore, type Wanted } from "./store.ts";
import { loadVariant, type Variant, variantOf } from "./variants.ts";

/** Where training runs of a results folder lie. */
export function trainedFolder(out: string): string {
  return `${out}/trained`;
}

/**
 * Makes the runs that are missing, seed by seed so that what disturbs one seed falls on all variants, and reads them all. With
 * `settings.runs` it does as that says instead.
 *
 * @param names Variants in words, by the names that the results are to have; or a list, whose words are the names.
 * @param wanted Whether times are asked for, which are of this machine alone.
 * @throws {UsageError} The first seed is beyond the last.
 */
export async function trainedResults(
  workload: PresetName,
  size: Size,
  names: readonly string[] | Readonly<Record<string, string>>,
  settings: Settings,
  wanted: Wanted = "accuracy",
): Promise<StudyResults> {
  return (await trainedRequests([{ workload, size, names }], settings, wanted))[0]!;
}

/** Runs that are asked for together. */
export interface TrainRequest {
  readonly workload: PresetName;
  readonly size: Size;
  /** Variants by the names that the results are to have, or their own names. */
  readonly names: readonly string[] | Readonly<Record<string, string>>;
}

/** As `trainedResults`, for several sizes or workloads. */
export async function trainedRequests(
  requests: readonly TrainRequest[],
  settings: Settings,
  wanted: Wanted = "accuracy",
): Promise<StudyResults[]> {
  if (settings.runs?.kind === "list") {
    for (const { workload, size, names } of requests) {
      const { seeds, ...rest } = size;
      const variants = new Set(Object.values(isList(names) ? [...names] : names));
      for (const words of variants) {
        const { name } = await loadVariant(variantOf(words));
        for (let seed = settings.firstSeed; seed <= seeds; seed++) {
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
  workload: PresetName,
  size: Size,
  names: TrainRequest["names"],
  settings: Settings,
  wanted: Wanted,
): Promise<StudyResults> {
  const { firstSeed } = settings;
  const store = new StudyStore(trainedFolder(settings.out), currentPlace(settings));
  const byName: Readonly<Record<string, string>> = isList(names)
    ? Object.fromEntries(names.map((name) => [name, name]))
    : names;
  const labelled = new Map<string, Variant>();
  for (const [label, words] of Object.entries(byName)) {
    labelled.set(label, await loadVariant(variantOf(words)));
  }
  const labels = new Map([...labelled].map(([label, { name }]) => [name, label]));
  const variants = [...new Map([...labelled.values()].map((one) => [one.name, one])).values()];
  const { seeds, ...rest } = size;
  if (firstSeed > seeds) {
    throw new UsageError(
      `Cannot run seeds from ${firstSeed} on: --seeds ends at ${seeds}; give --seeds ${firstSeed} or more`,
    );
  }
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
  readonly workload: PresetName;
  readonly size: Size;
  readonly results: StudyResults;
}

/** The runs of every workload that is asked for, as `trainedResults` makes them. */
export async function trainWorkloads(
  settings: Settings,
  sizeOf: (workload: PresetName, settings: Settings) => Size,
  names: TrainRequest["names"],
  wanted: Wanted = "accuracy",
): Promise<Trained[]> {
  const requests = workloadsOf(settings).map((workload) => ({
    workload,
    size: sizeOf(workload, settings),
    names,
  }));
  const results = await trainedRequests(requests, settings, wanted);
  return requests.map(({ workload, size }, i) => ({ workload, size, results: results[i]! }));
}

/** The device of some results: the first one's. */
export function deviceOf(results: readonly StudyResults[]): DeviceNote | null {
  return results[0]?.all[0]?.device ?? null;
}

/** AUC over seeds, for `bench compare`. */
export function aucSample(workload: PresetName, name: string, results: StudyResults): Sample {
  return {
    name: `${workload}/${name}/AUC`,
    unit: "",
    better: "higher",
    timing: false,
    values: results.of(name).map(({ metrics }) => metrics.auc!),
  };
}

function isList(
  names: readonly string[] | Readonly<Record<string, string>>,
): names is readonly string[] {
  return Array.isArray(names);
}
