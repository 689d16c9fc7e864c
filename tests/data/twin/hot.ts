/**
 * The share of inputs that touch only the most popular rows, for rows that fill a budget of memory.
 *
 * @module
 */

import { TwinGenerator } from "../../../data/twin/generator.ts";
import type { TwinParameters } from "../../../data/twin/parameters.ts";

/** Hot share at one budget. */
export interface HotShare {
  /** How many rows are hot. */
  readonly rows: number;
  /** Share of lookups that go to these rows. */
  readonly lookups: number;
  /** Share of inputs all of whose lookups do. */
  readonly inputs: number;
}

/**
 * Hot shares when the rows with the highest probability over all tables are hot: those that counting accesses finds in
 * the limit of many inputs. From `drawn` inputs, so with a standard error of at most 1 / (2 √drawn).
 *
 * @param rows How many rows are hot, for each share wanted.
 */
export function hotShares(
  parameters: TwinParameters,
  rows: readonly number[],
  drawn = 200_000,
  seed = 1,
): HotShare[] {
  const limits = rows.map((count) => hotRanks(parameters, count));
  const generator = new TwinGenerator(parameters, seed);
  const tables = generator.lookups.flatMap((some, t) => Array.from({ length: some }, () => t));
  const each = tables.length, ids = new Uint32Array(each);
  const lookups = rows.map(() => 0), inputs = rows.map(() => 0);
  for (let i = 0; i < drawn; i++) {
    generator.writeAllIds([i], 1, ids);
    for (const [k, limit] of limits.entries()) {
      let hot = 0;
      for (let l = 0; l < each; l++) if (ids[l]! < limit[tables[l]!]!) hot++;
      lookups[k]! += hot;
      if (hot === each) inputs[k]!++;
    }
  }
  return rows.map((count, k) => ({
    rows: count,
    lookups: lookups[k]! / drawn / each,
    inputs: inputs[k]! / drawn,
  }));
}

/** For each table how many of its ids, which are ordered by popularity, are among so many rows of all tables. */
export function hotRanks(parameters: TwinParameters, rows: number): number[] {
  const segments = parameters.columns.flatMap(({ law }, table) =>
    law.map(({ ids, mass }) => ({ table, ids, each: mass / ids }))
  ).sort((a, b) => b.each - a.each);
  const limit = parameters.columns.map(() => 0);
  let left = rows;
  for (const { table, ids } of segments) {
    const taken = Math.min(ids, left);
    limit[table]! += taken;
    left -= taken;
  }
  return limit;
}
