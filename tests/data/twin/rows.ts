/** Made-up logs for the tests of twins. */

import { RandomStream } from "../../../core/random.ts";
import type { TwinSample } from "../../../data/twin/sample.ts";

/** Ids of a power law with exponent 1 over n ids, by position of a stream. */
function zipf(u: number, n: number): number {
  return Math.min(n - 1, Math.floor((n + 1) ** u) - 1);
}

/**
 * Two kinds of inputs, popular and rare. Table B follows from A; C goes with the kind; D and the dense column go with it
 * weakly.
 */
export function madeUpSample(inputs: number, seed = 5): TwinSample {
  const stream = new RandomStream(seed, "sampling", 11);
  const columns = Array.from({ length: 4 }, () => new Uint32Array(inputs));
  const dense = new Float64Array(inputs);
  const numbers = columns.map(() => new Map<number, number>());
  const number = (t: number, id: number) => {
    const map = numbers[t]!;
    if (!map.has(id)) map.set(id, map.size);
    return map.get(id)!;
  };
  for (let i = 0; i < inputs; i++) {
    const at = (k: number) => stream.uniform(8 * i + k);
    const rare = at(0) < 0.4;
    const a = zipf(rare ? 0.55 + 0.45 * at(1) : 0.6 * at(1), 60_000);
    columns[0]![i] = number(0, a);
    columns[1]![i] = number(1, Math.floor(a / 3));
    columns[2]![i] = number(2, zipf(rare ? 0.5 + 0.5 * at(2) : 0.5 * at(2), 5000));
    columns[3]![i] = number(3, zipf(rare ? at(3) : at(3) * at(3), 20));
    dense[i] = Math.log(1 + Math.floor((rare ? 30 : 6) * at(4)));
  }
  return {
    inputs,
    tables: ["A", "B", "C", "D"].map((name, t) => ({ name, ids: columns[t]! })),
    dense: [{ name: "X", values: dense }],
    clickRate: 0.2,
  };
}

/** What a full data set of the same kind would have. */
export const MADE_UP = {
  name: "made-up",
  inputs: 2_000_000,
  distinct: [60_000, 20_000, 5000, 20],
  clickRate: 0.2,
  learnableAuc: 0.75,
  classes: [4, 8],
};
