/**
 * Results of two runs, experiment by experiment.
 *
 * @module
 */

import type { BenchDocument } from "../report.ts";
import { COMPARED_SETTINGS } from "../settings_note.ts";
import { type ComparedSample, compareSamples } from "./samples.ts";

/** Grows when a member changes its meaning or goes. */
const COMPARISON_SCHEMA_VERSION = 1;

/** What `bench compare --json` writes. */
export interface Comparison {
  readonly schema: "slipstream.bench-comparison";
  readonly schema_version: typeof COMPARISON_SCHEMA_VERSION;
  /** The first run, as it was named. */
  readonly a: string;
  readonly b: string;
  /** By experiment, in the order of the first run. */
  readonly experiments: readonly ComparedExperiment[];
  /** What could not be compared and why, a sentence each. */
  readonly left_out: readonly string[];
  /** In what machines and code differ or are not known, a sentence each; empty where there is nothing. */
  readonly warnings: readonly string[];
}

/** One experiment of both runs. */
export interface ComparedExperiment {
  readonly experiment: string;
  readonly samples: readonly ComparedSample[];
}

/** Results of a run with the name that a person gave it. */
export interface NamedResults {
  readonly name: string;
  readonly documents: readonly BenchDocument[];
}

/** Compares what two runs have in common. */
export function compareResults(a: NamedResults, b: NamedResults): Comparison {
  const experiments: ComparedExperiment[] = [];
  const leftOut: string[] = [], warnings = new Set<string>();
  for (const first of a.documents) {
    const second = b.documents.find(({ experiment }) => experiment === first.experiment);
    if (second === undefined) {
      leftOut.push(`${first.experiment} is only in ${a.name}`);
      continue;
    }
    const why = incomparable(first, second, a.name, b.name);
    if (why !== null) {
      leftOut.push(`${first.experiment} is not compared: ${why}`);
      continue;
    }
    if (first.samples.length === 0 && second.samples.length === 0) {
      leftOut.push(`${first.experiment} is not compared: it has no repeated measurements`);
      continue;
    }
    const samples = commonSamples(first, second, a.name, b.name, leftOut);
    if (samples.length === 0) continue;
    experiments.push({ experiment: first.experiment, samples });
    if (samples.some(({ timing }) => timing)) {
      for (const line of differences(first, second)) warnings.add(line);
    }
    for (const [name, { environment }] of [[a.name, first], [b.name, second]] as const) {
      if (environment.git_dirty) {
        warnings.add(
          `code: ${name} is of revision ${
            environment.git_revision?.slice(0, 12)
          } with local changes, which nobody knows`,
        );
      }
    }
  }
  for (const { experiment } of b.documents) {
    if (!a.documents.some((first) => first.experiment === experiment)) {
      leftOut.push(`${experiment} is only in ${b.name}`);
    }
  }
  return {
    schema: "slipstream.bench-comparison",
    schema_version: COMPARISON_SCHEMA_VERSION,
    a: a.name,
    b: b.name,
    experiments,
    left_out: leftOut,
    warnings: [...warnings],
  };
}

/** Why two results of an experiment say nothing of each other; null where they do. */
function incomparable(
  a: BenchDocument,
  b: BenchDocument,
  nameA: string,
  nameB: string,
): string | null {
  for (const [{ failure }, name] of [[a, nameA], [b, nameB]] as const) {
    if (failure !== null) return `it failed in ${name} (${failure})`;
  }
  const text = (value: string | number | boolean | null | undefined): string =>
    value === null || value === undefined ? "by experiment" : `${value}`;
  const other = COMPARED_SETTINGS.filter((key) => text(a.settings[key]) !== text(b.settings[key]));
  if (other.length > 0) {
    return `its settings differ: ${
      other.map((key) => `${key} ${text(a.settings[key])} and ${text(b.settings[key])}`).join(", ")
    }`;
  }
  return null;
}

function commonSamples(
  a: BenchDocument,
  b: BenchDocument,
  nameA: string,
  nameB: string,
  leftOut: string[],
): ComparedSample[] {
  const software = [a, b].some(({ device }) => device?.isFallbackAdapter === true);
  const names = (samples: BenchDocument["samples"]) => new Set(samples.map(({ name }) => name));
  const [inA, inB] = [names(a.samples), names(b.samples)];
  const alone = (own: ReadonlySet<string>, other: ReadonlySet<string>, name: string): void => {
    const missing = [...own].filter((sample) => !other.has(sample));
    if (missing.length > 0) {
      leftOut.push(`${a.experiment}: ${missing.join(", ")} only in ${name}`);
    }
  };
  alone(inA, inB, nameA);
  alone(inB, inA, nameB);
  return a.samples.flatMap((sample) => {
    const other = b.samples.find(({ name }) => name === sample.name);
    if (other === undefined) return [];
    if (sample.values.length === 0 || other.values.length === 0) {
      leftOut.push(`${a.experiment}: ${sample.name} has no values`);
      return [];
    }
    // What was not finite is null.
    if ([...sample.values, ...other.values].some((value) => !Number.isFinite(value))) {
      leftOut.push(`${a.experiment}: ${sample.name} has values that are no numbers`);
      return [];
    }
    if (sample.unit !== other.unit) {
      leftOut.push(`${a.experiment}: ${sample.name} is in ${sample.unit} and in ${other.unit}`);
      return [];
    }
    return [compareSamples(sample, other, software)];
  });
}

/** In what two results differ that changes times. */
function differences(a: BenchDocument, b: BenchDocument): string[] {
  const pairs: readonly [string, unknown, unknown][] = [
    ["processor", a.environment.cpu_model, b.environment.cpu_model],
    ["cores", a.environment.cpus, b.environment.cpus],
    ["device", a.device?.name ?? null, b.device?.name ?? null],
    ["threads", a.settings.threads, b.settings.threads],
    ["Deno", a.environment.deno, b.environment.deno],
    ["V8's 256-bit mode", onOff(a.settings.wide), onOff(b.settings.wide)],
  ];
  return pairs.flatMap(([what, first, second]) =>
    (first ?? null) === (second ?? null)
      ? []
      : [`${what}: ${first ?? "unknown"} and ${second ?? "unknown"}`]
  );
}

function onOff(wide: unknown): string {
  return wide === true ? "on" : "off";
}
