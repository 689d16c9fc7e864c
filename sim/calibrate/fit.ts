/**
 * From samples to tables of costs.
 *
 * @module
 */

import { summarise } from "../../core/statistics.ts";
import { type CostTable, monotone } from "../runtime/cost_table.ts";
import { RUNTIME_TABLES } from "../runtime/rates.ts";
import { axesOf } from "./cases.ts";
import type { Measured } from "./measure.ts";

/** A cost with its 95 % interval, at a place. */
interface Known {
  readonly place: readonly number[];
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Makes the tables. Most are medians of their samples. What a lookup and a different row cost is worked out from two times
 * each: of minibatches with few different rows, and with many.
 *
 * @throws {Error} A table of the schema that was not measured, or a grid with holes.
 */
export function fitTables(
  measured: readonly Measured[],
  source: string,
): Record<string, CostTable> {
  const raw = new Map<string, Known[]>();
  for (const { table, place, samples } of measured) {
    const { median, interval } = summarise(samples);
    const known = { place, value: median, low: interval[0], high: interval[1] };
    raw.set(table, [...raw.get(table) ?? [], known]);
  }
  const tables: Record<string, CostTable> = {};
  for (const [name, { unit, axes }] of Object.entries(RUNTIME_TABLES)) {
    const [base, part] = /^(embedding.*)\/(lookup|row)$/.exec(name)?.slice(1) ?? [];
    const knowns = base === undefined
      ? raw.get(name)
      : rowCosts(raw.get(`${base}/raw`) ?? [], part as "lookup" | "row");
    if (knowns === undefined || knowns.length === 0) {
      throw new Error(`Cannot fit ${name}: it was not measured`);
    }
    const found = axesOf(name, knowns.map(({ place }) => place));
    const byPlace = new Map(knowns.map((known) => [known.place.join(" "), known]));
    const grid = places(found.map(({ at }) => at)).map((place) => {
      const known = byPlace.get(place.join(" "));
      if (known === undefined) throw new Error(`Cannot fit ${name}: nothing at ${place}`);
      return known;
    });
    if (grid.length !== knowns.length) throw new Error(`Cannot fit ${name}: places came twice`);
    // What a row adds may well fall with its width where the lookup takes it over: no order is imposed.
    const value = base === undefined && Object.keys(axes).length > 0
      ? monotone({ axes: found, value: grid.map((known) => known.value) })
      : grid.map((known) => known.value);
    tables[name] = {
      unit,
      axes: found,
      value: value.map(rounded),
      low: grid.map(({ low }, i) => rounded(Math.min(low, value[i]!))),
      high: grid.map(({ high }, i) => rounded(Math.max(high, value[i]!))),
      kind: "measured",
      source,
    };
  }
  return tables;
}

/** All places of a grid, the first axis slowest. */
function places(axes: readonly (readonly number[])[]): number[][] {
  return axes.reduce<number[][]>(
    (before, at) => before.flatMap((place) => at.map((x) => [...place, x])),
    [[]],
  );
}

/**
 * Solves time = lookups · a + different rows · r for each width and table from its two times. Both are at least 0; times in
 * microseconds, costs in nanoseconds.
 */
function rowCosts(raw: readonly Known[], part: "lookup" | "row"): Known[] {
  const pairs = new Map<string, Known[]>();
  for (const known of raw) {
    const key = known.place.slice(0, 2).join(" ");
    pairs.set(key, [...pairs.get(key) ?? [], known]);
  }
  return [...pairs.values()].map((pair) => {
    const [few, many] = pair.toSorted((a, b) => a.place[3]! - b.place[3]!) as [Known, Known];
    const lookups = few.place[2]!, U0 = few.place[3]!, U1 = many.place[3]!;
    // Small tables have no more different rows than come again anyway: all of the cost is the lookup's.
    const row = (low: number, high: number): number =>
      U1 > APART * U0 ? Math.max(0, (high - low) / (U1 - U0)) : 0;
    const lookup = (low: number, high: number): number =>
      Math.max(0, (low - U0 * row(low, high)) / lookups);
    const cost = part === "row" ? row : lookup;
    const value = cost(few.value, many.value);
    const ends = [
      cost(few.low, many.high),
      cost(few.high, many.low),
      cost(few.low, many.low),
      cost(few.high, many.high),
    ];
    return {
      place: few.place.slice(0, 2),
      value: 1000 * value,
      low: 1000 * Math.min(value, ...ends),
      high: 1000 * Math.max(value, ...ends),
    };
  });
}

/** Numbers of different rows that are nearer than this tell nothing but noise. */
const APART = 1.5;

/** Six digits: more say nothing, and files stay small. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
