/**
 * The first registration, as history: what was frozen, byte for byte, and the table that `deno task simulate paper` printed
 * of it at its last revision. Its formulas are in the project's history; what was put right since is in docs/simulator.md.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import type { Parameters } from "../parameters.ts";
import type { CalibrationTarget, HeldOut, Protocol } from "./registration.ts";
import { sha256Of } from "./registration.ts";
import type { RatioRow } from "./ratios.ts";

/** SHA-256 of `first/frozen.json`, as it was committed before its ratios were computed. */
export const FROZEN_SHA256 = "5968e0842bea974bb306a15ac33214d7308fc31deeb3d1fc91885b106b65c57b";

/** Names of parameters then. */
type FormerParameters = Readonly<Record<string, number>>;

/** What was frozen. */
export interface Frozen {
  readonly frozen_on: string;
  readonly start: FormerParameters;
  readonly calibrated: FormerParameters;
  readonly calibration: readonly CalibrationTarget[];
  readonly machine: string;
  readonly protocol: Protocol;
  readonly held_out: readonly HeldOut[];
  /** SHA-256 by file, relative to sim/ then. */
  readonly files: Readonly<Record<string, string>>;
}

/** A line of its table, with what its intervals were called then. */
type FirstRow = Omit<RatioRow, "range" | "ranges" | "prior"> & {
  readonly prior: RatioRow["range"];
  readonly posterior: RatioRow["range"];
};

/** Its table. */
export interface FirstTable {
  readonly frozen: Frozen;
  readonly rows: readonly FirstRow[];
  readonly otherReading: FirstRow;
  readonly mape: { readonly calibrated: number; readonly uncalibrated: number };
}

/** Where the files that were frozen are now, relative to sim/paper/first/. */
const FIRST_FILES: Readonly<Record<string, string>> = {
  "machines/v100x4.json": "machine.json",
  "parameters.json": "parameters.json",
  "paper/rm1.json": "rm1.json",
  "paper/rm2.json": "rm2.json",
  "paper/rm3.json": "rm3.json",
  "paper/rm4.json": "rm4.json",
};

async function read<T>(file: string): Promise<T> {
  return JSON.parse(await fs.readTextFile(new URL(`./first/${file}`, import.meta.url)));
}

/** Loads what was frozen and checks its hash and those of the files it names. Throws a `UserError` where one differs. */
export async function loadFrozen(): Promise<Frozen> {
  const check = async (file: string, expected: string): Promise<void> => {
    const found = await sha256Of(`sim/paper/first/${file}`);
    if (found !== expected) {
      throw new UserError(
        `Cannot use sim/paper/first/${file}: its SHA-256 is ${found} and the frozen one is ${expected}`,
      );
    }
  };
  await check("frozen.json", FROZEN_SHA256);
  const frozen = await read<Frozen>("frozen.json");
  for (const [file, expected] of Object.entries(frozen.files)) {
    await check(FIRST_FILES[file]!, expected);
  }
  return frozen;
}

/** Loads its table. */
export async function loadFirstTable(): Promise<FirstTable> {
  return await read<FirstTable>("table.json");
}

/** Its parameters by today's names: plain PyTorch and Intel's kernels had one cost of a lookup. */
export function firstParameters({ calibrated }: Frozen): Parameters {
  const { intel_lookup_ns: lookupNs } = calibrated;
  return { ...calibrated, pytorch_lookup_ns: lookupNs } as unknown as Parameters;
}
