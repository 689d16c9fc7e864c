/**
 * Why a training time is what it is: what is exposed, and what a better machine would change.
 *
 * @module
 */

import { MACHINE_PATHS, type MachinePath, withRates } from "./machine.ts";
import { simulate, type SimulateOptions, type SimulationResult } from "./simulate.ts";

/** What one number of the machine is worth. */
export interface Purchase {
  /** Section and field. */
  readonly path: MachinePath;
  /** The number as it is, and as it was tried: a rate twice as high, a latency or overhead half as long. */
  readonly now: number;
  /** The number tried. */
  readonly tried: number;
  /** Training time then, over the time now. */
  readonly time: number;
}

/** A simulation with what its machine's numbers are worth. */
export interface Explanation {
  /** On the machine as it is. */
  readonly result: SimulationResult;
  /** Best first; those that change nothing left out. */
  readonly purchases: readonly Purchase[];
}

/** Fields that say what a machine is, or that nothing can buy. */
const NOT_FOR_SALE = /sockets|generation|lanes|count|memory_gb$|l2_mb|narrow_row_factor/;
/** Fields of which less is better. */
const COST = /_us$|_ns$|host_scale/;
const LEAST_CHANGE = 1e-6;

/**
 * Simulates, and again with each number of the machine doubled (or halved, where less is better).
 *
 * @category Simulator
 */
export function explain(options: SimulateOptions): Explanation {
  const result = simulate(options);
  const purchases: Purchase[] = [];
  for (const path of MACHINE_PATHS) {
    if (NOT_FOR_SALE.test(path)) continue;
    const [section, field] = path.split(".") as ["cpu", "cores"];
    const now = options.machine[section][field];
    const tried = COST.test(path) ? now / 2 : now * 2;
    const changed = simulate({
      ...options,
      machine: withRates(options.machine, { [path]: tried }),
    });
    const time = changed.epoch_ms / result.epoch_ms;
    if (Math.abs(1 - time) > LEAST_CHANGE) purchases.push({ path, now, tried, time });
  }
  purchases.sort((a, b) => a.time - b.time);
  return { result, purchases };
}
