/**
 * Ranges of simulated times and ratios: everything that is uncertain drawn at once, every draw the same for all that is
 * compared, so that what systems share cancels in their ratios.
 *
 * @module
 */

import { atOnce, type Pieces } from "../core/events.ts";
import { type Machine, type MachineDocument } from "./machine.ts";
import { MinibatchMemo } from "./memo.ts";
import { drawSet, type ParameterSet } from "./parameter_sets.ts";
import type { Parameters } from "./parameters.ts";
import { type SimulateOptions, simulateWith } from "./simulate.ts";
import { drawMachine, drawnValue, type Range, rangeOf } from "./uncertainty.ts";
import { condense, type CountedTrace, countTraceRuns } from "./work.ts";

/** How draws are made. */
export interface Drawing {
  /** The machine with its numbers' ranges. */
  readonly document: MachineDocument;
  /** Costs of the systems' software. */
  readonly set: Pick<ParameterSet, "parameters" | "calibrated">;
  /** Numbers that are not drawn, because a sweep sets them. */
  readonly held?: ReadonlySet<string> | undefined;
  /** Whether the share dropped is drawn too, around what a counted trace was made with. */
  readonly drop: boolean;
}

/** What differs from draw to draw. */
export interface DrawnSetting {
  /** The range over draws of every number that has a range. */
  readonly machine: Machine;
  /** Drawn as their set says. */
  readonly parameters: Parameters;
  /** As in `SimulateOptions`. */
  readonly drop: number | undefined;
}

/** Half the width of the range of the share dropped: the artifact's tolerance around its 30 % (run_slipstream.sh). */
const DROP_TOLERANCE = 0.08;

/**
 * The share dropped that a counted trace was made with; undefined where a run decided what it dropped, so that its trace
 * tells.
 */
export function countedDrop({ header }: Pick<CountedTrace, "header">): number | undefined {
  const share = (header.plan.options as Readonly<Record<string, unknown>>)["drop_share"];
  return header.origin === "counts" && typeof share === "number" ? share : undefined;
}

/** One draw. */
export function drawSetting(
  { document, set, held, drop: drawsDrop }: Drawing,
  drop: number | undefined,
  draw: number,
): DrawnSetting {
  const around = drop !== undefined && drop > 0 && drawsDrop
    ? drawnValue("drop", {
      low: Math.max(0, drop - DROP_TOLERANCE),
      high: Math.min(1, drop + DROP_TOLERANCE),
    }, draw)
    : drop;
  return {
    machine: drawMachine(document, draw, held),
    parameters: drawSet(set, draw, held),
    drop: around,
  };
}

/** Ranges of one simulation. */
export interface SimulationRanges {
  /** Time of one epoch, in milliseconds. */
  readonly epoch_ms: Range;
  /** Of the first simulation's time over this one's. */
  readonly speedup: Range;
}

/**
 * Ranges of simulations that differ in their system alone, over draws 0 to `draws` - 1.
 *
 * @category Simulator
 */
export function rangesOf(
  options: readonly SimulateOptions[],
  drawing: Drawing,
  draws: number,
): SimulationRanges[] {
  return atOnce(rangesInPieces(options, drawing, draws));
}

/** As {@linkcode rangesOf}, with a stop after each draw. */
export function* rangesInPieces(
  options: readonly SimulateOptions[],
  drawing: Drawing,
  draws: number,
): Pieces<SimulationRanges[]> {
  const condensed = options.map((one) => ({ ...one, trace: condensedOf(one.trace) }));
  const times = options.map((): number[] => []);
  for (let draw = 0; draw < draws; draw++) {
    const drawn = drawSetting(drawing, options[0]?.drop, draw);
    const memo = new MinibatchMemo(drawn.machine);
    for (const [i, one] of condensed.entries()) {
      times[i]!.push(simulateWith({ ...one, ...drawn }, memo).epoch_ms);
    }
    yield;
  }
  return times.map((own) => ({
    epoch_ms: rangeOf(own),
    speedup: rangeOf(own.map((time, draw) => times[0]![draw]! / time)),
  }));
}

const CONDENSED = new WeakMap<SimulateOptions["trace"], CountedTrace>();

/** A trace of many different minibatches, condensed once to a few mean ones. */
export function condensedOf(trace: SimulateOptions["trace"]): CountedTrace {
  let condensed = CONDENSED.get(trace);
  if (condensed === undefined) {
    condensed = condense("runs" in trace ? trace : countTraceRuns(trace));
    CONDENSED.set(trace, condensed);
  }
  return condensed;
}
