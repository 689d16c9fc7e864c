/** Experiments that cost nothing, and settings to run them with. */

import type { Experiment, Findings, Settings } from "../../bench/experiment.ts";
import { EXPERIMENT_FLAG_KEYS } from "../../bench/flags.ts";
import { type BenchDocument, buildDocument, type RunNote } from "../../bench/report.ts";
import { settingsNote } from "../../bench/settings_note.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";

/** An experiment of a name that takes every flag. */
export function madeUp(
  name: string,
  run: (settings: Settings) => Findings | Promise<Findings> = () => found(name),
): Experiment {
  return {
    name,
    summary: `${name} in a line`,
    title: `What ${name} finds`,
    suite: "default",
    flags: EXPERIMENT_FLAG_KEYS,
    run: (settings) => Promise.resolve(run(settings)),
  };
}

/** A table and a sample. */
export function found(name: string, values: readonly number[] = [1, 2, 3]): Findings {
  return {
    tables: [{
      title: `Table of ${name}`,
      short: true,
      columns: [{ name: "what" }, { name: "value" }, { name: "paper", origin: "published" }],
      rows: values.map((value, i) => [`row ${i}`, value, 2 * value]),
    }],
    samples: [{ name: "time", unit: "s", better: "lower", timing: true, values }],
    notes: [`A note of ${name}`],
  };
}

/** Settings of a reduced run into a folder. */
export function settingsIn(out: string, more: Partial<Settings> = {}): Settings {
  return {
    device: "cpu",
    wide: false,
    threads: 1,
    batch: [],
    driftDays: null,
    effectExponent: null,
    rounds: 3,
    smoke: false,
    full: false,
    python: null,
    inputs: null,
    workloads: WORKLOAD_NAMES,
    seeds: null,
    firstSeed: 1,
    variants: [],
    kernels: ["standard"],
    data: [],
    machine: [],
    budget: null,
    schema: null,
    recorded: false,
    records: `${out}/recorded`,
    out,
    say: () => {},
    signal: new AbortController().signal,
    ...more,
  };
}

/** A document of findings. */
export function documentOf(
  name: string,
  findings: Findings = found(name),
  note: Partial<RunNote> = {},
): BenchDocument {
  const settings = settingsNote(settingsIn("nowhere"));
  return buildDocument(madeUp(name), findings, { seconds: 1, command: "", settings, ...note });
}
