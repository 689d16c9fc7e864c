/**
 * Training runs that experiments share: each is made once, whichever experiment asks for it first.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { DeviceNote, Sample, Settings } from "../experiment.ts";
import { StudyResults } from "./compare.ts";
import { runSeed } from "./run_seed.ts";
import { type Size, workloadsOf } from "./sizes.ts";
import { currentConditions, StudyStore } from "./store.ts";
import { loadVariant, type Variant, variantOf } from "./variants.ts";

/** Where training runs of a results folder lie. */
export function trainedFolder(out: string): string {
  return `${out}/trained`;
}

/**
 * Makes the runs that are missing, seed by seed so that what disturbs one seed falls on all variants, and reads them all.
 *
 * @param names Variants in words, by the names that the results are to have; or a list, whose words are the names.
 * @param firstSeed Seeds before it are only read, so that several processes can share the work.
 * @throws {UserError} Status 2: the first seed is beyond the last.
 */
export async function trainedResults(
  workload: PresetName,
  size: Size,
  names: readonly string[] | Readonly<Record<string, string>>,
  settings: Settings,
  firstSeed = 1,
): Promise<StudyResults> {
  const store = new StudyStore(trainedFolder(settings.out), currentConditions(settings));
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
    throw new UserError(
      `Cannot run seeds from ${firstSeed} on: --seeds ends at ${seeds}; give --seeds ${firstSeed} or more`,
      2,
    );
  }
  for (let seed = firstSeed; seed <= seeds; seed++) {
    await runSeed({ workload, ...rest, seed, variants, labels }, store, settings);
    settings.signal.throwIfAborted();
  }
  const stored = Object.fromEntries([...labelled].map(([label, { name }]) => [label, name]));
  return await StudyResults.read(store, { workload, ...rest }, seeds, stored);
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
  names: Parameters<typeof trainedResults>[2],
): Promise<Trained[]> {
  const trained: Trained[] = [];
  for (const workload of workloadsOf(settings)) {
    const size = sizeOf(workload, settings);
    trained.push({
      workload,
      size,
      results: await trainedResults(workload, size, names, settings),
    });
  }
  return trained;
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
