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
import { drawnOtherwise, type DrawnSettings, type TwinSettings } from "./twin_settings.ts";
import type { LogName } from "./workload.ts";

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
type SizeSettings =
  & Pick<Settings, "smoke" | "full" | "inputs" | "seeds" | "batch">
  & DrawnSettings;

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

function asked(size: Size, settings: SizeSettings): Size {
  const { inputs, seeds, batch } = settings;
  return {
    inputs: inputs ?? size.inputs,
    seeds: seeds ?? size.seeds,
    batch: batch[0] ?? size.batch,
    ...drawnOtherwise(settings),
  };
}

/** Seeds of a log, whose runs are short. */
const LOG_SEEDS = 5;

/**
 * The size of a log's runs: all of its inputs.
 *
 * @param inputs Of its training split.
 * @throws {UsageError} Another number is asked for, or that it be drawn otherwise.
 */
export function logSizeOf(workload: LogName, inputs: number, settings: SizeSettings): Size {
  if (settings.inputs !== null && settings.inputs !== inputs) {
    throw new UsageError(
      `Cannot train ${settings.inputs} inputs of ${workload}: all ${inputs} of its training split are trained`,
    );
  }
  if (drawnOtherwise(settings).twin !== undefined) {
    throw new UsageError(
      `Cannot draw ${workload} otherwise: it is a log; --drift-days and --effect-exponent are for twins`,
    );
  }
  const { batch } = workloadSettings(workload);
  return asked({ inputs, seeds: settings.smoke ? 1 : LOG_SEEDS, batch }, settings);
}

/** Workloads with a twin that were asked for, in order. */
export function workloadsOf({ workloads }: Pick<Settings, "workloads">): PresetName[] {
  return WORKLOAD_NAMES.filter((name) => workloads.includes(name));
}
