/**
 * How much of each workload is trained: a little by default, the published number of inputs with `--full`.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import type { PresetName } from "../../train/model/presets.ts";
import type { Settings } from "../experiment.ts";
import { workloadSettings } from "./settings.ts";
import type { LogName } from "./workload.ts";

/** What may be drawn otherwise of a twin, as its options name it. */
export interface TwinSettings {
  /** Days that the inputs span while popularity drifts; the runs are then trained in the order of time. */
  readonly driftDays?: number;
  /** How fast planted effects shrink with popularity, if not as usual. */
  readonly effectExponent?: number;
}

/** A size of a study. */
export interface Size {
  /** Inputs that train. */
  readonly inputs: number;
  /** Seeds from 1 on. */
  readonly seeds: number;
  /** Inputs a minibatch. */
  readonly batch: number;
  /** How the twin is drawn otherwise; absent for the twin as it is. */
  readonly twin?: TwinSettings;
}

/** The settings as the names of twins have them, `,drift=10,effect=0.5`; nothing for the twin as it is. */
export function twinWords({ driftDays, effectExponent }: TwinSettings = {}): string {
  return (driftDays === undefined ? "" : `,drift=${driftDays}`) +
    (effectExponent === undefined ? "" : `,effect=${effectExponent}`);
}

/** Enough for a window and for inputs behind it. */
const SMOKE: Size = { inputs: 8000, seeds: 1, batch: 64 };

/** What two cores train in a few seconds; minibatches are small, so that few inputs make many of them. */
const REDUCED: Readonly<Record<PresetName, Size>> = {
  rm1: { inputs: 80_000, seeds: 3, batch: 128 },
  rm2: { inputs: 60_000, seeds: 3, batch: 256 },
  rm3: { inputs: 30_000, seeds: 3, batch: 256 },
  rm4: { inputs: 60_000, seeds: 3, batch: 256 },
};

/**
 * Training inputs of the data sets that the twins stand for; of rm3 a part that fits into the memory of a workstation, since
 * all 4.2 billion would take weeks.
 */
const PUBLISHED: Readonly<Record<PresetName, number>> = {
  rm1: 10_322_028,
  rm2: 39_291_958,
  rm3: 20_000_000,
  rm4: 34_653_401,
};

/**
 * With `--full`, comparisons of accuracy train this many inputs with several seeds, those of many variants fewer: together
 * with the runs at published size, rm2 is to be done in two hours on two cores.
 */
const ACCURACY = { inputs: 500_000, seeds: 5 }, MANY_VARIANTS = { inputs: 250_000, seeds: 5 };

/** Settings that decide on a size. */
type SizeSettings = Pick<Settings, "smoke" | "full" | "inputs" | "seeds" | "batch">;

/** The size of a workload's runs for timing and a first look at accuracy. */
export function sizeOf(workload: PresetName, settings: SizeSettings): Size {
  const { smoke, full } = settings;
  const size = smoke
    ? SMOKE
    : full
    ? { inputs: PUBLISHED[workload], seeds: 1, batch: workloadSettings(workload).batch }
    : REDUCED[workload];
  return asked(size, settings);
}

/** Training inputs of a workload with `--full`. */
export function publishedInputs(workload: PresetName): number {
  return PUBLISHED[workload];
}

/** The size of a workload's runs for differences in accuracy, which need seeds more than inputs. */
export function accuracySizeOf(
  workload: PresetName,
  settings: SizeSettings,
  variants: "few" | "many" = "few",
): Size {
  if (!settings.full || settings.smoke) return sizeOf(workload, settings);
  const { batch } = workloadSettings(workload);
  return asked({ ...(variants === "few" ? ACCURACY : MANY_VARIANTS), batch }, settings);
}

function asked(size: Size, { inputs, seeds, batch }: SizeSettings): Size {
  return {
    inputs: inputs ?? size.inputs,
    seeds: seeds ?? size.seeds,
    batch: batch[0] ?? size.batch,
  };
}

/** Seeds of a log, whose runs are short. */
const LOG_SEEDS = 5;

/**
 * The size of a log's runs: all of its inputs.
 *
 * @param inputs Of its training split.
 * @throws {UsageError} Another number is asked for.
 */
export function logSizeOf(workload: LogName, inputs: number, settings: SizeSettings): Size {
  if (settings.inputs !== null && settings.inputs !== inputs) {
    throw new UsageError(
      `Cannot train ${settings.inputs} inputs of ${workload}: all ${inputs} of its training split are trained`,
    );
  }
  const { batch } = workloadSettings(workload);
  return asked({ inputs, seeds: settings.smoke ? 1 : LOG_SEEDS, batch }, settings);
}

/** Workloads with a twin that were asked for, in order. */
export function workloadsOf({ workloads }: Pick<Settings, "workloads">): PresetName[] {
  return WORKLOAD_NAMES.filter((name) => workloads.includes(name));
}
