/**
 * Measures how well a twin of user histories reproduces users that it was not fitted to.
 *
 * @module
 */

import type { Compared, DistinctCheck } from "./check.ts";
import { type History, HistoryGenerator, type HistoryParameters } from "./histories.ts";
import { historyStatistics } from "./histories.ts";
import { expectedDistinct } from "./law.ts";
import { countIds } from "./sample.ts";

const TOPS = [0.01, 0.1];

/**
 * Compares users with as many of the twin, drawn `repeats` times.
 *
 * @param seed Of the twin. Default 1.
 */
export function checkHistories(
  parameters: HistoryParameters,
  real: readonly History[],
  repeats = 8,
  seed = 1,
): Compared[] {
  const generator = new HistoryGenerator(parameters, seed);
  const runs = Array.from({ length: repeats }, (_, r) =>
    statistics(
      Array.from({ length: real.length }, (_, k) => generator.user(r * real.length + k)),
    ));
  return Array.from(statistics(real), ([what, measured]) => {
    const values = runs.map((run) => run.get(what)!);
    const mean = values.reduce((a, b) => a + b, 0) / repeats;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, repeats - 1);
    return { what, measured, twin: mean, deviation: Math.sqrt(variance) };
  });
}

/** Distinct items and categories of (user, item) pairs, beside what the laws expect. */
export function checkHistoryDistinct(
  parameters: HistoryParameters,
  real: readonly History[],
): DistinctCheck[] {
  let events = 0, pairs = 0;
  const seen = [new Set<number>(), new Set<number>()] as const;
  for (const { items, categories } of real) {
    events += items.length;
    pairs += new Set(items).size;
    for (const item of items) seen[0].add(item);
    for (const category of categories) seen[1].add(category);
  }
  return parameters.columns.map(({ name, law, distinct }, t) => ({
    name,
    sample: seen[t]!.size,
    sampleTwin: expectedDistinct(law, pairs),
    full: distinct,
    fullTwin: expectedDistinct(law, Math.round(parameters.events * pairs / events)),
  }));
}

function statistics(histories: readonly History[]): Map<string, number> {
  const { repeats, repeatsOfOnce, met } = historyStatistics(histories);
  const out = new Map([
    ["events of an item met before", repeats],
    ["of these, of an item met once", repeatsOfOnce],
    ["events of a category met before", met],
  ]);
  for (const column of ["items", "categories"] as const) {
    // Drawn ids may be any, so they are numbered anew.
    const numbers = new Map<number, number>();
    const ids = Uint32Array.from(
      histories.flatMap((history) => Array.from(history[column])),
      (id) => {
        if (!numbers.has(id)) numbers.set(id, numbers.size);
        return numbers.get(id)!;
      },
    );
    const counts = countIds(ids).sort().reverse();
    out.set(`${column} seen once`, counts.filter((c) => c === 1).length / counts.length);
    for (const top of TOPS) {
      const held = Math.max(1, Math.floor(top * counts.length));
      const uses = counts.subarray(0, held).reduce((a, b) => a + b, 0);
      out.set(`${column}, top ${top * 100} %`, uses / ids.length);
    }
  }
  return out;
}
