/**
 * The frozen parameters of the paper table: everything that its numbers depend on, committed before any ratio of Slipstream
 * was computed, with the SHA-256 of the machine file and of the counted traces. `freeze.ts` wrote it once.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import type { ParameterName } from "../parameters.ts";

/** SHA-256 of `frozen.json`; a test checks it too. */
export const FROZEN_SHA256 = "5968e0842bea974bb306a15ac33214d7308fc31deeb3d1fc91885b106b65c57b";

/** A held-out published ratio. */
export interface HeldOut {
  /** `slipstream/xdl`, …: time of the latter over time of the former is predicted. */
  readonly name: string;
  readonly slower: string;
  readonly faster: string;
  readonly published: number;
  /** What rounding and wording leave open. */
  readonly low: number;
  readonly high: number;
}

/** What the file holds. */
export interface Frozen {
  readonly schema: "slipstream.frozen";
  readonly schema_version: 1;
  readonly frozen_on: string;
  /** Values of all parameters: as they start, and with the three scalars calibrated. */
  readonly start: Readonly<Record<ParameterName, number>>;
  readonly calibrated: Readonly<Record<ParameterName, number>>;
  readonly calibration: readonly {
    readonly parameter: ParameterName;
    readonly low: number;
    readonly high: number;
    readonly slower: string;
    readonly faster: string;
    readonly target: number;
    readonly reached: number;
    readonly at_end: boolean;
    readonly source: string;
  }[];
  readonly machine: string;
  /** How the table is computed. */
  readonly protocol: {
    readonly gpus: number;
    readonly batch_per_gpu: number;
    readonly drop_share: number;
    /** The artifact's tolerance around it, for intervals and the curve. */
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
  };
  readonly held_out: readonly HeldOut[];
  /** SHA-256 by file, relative to sim/. */
  readonly files: Readonly<Record<string, string>>;
}

/** Files that the table's numbers depend on beside the frozen file. */
export const FROZEN_FILES: readonly string[] = [
  "machines/v100x4.json",
  "parameters.json",
  ...WORKLOAD_NAMES.map((name) => `paper/${name}.json`),
];

/** SHA-256 of a file below sim/. */
export async function sha256Of(file: string): Promise<string> {
  const text = await Deno.readFile(new URL(`../${file}`, import.meta.url));
  return new Sha256().update(text).hex();
}

/**
 * Loads the frozen file and checks its hash and those it names.
 *
 * @throws {UserError} One of the files is not what was frozen.
 */
export async function loadFrozen(): Promise<Frozen> {
  const hash = await sha256Of("paper/frozen.json");
  if (hash !== FROZEN_SHA256) {
    throw new UserError(
      `Cannot use sim/paper/frozen.json: its SHA-256 is ${hash} and the frozen one is ${FROZEN_SHA256}`,
    );
  }
  const frozen: Frozen = JSON.parse(
    await Deno.readTextFile(new URL("./frozen.json", import.meta.url)),
  );
  for (const [file, expected] of Object.entries(frozen.files)) {
    const found = await sha256Of(file);
    if (found !== expected) {
      throw new UserError(
        `Cannot use sim/${file} for the paper table: its SHA-256 is ${found} and the frozen one is ${expected}`,
      );
    }
  }
  return frozen;
}
