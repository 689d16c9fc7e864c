/**
 * Where inputs come from, by the names that command lines give: paths, `synthetic`, `twin:rm2:1000000`.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { parseTwinSource } from "../../data/twin/source.ts";
import type { DataNames, DataSource } from "./options.ts";

/**
 * Understands names of data.
 *
 * @throws {UsageError} There is none, a generated source stands beside others, or its number of inputs is none.
 */
export function parseDataSource(names: DataNames): DataSource {
  const list = typeof names === "string" ? [names] : names;
  if (list.length === 0) throw new UsageError("Cannot open data: no file is given");
  const generated = list.find((name) => /^(synthetic(:|$)|twin:)/.test(name));
  if (generated === undefined) return { kind: "files", paths: list };
  if (list.length > 1) {
    throw new UsageError((option) =>
      `Cannot use ${
        option("data")
      } ${generated} beside files: give one or the other (./${generated} is a file)`
    );
  }
  if (parseTwinSource(generated) !== null) return { kind: "twin", source: generated };
  if (generated === "synthetic") return { kind: "synthetic", inputs: null };
  const count = generated.slice("synthetic:".length);
  const inputs = /^\d+(e\d+)?$/.test(count) ? Number(count) : NaN;
  if (!Number.isSafeInteger(inputs) || inputs < 1) {
    throw new UsageError((option) =>
      `Cannot use ${
        option("data")
      } ${generated}: "${count}" is not a number of inputs (write synthetic:100000)`
    );
  }
  return { kind: "synthetic", inputs };
}
