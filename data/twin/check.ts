/**
 * Measures how well a twin reproduces inputs that it was not fitted to.
 *
 * @module
 */

import { expectedDistinct } from "./law.ts";
import { TwinGenerator } from "./generator.ts";
import type { TwinParameters } from "./parameters.ts";
import { countIds, type TwinSample } from "./sample.ts";

/** Measured on real inputs, and the mean and standard deviation over as many inputs of the twin, drawn several times. */
export interface Compared {
  /** What is a share of what. */
  readonly what: string;
  /** Of the real inputs. */
  readonly measured: number;
  /** Mean over the twin's draws. */
  readonly twin: number;
  /** Standard deviation over the twin's draws. */
  readonly deviation: number;
}

/** Distinct ids of a column at two scales. */
export interface DistinctCheck {
  /** Name of the column. */
  readonly name: string;
  /** In the real inputs given. */
  readonly sample: number;
  /** Expected of the twin. */
  readonly sampleTwin: number;
  /** Published. */
  readonly full: number;
  /** Expected of the twin. */
  readonly fullTwin: number;
}

/** Times that an id must occur for an input to count, of all its ids. */
const TIMES = [2, 5, 10];
const TOPS = [0.01, 0.1];

/** Shares of inputs whose every id occurs at least 2, 5 and 10 times, and of lookups that go to the top ids. */
function sampleStatistics(columns: readonly Uint32Array[]): Map<string, number> {
  const n = columns[0]?.length ?? 0;
  const out = new Map<string, number>();
  const least = new Uint32Array(n).fill(0xffffffff);
  const tops: [string, number][] = [];
  for (const [t, ids] of columns.entries()) {
    const counts = countIds(ids);
    for (let i = 0; i < n; i++) least[i] = Math.min(least[i]!, counts[ids[i]!]!);
    const sorted = counts.filter((c) => c > 0).sort().reverse();
    for (const top of TOPS) {
      // A part of an id counts as that part of its uses, so that one id more or less makes no jump.
      const held = Math.max(1, top * sorted.length), whole = Math.floor(held);
      const uses = sorted.slice(0, whole).reduce((a, b) => a + b, 0);
      tops.push([`${t} ${top}`, (uses + (held - whole) * (sorted[whole] ?? 0)) / n]);
    }
  }
  for (const k of TIMES) {
    out.set(`all ids at least ${k} times`, least.reduce((sum, c) => sum + (c >= k ? 1 : 0), 0) / n);
  }
  for (const [key, share] of tops) out.set(key, share);
  return out;
}

/**
 * Compares real inputs with as many of the twin, drawn `repeats` times from places far apart.
 *
 * @param seed Of the twin. Default 1.
 */
export function checkTwin(
  parameters: TwinParameters,
  real: TwinSample,
  repeats = 8,
  seed = 1,
): Compared[] {
  const measured = sampleStatistics(real.tables.map(({ ids }) => ids));
  const generator = new TwinGenerator(parameters, seed);
  const runs: Map<string, number>[] = [];
  const tables = parameters.columns.length, row = new Uint32Array(tables);
  for (let r = 0; r < repeats; r++) {
    const numbers = Array.from({ length: tables }, () => new Map<number, number>());
    const columns = numbers.map(() => new Uint32Array(real.inputs));
    for (let i = 0; i < real.inputs; i++) {
      generator.writeAllIds([r * 1_000_000 + i], 1, row);
      for (let t = 0; t < tables; t++) {
        const map = numbers[t]!;
        let number = map.get(row[t]!);
        if (number === undefined) map.set(row[t]!, number = map.size);
        columns[t]![i] = number;
      }
    }
    runs.push(sampleStatistics(columns));
  }
  return Array.from(measured, ([key, value]) => {
    const values = runs.map((run) => run.get(key)!);
    const mean = values.reduce((a, b) => a + b, 0) / repeats;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, repeats - 1);
    const found = /^(\d+) ([\d.]+)$/.exec(key);
    const what = found
      ? `${parameters.columns[Number(found[1])]!.name}, top ${Number(found[2]) * 100} %`
      : key;
    return { what, measured: value, twin: mean, deviation: Math.sqrt(variance) };
  });
}

/** Distinct ids of each column in the real inputs and in the full data set, beside what the laws expect. */
export function checkDistinct(parameters: TwinParameters, real: TwinSample): DistinctCheck[] {
  return parameters.columns.map(({ name, law, distinct }, t) => ({
    name,
    sample: countIds(real.tables[t]!.ids).reduce((sum, c) => sum + (c > 0 ? 1 : 0), 0),
    sampleTwin: expectedDistinct(law, real.inputs),
    full: distinct,
    fullTwin: expectedDistinct(law, parameters.inputs),
  }));
}
