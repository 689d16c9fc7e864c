/**
 * The registered parameters of the paper table: everything that its numbers depend on, committed before any of its ratios
 * was computed, with the SHA-256 of the machine file, the parameters, the counted traces and the formulas. `register.ts`
 * wrote it once. It is the third one; the first and the second are history (`first.ts`, `second.ts`).
 *
 * @module
 */

import { fs, IN_BROWSER } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import type { ParameterName, Parameters } from "../parameters.ts";

/** SHA-256 of `registered.json`; a test checks it too. */
export const REGISTERED_SHA256 = "37c5021480d87f6b69e7141c1abc07f5dac4a88c963044a15802e2d81122b1d9";

/** A held-out published ratio. */
export interface HeldOut {
  /** `slipstream / xdl`, …: time of the latter over time of the former is predicted. */
  readonly name: string;
  readonly slower: string;
  readonly faster: string;
  readonly published: number;
  /** What rounding and wording leave open. */
  readonly low: number;
  readonly high: number;
}

/** A published ratio of other systems that set a scalar. */
export interface CalibrationTarget {
  readonly parameter: ParameterName;
  /** The scalar's range. */
  readonly low: number;
  readonly high: number;
  readonly slower: string;
  readonly faster: string;
  readonly target: number;
  /** What the target may be: published means disagree with each other. Missing in the first registration. */
  readonly target_low?: number;
  readonly target_high?: number;
  readonly reached: number;
  readonly at_end: boolean;
  readonly source: string;
}

/** How a table is computed. */
export interface Protocol {
  readonly gpus: number;
  readonly batch_per_gpu: number;
  readonly drop_share: number;
  /** The artifact's tolerance around it, for ranges and the curve. */
  readonly drop_share_low: number;
  readonly drop_share_high: number;
  readonly mean: string;
  readonly calibration_workloads: readonly WorkloadName[];
  readonly held_out_workloads: readonly WorkloadName[];
  /** Reading of the Hotline figure that counts: Slipstream over Hotline against Hotline. */
  readonly hotline_reading: "A" | "B";
  readonly draws: number;
  readonly seed: number;
  readonly bar_each: number;
  readonly bar_mean: number;
}

/** What the file holds. */
export interface Registration {
  readonly schema: "slipstream.registration";
  readonly schema_version: 2;
  readonly registered_on: string;
  /** What was known when it was written, which says how blind the predictions are. */
  readonly known: readonly string[];
  /** Values of all parameters: as they start, and with the scalars calibrated. */
  readonly start: Parameters;
  readonly calibrated: Parameters;
  readonly calibration: readonly CalibrationTarget[];
  /** The calibrated scalars of each draw, in the order of `calibration`: machine, priors and targets drawn. */
  readonly draws: readonly (readonly number[])[];
  readonly machine: string;
  readonly protocol: Protocol;
  readonly held_out: readonly HeldOut[];
  /** Other readings of the same published figures, shown beside them. */
  readonly readings: readonly HeldOut[];
  /** SHA-256 by file, relative to sim/: what must not change. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 of the formulas' files as they were, relative to the project. */
  readonly formulas: Readonly<Record<string, string>>;
}

/** Data that the table's numbers depend on beside the registered file, relative to sim/. */
export const REGISTERED_FILES: readonly string[] = [
  "machines/v100x4.json",
  "parameters.json",
  ...WORKLOAD_NAMES.map((name) => `paper/${name}.json`),
];

/** Formulas that the table's numbers depend on, relative to the project. */
export const FORMULA_FILES: readonly string[] = [
  ...[
    "context",
    "engine",
    "graph",
    "graph_totals",
    "lane",
    "ops",
    "simulate",
    "uncertainty",
    "work",
  ]
    .map((name) => `sim/${name}.ts`),
  ...["dlrm_steps", "fae", "gpu_only", "hotline", "hybrid", "slipstream", "snapshots", "xdl"]
    .map((name) => `sim/systems/${name}.ts`),
  ...["calibrate", "draws", "evaluate"].map((name) => `sim/paper/${name}.ts`),
  ...["bce", "embedding", "interaction", "linear", "normalise", "sequence", "update"]
    .map((name) => `kernels/${name}/record.ts`),
];

/** SHA-256 of a file of the project. */
export async function sha256Of(file: string): Promise<string> {
  const bytes = await fs.readFile(new URL(`../../${file}`, import.meta.url));
  return new Sha256().update(bytes).hex();
}

/**
 * Loads the registration and checks its hash and those of the data that it names.
 *
 * @throws {UserError} One of the files is not what was registered.
 */
export async function loadRegistration(): Promise<Registration> {
  const { default: registered } = await import("./registered.json", { with: { type: "json" } });
  const registration = registered as unknown as Registration;
  // What a browser runs was put together of these files, and there are no others.
  if (!IN_BROWSER) await checkFiles(registration);
  return registration;
}

/** Checks the hash of the registration and those of the data that it names. */
async function checkFiles({ files }: Registration): Promise<void> {
  const hash = await sha256Of("sim/paper/registered.json");
  if (hash !== REGISTERED_SHA256) {
    throw new UserError(
      `Cannot use sim/paper/registered.json: its SHA-256 is ${hash} and the registered one is ${REGISTERED_SHA256}`,
    );
  }
  for (const [file, expected] of Object.entries(files)) {
    const found = await sha256Of(`sim/${file}`);
    if (found !== expected) {
      throw new UserError(
        `Cannot use sim/${file} for the paper table: its SHA-256 is ${found} and the registered one is ${expected}`,
      );
    }
  }
}

/** Formulas whose text is another than when it was registered; a test holds the ratios that they give. */
export async function changedFormulas(
  { formulas }: Pick<Registration, "formulas">,
): Promise<string[]> {
  const changed: string[] = [];
  for (const [file, expected] of Object.entries(formulas)) {
    const found = await sha256Of(file).catch(() => null);
    if (found !== expected) changed.push(file);
  }
  return changed;
}
