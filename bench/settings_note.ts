/**
 * Settings as results keep them: flat, and the same words for the same figures.
 *
 * @module
 */

import { WORKLOAD_NAMES } from "../data/twin/workloads.ts";
import type { Settings } from "./experiment.ts";
import type { BenchDocument } from "./report.ts";

/** Settings that change what is computed: results with others are not compared. */
export const COMPARED_SETTINGS = [
  "scale",
  "inputs",
  "seeds",
  "first_seed",
  "batch",
  "variants",
] as const;

/** What makes figures comparable, with null where an experiment decides for itself. */
export function settingsNote(settings: Settings): BenchDocument["settings"] {
  const { smoke, full, workloads, inputs, seeds, firstSeed, batch, variants, rounds } = settings;
  return {
    scale: settings.recorded ? "recorded" : smoke ? "smoke" : full ? "full" : "reduced",
    workloads: workloads.length === WORKLOAD_NAMES.length ? "all" : workloads.join(","),
    ...(settings.data.length === 0
      ? {}
      : { data: settings.data.join(" "), schema: settings.schema }),
    ...(settings.machine.length === 0 ? {} : { machine: settings.machine.join(" ") }),
    ...(settings.budget === null ? {} : { budget_minutes: settings.budget }),
    inputs,
    seeds,
    first_seed: firstSeed,
    batch: batch.length === 0 ? null : batch.join("-"),
    variants: variants.length === 0 ? null : variants.join(" "),
    rounds,
    device: settings.device,
    threads: settings.threads,
    wide: settings.wide,
  };
}
