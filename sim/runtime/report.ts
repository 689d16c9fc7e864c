/**
 * Measured costs as a table.
 *
 * @module
 */

import type { Table } from "../../core/table.ts";
import { RUNTIME_TABLES, type RuntimeRates } from "./rates.ts";

/** One line a table of costs: its range, and half the width of the middle interval. */
export function costsTable({ costs }: RuntimeRates): Table {
  const digits = (value: number): string => value === 0 ? "0" : value.toPrecision(3);
  return {
    columns: [
      { name: "cost" },
      { name: "of" },
      { name: "points" },
      { name: "least", format: digits },
      { name: "most", format: digits },
      { name: "unit" },
      { name: "± %", format: (value) => value.toFixed(1) },
    ],
    rows: Object.entries(RUNTIME_TABLES).map(([name, { about, unit }]) => {
      const { value, low, high } = costs[name]!;
      const spreads = value.flatMap((x, i) => x > 0 ? [50 * (high[i]! - low[i]!) / x] : [])
        .sort((a, b) => a - b);
      return [
        name,
        about,
        value.length,
        Math.min(...value),
        Math.max(...value),
        unit,
        spreads[Math.floor(spreads.length / 2)] ?? null,
      ];
    }),
  };
}
