/**
 * A sample of a log in memory, as the fit takes it.
 *
 * @module
 */

import { eventTurns } from "../../core/events.ts";
import { Permutation } from "../../core/random.ts";
import { createInputs } from "../inputs.ts";
import { SPLITS } from "../split.ts";
import type { Dataset } from "../types.ts";

/** Columns of a log. Ids are numbered in order of first appearance. */
export interface TwinSample {
  /** How many. */
  readonly inputs: number;
  /** Ids of each table. */
  readonly tables: readonly { readonly name: string; readonly ids: Uint32Array }[];
  /** Values of each dense column, transformed as training sees them. */
  readonly dense: readonly { readonly name: string; readonly values: Float64Array }[];
  /** Share of clicks. */
  readonly clickRate: number;
}

/**
 * Reads inputs from all parts of a data set, or all of them if there are no more than asked for.
 *
 * @param count How many.
 * @param seed Of which ones, an integer in [0, 2^32).
 */
export async function sampleInputs(
  dataset: Dataset,
  count: number,
  seed: number,
  signal?: AbortSignal,
): Promise<TwinSample> {
  const { schema } = dataset;
  const total = SPLITS.reduce((sum, split) => sum + dataset.count(split), 0);
  const inputs = Math.min(count, total);
  const order = new Permutation(total, seed);
  const positions = Float64Array.from(
    { length: inputs },
    (_, i) => inputs < total ? order.at(i) : i,
  )
    .sort();
  const ids = schema.tables.map(() => new Uint32Array(inputs));
  const numbers = schema.tables.map(() => new Map<number, number>());
  const dense = schema.dense.map(() => new Float64Array(inputs));
  const one = createInputs(schema, 1);
  const turn = eventTurns(signal);
  let next = 0, first = 0, clicks = 0;
  for (const split of SPLITS) {
    const end = first + dataset.count(split);
    const reader = dataset.reader(split, { kind: "sequential" });
    for (; next < inputs && positions[next]! < end; next++) {
      if (next % 1024 === 0) await turn();
      await reader.read(positions[next]! - first, 1, one);
      for (const [t, map] of numbers.entries()) {
        const id = one.ids[t]!;
        let number = map.get(id);
        if (number === undefined) map.set(id, number = map.size);
        ids[t]![next] = number;
      }
      for (const [j, values] of dense.entries()) values[next] = one.dense[j]!;
      clicks += one.labels[0]!;
    }
    first = end;
  }
  return {
    inputs,
    tables: schema.tables.map(({ name }, t) => ({ name, ids: ids[t]! })),
    dense: schema.dense.map((name, j) => ({ name, values: dense[j]! })),
    clickRate: clicks / inputs,
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
    clickRate: sample.clickRate,
  };
}

/** The same inputs with each column's ids numbered anew from 0, in order of first appearance: a sample of its own. */
export function renumberIds(sample: TwinSample): TwinSample {
  return {
    ...sample,
    tables: sample.tables.map(({ name, ids }) => {
      const numbers = new Map<number, number>();
      for (const id of ids) if (!numbers.has(id)) numbers.set(id, numbers.size);
      return { name, ids: ids.map((id) => numbers.get(id)!) };
    }),
  };
}

/** Occurrences of each number in a column. */
export function countIds(ids: Uint32Array): Uint32Array {
  const counts = new Uint32Array(ids.reduce((a, b) => Math.max(a, b), 0) + 1);
  for (const id of ids) counts[id]!++;
  return counts;
}
