/**
 * The first registration, as history: what was frozen, byte for byte, and the table that `deno task simulate paper` printed
 * of it at its last revision. Its formulas are in the project's history; what was put right since is in docs/simulator.md.
 *
 * @module
 */

import type { Parameters } from "../parameters.ts";
import { loadFormer, readFormer } from "./former.ts";
import type { CalibrationTarget, HeldOut, Protocol } from "./registration.ts";
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

/** Loads what was frozen and checks its hash and those of the files it names. Throws a `UserError` where one differs. */
export async function loadFrozen(): Promise<Frozen> {
  return await loadFormer({
    folder: "first",
    document: "frozen.json",
    sha256: FROZEN_SHA256,
    verb: "frozen",
  });
}

/** Loads its table. */
export async function loadFirstTable(): Promise<FirstTable> {
  return await readFormer("first", "table.json");
}

/** Its parameters by today's names: plain PyTorch and Intel's kernels had one cost of a lookup. */
export function firstParameters({ calibrated }: Frozen): Parameters {
  const { intel_lookup_ns: lookupNs } = calibrated;
  return { ...calibrated, pytorch_lookup_ns: lookupNs } as unknown as Parameters;
}
