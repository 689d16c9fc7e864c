/**
 * Training runs that experiments share: each is made once, whichever experiment asks for it first.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { DeviceNote, Sample, Settings, SettingsOf } from "../experiment.ts";
import { valueSample } from "../samples.ts";
import { AUC, StudyResults } from "./compare.ts";
import { runSeed } from "./run_seed.ts";
import { type Size, workloadsOf } from "./sizes.ts";
import { currentConditions, StudyStore } from "./store.ts";
import { loadVariant, type Variant, variantOf } from "./variants.ts";

/** Flags of experiments that train. */
export const TRAINING_FLAGS = [
  "device",
  "threads",
  "batch",
  "inputs",
  "workloads",
  "seeds",
] as const;

/** Settings of experiments that train. */
export type TrainingSettings = SettingsOf<typeof TRAINING_FLAGS[number]>;

/** Names of results with their variants in words; or a list, whose words are the names. */
type Names = readonly string[] | Readonly<Record<string, string>>;

/** Where training runs of a results folder lie. */
export function trainedFolder(out: string): string {
  return `${out}/trained`;
}

/**
 * Makes the runs that are missing, seed by seed so that what disturbs one seed falls on all variants, and reads them all.
 *
 * @param settings Seeds before `firstSeed` are only read, so that several processes can share the work.
 * @throws {UserError} Status 2: the first seed is beyond the last.
 */
export async function trainedResults(
  workload: PresetName,
  size: Size,
  names: Names,
  settings: SettingsOf<"device" | "threads"> & Partial<Pick<Settings, "firstSeed">>,
): Promise<StudyResults> {
  const { firstSeed = 1 } = settings;
  const store = new StudyStore(trainedFolder(settings.out), currentConditions(settings));
  const byName = isList(names) ? Object.fromEntries(names.map((name) => [name, name])) : names;
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
  settings: TrainingSettings,
  sizeOf: (workload: PresetName, settings: TrainingSettings) => Size,
  names: Names | ((workload: PresetName) => Names),
): Promise<Trained[]> {
  const trained: Trained[] = [];
  for (const workload of workloadsOf(settings)) {
    const size = sizeOf(workload, settings);
    const own = typeof names === "function" ? names(workload) : names;
    trained.push({ workload, size, results: await trainedResults(workload, size, own, settings) });
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
