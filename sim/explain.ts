/**
 * Explains a training time: which parts are exposed, and what a better machine would change.
 *
 * @module
 */

import type { Stage } from "../train/stages.ts";
import { MACHINE_PATHS, type MachinePath, numberAt, withRates } from "./machine.ts";
import { atOnce, type Pieces } from "../core/events.ts";
import { condensedOf, type Drawing, drawSetting } from "./ranges.ts";
import { simulate, type SimulateOptions, type SimulationResult } from "./simulate.ts";
import { type Range, rangeOf } from "./uncertainty.ts";

/** The effect of improving one number of the machine. */
export interface Purchase {
  /** Section and field. */
  readonly path: MachinePath;
  /** The number as it is, and as it was tried: a rate twice as high, a latency or overhead half as long. */
  readonly now: number;
  /** The number tried. */
  readonly tried: number;
  /** Training time with the improved number, divided by the time now. */
  readonly time: number;
  /** Of `time` over draws; null without. */
  readonly range: Range | null;
}

/** Ranges of a simulation and its breakdown over draws. */
export interface ExplanationRanges {
  /** Time of one epoch. */
  readonly epoch_ms: Range;
  /** Exposed time of each stage, all epochs. */
  readonly stages: Readonly<Partial<Record<Stage, Range>>>;
}

/** A simulation, and the effect of improving each number of its machine. */
export interface Explanation {
  /** On the machine as it is. */
  readonly result: SimulationResult;
  /** Best first; those that change nothing left out. */
  readonly purchases: readonly Purchase[];
  /** Null without draws. */
  readonly ranges: ExplanationRanges | null;
}

/** Fields that describe a machine, or that cannot be bought. */
const NOT_FOR_SALE = /sockets|generation|lanes|count|nodes|memory_gb$|l2_mb|narrow_row_factor/;
/** Fields of which less is better. */
const COST = /_us$|_ns$|host_scale/;
const LEAST_CHANGE = 1e-6;

/** Purchases whose ranges are drawn: as many as are shown. */
const RANGED = 10;

/**
 * Simulates, and then again with each number of the machine doubled (or halved, if lower is better).
 *
 * @param drawn How ranges are drawn; null for none.
 * @category Simulator
 */
export function explain(
  options: SimulateOptions,
  drawn: { readonly drawing: Drawing; readonly draws: number } | null = null,
): Explanation {
  return atOnce(explainInPieces(options, drawn));
}

/** As {@linkcode explain}, with a stop after each draw. */
export function* explainInPieces(
  options: SimulateOptions,
  drawn: { readonly drawing: Drawing; readonly draws: number } | null = null,
): Pieces<Explanation> {
  const result = simulate(options);
  const purchases: Purchase[] = [];
  for (const path of MACHINE_PATHS) {
    if (NOT_FOR_SALE.test(path)) continue;
    const now = numberAt(options.machine, path);
    if (now === undefined) continue;
    const tried = triedFor(path, now);
    const changed = simulate({
      ...options,
      machine: withRates(options.machine, { [path]: tried }),
    });
    const time = changed.epoch_ms / result.epoch_ms;
    if (Math.abs(1 - time) > LEAST_CHANGE) {
      purchases.push({ path, now, tried, time, range: null });
    }
  }
  purchases.sort((a, b) => a.time - b.time);
  if (drawn === null) return { result, purchases, ranges: null };
  return { result, ...(yield* drawExplanation(options, purchases, drawn.drawing, drawn.draws)) };
}

function triedFor(path: MachinePath, now: number): number {
  return COST.test(path) ? now / 2 : now * 2;
}

function* drawExplanation(
  options: SimulateOptions,
  purchases: readonly Purchase[],
  drawing: Drawing,
  draws: number,
): Pieces<Pick<Explanation, "purchases" | "ranges">> {
  const trace = condensedOf(options.trace);
  const epochs: number[] = [], stages = new Map<Stage, number[]>();
  const times = purchases.slice(0, RANGED).map((): number[] => []);
  for (let draw = 0; draw < draws; draw++) {
    const one = { ...options, trace, ...drawSetting(drawing, options.drop, draw) };
    const result = simulate(one);
    epochs.push(result.epoch_ms);
    for (const [stage, { exposed_ms }] of Object.entries(result.stages)) {
      const all = stages.get(stage as Stage) ?? [];
      all.push(exposed_ms);
      stages.set(stage as Stage, all);
    }
    for (const [i, of] of times.entries()) {
      const { path } = purchases[i]!;
      const tried = triedFor(path, numberAt(one.machine, path)!);
      const machine = withRates(one.machine, { [path]: tried });
      of.push(simulate({ ...one, machine }).epoch_ms / result.epoch_ms);
    }
    yield;
  }
  return {
    purchases: purchases.map((purchase, i) => ({
      ...purchase,
      range: times[i] === undefined ? null : rangeOf(times[i]),
    })),
    ranges: {
      epoch_ms: rangeOf(epochs),
      stages: Object.fromEntries([...stages].map(([stage, all]) => [stage, rangeOf(all)])),
    },
  };
}
