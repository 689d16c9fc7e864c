/**
 * Cells cut a column's popularity into a few pieces, so that dependence between columns can be counted.
 *
 * What the sample shows of an id is how often it occurs, which only hints at its popularity: an id seen once may be one of
 * thousands or one of millions. So cells are pieces of the law, and each has a distribution over what may be observed.
 *
 * @module
 */

import { type Law, poisson } from "./law.ts";

/** Ids with at least this share may have a cell of their own. */
const OWN_SHARE = 0.012;
const OWN_CELLS = 16;
/** Cells with fewer expected uses an id in the sample than the first are cut here; the last cell is the rest. */
const TAIL_EDGES = [20, 8, 4, 2, 1, 0.4];
/** Smallest share of a cell, and the fewest inputs of the sample that it may speak of. */
const LEAST_SHARE = 0.008;
const LEAST_INPUTS = 5;
const GROUP_SHARE = 0.06;

/** Upper ends of the cells of a law, for a sample of n inputs, as shares of all inputs. */
export function cutCells(law: Law, n: number): number[] {
  const least = Math.max(LEAST_SHARE, LEAST_INPUTS / n);
  const ends: number[] = [];
  let at = 0, start = 0, edge = 0;
  for (const [s, { ids, mass }] of law.entries()) {
    const before = at;
    at += mass;
    const uses = n * mass / ids;
    while (edge < TAIL_EDGES.length && uses < TAIL_EDGES[edge]!) {
      edge++;
      if (before - start >= least) {
        ends.push(before);
        start = before;
      }
    }
    const own = ids === 1 && mass >= Math.max(OWN_SHARE, least) && ends.length < OWN_CELLS &&
      ends.length === s;
    if (own || at - start >= GROUP_SHARE && edge === 0) {
      ends.push(at);
      start = at;
    }
  }
  // A rest that is too small is joined to its neighbour.
  if (ends.length > 0 && 1 - ends.at(-1)! < least) ends.pop();
  return [...ends.map((end) => Number(end.toFixed(7))), 1];
}

/** What may be observed of a column's id: which of the first ids it is, or how often it occurs, in ranges. */
export class Observations {
  /** Kinds of observation. */
  readonly kinds: number;
  /** Of each cell, the probability of each kind: cells × kinds. */
  readonly given: readonly Float64Array[];
  readonly #own: number;

  /** @param n Inputs among which occurrences are counted. */
  constructor(law: Law, cells: readonly number[], n: number) {
    this.#own = ownCells(law, cells);
    this.kinds = this.#own + RANGES;
    const given = cells.map(() => new Float64Array(this.kinds));
    let low = 0, at = 0;
    let c = 0;
    for (const { ids, mass } of law) {
      const high = at + mass, each = mass / ids;
      // A segment may lie across the end of a cell.
      for (low = at; low < high - 1e-12;) {
        while (c + 1 < cells.length && cells[c]! <= low + 1e-9) c++;
        const end = c + 1 < cells.length ? Math.min(high, cells[c]!) : high;
        if (c < this.#own) given[c]![c]! += end - low;
        else {
          const mean = (n - 1) * each;
          const shares = rangeShares(mean);
          for (let k = 0; k < RANGES; k++) given[c]![this.#own + k]! += (end - low) * shares[k]!;
        }
        low = end;
      }
      at = high;
    }
    for (const row of given) {
      const sum = row.reduce((a, b) => a + b, 0);
      for (let k = 0; k < row.length; k++) row[k]! /= sum;
    }
    this.given = given;
  }

  /** @param rank Of the id by popularity in the whole sample. @param count Its occurrences, itself included. */
  kind(rank: number, count: number): number {
    return rank < this.#own ? rank : this.#own + rangeOf(count);
  }
}

/** Cells at the beginning that hold a single id each. */
function ownCells(law: Law, cells: readonly number[]): number {
  let own = 0, at = 0;
  while (own < cells.length && law[own]?.ids === 1) {
    at += law[own]!.mass;
    if (Math.abs(at - cells[own]!) > 1e-6) break;
    own++;
  }
  return own;
}

/** Upper ends of the ranges of occurrences: 1, 2, 3, 4, 5-6, 7-9, 10-13, 14-19, 20-29, 30-59, 60 and more. */
const RANGE_ENDS = [1, 2, 3, 4, 6, 9, 13, 19, 29, 59];
const RANGES = RANGE_ENDS.length + 1;

function rangeOf(count: number): number {
  const found = RANGE_ENDS.findIndex((end) => count <= end);
  return found < 0 ? RANGES - 1 : found;
}

function rangeShares(mean: number): Float64Array {
  const shares = new Float64Array(RANGES);
  let count = 1, left = 1;
  for (const [k, end] of RANGE_ENDS.entries()) {
    for (; count <= end; count++) shares[k]! += poisson(count - 1, mean);
    left -= shares[k]!;
  }
  shares[RANGES - 1] = Math.max(left, 1e-12);
  return shares;
}

/** Probability of an id of each cell, on average over the cell's inputs (harmonic: share over number of ids). */
export function cellPopularity(law: Law, cells: readonly number[]): number[] {
  const ids = cells.map(() => 0);
  let at = 0, c = 0;
  for (const segment of law) {
    const high = at + segment.mass;
    for (let low = at; low < high - 1e-12;) {
      while (c + 1 < cells.length && cells[c]! <= low + 1e-9) c++;
      const end = c + 1 < cells.length ? Math.min(high, cells[c]!) : high;
      ids[c]! += segment.ids * (end - low) / segment.mass;
      low = end;
    }
    at = high;
  }
  return cells.map((end, k) => (end - (k === 0 ? 0 : cells[k - 1]!)) / ids[k]!);
}
