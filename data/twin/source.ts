/**
 * How command lines name twins: `twin:rm2`, `twin:rm2:1000000`, `twin:FILE.json`.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { TWIN_NAMES } from "./open.ts";

/** Inputs of a twin by default: two million of them train. */
export const DEFAULT_TWIN_INPUTS = 2_333_333;

/** A twin that a command line names. */
export interface TwinSource {
  /** One of `TWIN_NAMES`, or the path of a parameter file ending in `.json`. */
  readonly twin: string;
  /** Inputs in all splits together. */
  readonly inputs: number;
}

/**
 * Reads `twin:NAME`, `twin:FILE.json`, each perhaps with `:INPUTS` behind it; null for what does not begin with `twin:`.
 *
 * @throws {UsageError} For a name that is neither a twin nor a `.json` file and for a bad number of inputs.
 */
export function parseTwinSource(text: string): TwinSource | null {
  if (!text.startsWith("twin:")) return null;
  const [, twin = "", , count] = /^(.*?(\.json)?)(?::([^:]*))?$/.exec(text.slice("twin:".length))!;
  if (!twin.endsWith(".json") && !(TWIN_NAMES as readonly string[]).includes(twin)) {
    throw new UsageError(
      `Cannot open twin "${twin}": it is neither one of ${TWIN_NAMES.join(", ")} nor a .json file`,
    );
  }
  if (count === undefined) return { twin, inputs: DEFAULT_TWIN_INPUTS };
  const inputs = /^\d+(e\d+)?$/.test(count) ? Number(count) : NaN;
  if (!Number.isSafeInteger(inputs) || inputs < 1) {
    throw new UsageError(
      `Cannot open ${text}: "${count}" is not a number of inputs (write twin:${twin}:1000000)`,
    );
  }
  return { twin, inputs };
}
