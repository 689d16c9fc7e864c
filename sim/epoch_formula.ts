/**
 * Time of an epoch as a closed form of the hot share and the skipped share, with coefficients that the simulator gives. The
 * simulator's epoch is a sum: so many cold minibatches of one cost, so many hot ones of another, copies, and blocks that cost so
 * much an input. With the counts of a minibatch held it is therefore linear in the share of hot inputs, and in the product of
 * that with the share of them that is skipped.
 *
 * @module
 */

import { type MachineDocument, machineOf } from "./machine.ts";
import { condensedOf } from "./ranges.ts";
import { rowsFit, simulate, type SimulateOptions } from "./simulate.ts";
import { findSystem } from "./systems/mod.ts";
import { withHotInputShare } from "./variants.ts";
import type { CountedTrace } from "./work.ts";

/** Coefficients in seconds: an epoch takes `cold_s + hot · (hot_s − skipped · skipped_s)`, with both shares from 0 to 1. */
export interface EpochFormula {
  /** An epoch without hot inputs. */
  readonly cold_s: number;
  /** What an epoch of hot inputs alone takes beyond that; below zero it takes less. */
  readonly hot_s: number;
  /** What skipping all hot inputs after the window would save of it; 0 for systems that do not skip. */
  readonly skipped_s: number;
}

/** What the formula is of: as in `SimulateOptions`, with a counted trace that tells hot inputs from cold ones. */
export type FormulaOptions =
  & Omit<SimulateOptions, "trace" | "drop" | "system" | "machine">
  & {
    readonly trace: CountedTrace;
    readonly system: string;
    readonly document: MachineDocument;
  };

/** Shares at which the epoch is simulated; others test the formula. */
const HOT = [0.4, 0.8] as const, SKIPPED = [0.2, 0.5] as const;

/**
 * The formula of a system on a machine; null where the rows do not fit the GPUs.
 *
 * @throws {UserError} A trace or a system that cannot be simulated.
 */
export function epochFormula(options: FormulaOptions): EpochFormula | null {
  const { document, gpus, ...rest } = options, trace = condensedOf(options.trace);
  const system = findSystem(options.system), machine = machineOf(document);
  if (!rowsFit(system, trace, document, gpus)) return null;
  const seconds = (hot: number, drop: number): number => {
    const shared = withHotInputShare(trace, hot);
    const skipping = system.skips ? { drop } : {};
    return simulate({ ...rest, system, machine, gpus, trace: shared, ...skipping }).epoch_ms / 1000;
  };
  const [few, many] = HOT, [little, much] = SKIPPED;
  const [a, b] = [seconds(few, little), seconds(many, little)];
  const skipped_s = system.skips ? (b - seconds(many, much)) / (many * (much - little)) : 0;
  const slope = (b - a) / (many - few);
  return { cold_s: a - few * slope, hot_s: slope + little * skipped_s, skipped_s };
}

/** Seconds of an epoch by the formula. */
export function epochSeconds(
  { cold_s, hot_s, skipped_s }: EpochFormula,
  hot: number,
  skipped: number,
): number {
  return cold_s + hot * (hot_s - skipped * skipped_s);
}
