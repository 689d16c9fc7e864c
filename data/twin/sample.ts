/**
 * A sample of a real log in memory, as the fit takes it.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";

/** Columns of a log. Ids are numbered in order of first appearance. */
export interface TwinSample {
  /** How many. */
  readonly inputs: number;
  /** Ids of each table. */
  readonly tables: readonly { readonly name: string; readonly ids: Uint32Array }[];
  /** Values of each dense column, transformed as training sees them. */
  readonly dense: readonly { readonly name: string; readonly values: Float64Array }[];
}

/** Layouts of text that can be read. */
export type SampleFormat = "criteo" | "avazu";

/**
 * Reads lines of a log. Criteo: label, 13 integers, 26 ids, TAB; an empty or negative integer is 0, values are ln(x + 1).
 * Avazu: 24 comma-separated columns with or without header; the hour is left to a clock.
 *
 * @throws UserError for a line with another number of columns, or no lines.
 */
export function readSample(text: string, format: SampleFormat, source: string): TwinSample {
  const criteo = format === "criteo";
  const lines = text.split("\n").map((line) => line.replace(/\r$/, "")).filter((line) =>
    line !== ""
  );
  const separator = criteo ? "\t" : ",", wanted = criteo ? 40 : 24;
  if (!criteo && lines[0]?.startsWith("id,")) lines.shift();
  if (lines.length === 0) throw new UserError(`Cannot fit a twin to ${source}: it has no inputs`);
  const names = criteo ? Array.from({ length: 26 }, (_, t) => `C${t + 1}`) : AVAZU_TABLES;
  const first = criteo ? 14 : 3, denseFirst = 1;
  const ids = names.map(() => new Uint32Array(lines.length));
  const numbers = names.map(() => new Map<string, number>());
  const denseNames = criteo ? Array.from({ length: 13 }, (_, j) => `I${j + 1}`) : [];
  const dense = denseNames.map(() => new Float64Array(lines.length));
  for (const [i, line] of lines.entries()) {
    const fields = line.split(separator);
    if (fields.length !== wanted) {
      throw new UserError(
        `Cannot fit a twin to ${source}: line ${i + 1} has ${fields.length} columns, not ${wanted}`,
      );
    }
    for (const [t, map] of numbers.entries()) {
      const field = fields[first + t]!;
      let number = map.get(field);
      if (number === undefined) map.set(field, number = map.size);
      ids[t]![i] = number;
    }
    for (const [j, values] of dense.entries()) {
      const value = Number(fields[denseFirst + j]!);
      if (!Number.isFinite(value)) {
        throw new UserError(
          `Cannot fit a twin to ${source}: line ${i + 1} has ${
            fields[denseFirst + j]
          } where an integer stands`,
        );
      }
      values[i] = Math.log(Math.max(0, value) + 1);
    }
  }
  return {
    inputs: lines.length,
    tables: names.map((name, t) => ({ name, ids: ids[t]! })),
    dense: denseNames.map((name, j) => ({ name, values: dense[j]! })),
  };
}

/** Some inputs of a sample, in the order given. */
export function selectInputs(sample: TwinSample, inputs: readonly number[]): TwinSample {
  return {
    inputs: inputs.length,
    tables: sample.tables.map(({ name, ids }) => ({
      name,
      ids: Uint32Array.from(inputs, (i) => ids[i]!),
    })),
    dense: sample.dense.map(({ name, values }) => ({
      name,
      values: Float64Array.from(inputs, (i) => values[i]!),
    })),
  };
}

/** Occurrences of each number in a column. */
export function countIds(ids: Uint32Array): Uint32Array {
  const counts = new Uint32Array(ids.reduce((a, b) => Math.max(a, b), 0) + 1);
  for (const id of ids) counts[id]!++;
  return counts;
}

const AVAZU_TABLES = [
  "C1",
  "banner_pos",
  "site_id",
  "site_domain",
  "site_category",
  "app_id",
  "app_domain",
  "app_category",
  "device_id",
  "device_ip",
  "device_model",
  "device_type",
  "device_conn_type",
  ...Array.from({ length: 8 }, (_, k) => `C${k + 14}`),
];
