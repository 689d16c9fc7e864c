/**
 * How command lines name twins: `twin:rm2`, `twin:rm2:1000000`, `twin:FILE.json`.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { TWIN_NAMES } from "./open.ts";

/** Inputs of a twin by default: two million of them train. */
export const DEFAULT_TWIN_INPUTS = 2_333_333;

/** What may stand behind the name of a twin, with a comma before each: `twin:rm4,drift=10,effect=0.5`. */
const SETTINGS = { drift: "driftDays", effect: "effectExponent" } as const;

/** A twin that a command line names. */
export interface TwinSource {
  /** One of `TWIN_NAMES`, or the path of a parameter file ending in `.json`. */
  readonly twin: string;
  /** Inputs in all splits together. */
  readonly inputs: number;
  /** As the options of `openTwin`. */
  readonly driftDays?: number;
  readonly effectExponent?: number;
}

/**
 * Reads `twin:NAME`, `twin:FILE.json`, each perhaps with settings such as `,drift=10` and with `:INPUTS` behind it; null for
 * what does not begin with `twin:`.
 *
 * @throws {UsageError} For a name that is neither a twin nor a `.json` file, for settings that there are not and for a bad
 * number of inputs.
 */
export function parseTwinSource(text: string): TwinSource | null {
  if (!text.startsWith("twin:")) return null;
  const [, named = "", , count] = /^(.*?(\.json(?:,[^:]*)?)?)(?::([^:]*))?$/.exec(
    text.slice("twin:".length),
  )!;
  const [, twin = "", words] = /^(.*?\.json|[^,]*)(?:,(.*))?$/.exec(named)!;
  if (!twin.endsWith(".json") && !(TWIN_NAMES as readonly string[]).includes(twin)) {
    throw new UsageError(
      `Cannot open twin "${twin}": it is neither one of ${TWIN_NAMES.join(", ")} nor a .json file`,
    );
  }
  const settings = parseSettings(text, words);
  if (count === undefined) return { twin, inputs: DEFAULT_TWIN_INPUTS, ...settings };
  const inputs = /^\d+(e\d+)?$/.test(count) ? Number(count) : NaN;
  if (!Number.isSafeInteger(inputs) || inputs < 1) {
    throw new UsageError(
      `Cannot open ${text}: "${count}" is not a number of inputs (write twin:${named}:1000000)`,
    );
  }
  return { twin, inputs, ...settings };
}

function parseSettings(
  text: string,
  words: string | undefined,
): Pick<TwinSource, "driftDays" | "effectExponent"> {
  const settings: { -readonly [K in "driftDays" | "effectExponent"]?: number } = {};
  if (words === undefined) return settings;
  for (const word of words.split(",")) {
    const [, name = "", value = ""] = /^([^=]*)=?(.*)$/.exec(word)!;
    if (!Object.hasOwn(SETTINGS, name) || !/^\d+(\.\d+)?$/.test(value)) {
      throw new UsageError(
        `Cannot open ${text}: "${word}" is neither drift=DAYS nor effect=EXPONENT`,
      );
    }
    settings[SETTINGS[name as keyof typeof SETTINGS]] = Number(value);
  }
  return settings;
}
