/** Costs of a runtime that follow laws which can be worked out by hand. */

import type { CostTable } from "../../sim/runtime/cost_table.ts";
import { RUNTIME_TABLES, type RuntimeRates } from "../../sim/runtime/rates.ts";

/** Laws by table; what none is given for is free. Each is a sum of products of its coordinates, so that two points an axis do. */
export type Laws = Readonly<Record<string, (...place: number[]) => number>>;

/** Costs over two points an axis. */
export function toyRates(
  laws: Laws,
  over: Partial<RuntimeRates["fingerprint"]> = {},
): RuntimeRates {
  const costs: Record<string, CostTable> = {};
  for (const [name, { axes, unit }] of Object.entries(RUNTIME_TABLES)) {
    const law = laws[name] ?? (() => 0);
    const value = Object.keys(axes).reduce<number[][]>(
      (places) => places.flatMap((place) => [1, 2].map((x) => [...place, x])),
      [[]],
    ).map((place) => law(...place));
    costs[name] = {
      unit,
      axes: Object.entries(axes).map(([axis, scale]) => ({ name: axis, scale, at: [1, 2] })),
      value,
      low: [...value],
      high: [...value],
      kind: "measured",
      source: "worked out by hand",
    };
  }
  return {
    fingerprint: {
      cpu_model: "toy",
      cpus: 2,
      deno: Deno.version.deno,
      device: "cpu",
      device_name: "toy",
      threads: 1,
      wide: false,
      ...over,
    },
    quick: false,
    costs,
  };
}
