/**
 * Which system is fastest where: over the cost of a CPU lookup, the share dropped, the share of hot inputs and the link,
 * with draws at each point, so that every verdict comes with a probability.
 *
 * @module
 */

import { atOnce, type Pieces } from "../core/events.ts";
import type { MachineDocument } from "./machine.ts";
import { machineOf } from "./machine.ts";
import type { ParameterSet } from "./parameter_sets.ts";
import { condensedOf, countedDrop, type DrawnSetting, drawSetting } from "./ranges.ts";
import { simulate } from "./simulate.ts";
import { atPoint, type Axis } from "./sweep.ts";
import type { CountedTrace } from "./work.ts";

/**
 * Systems that are compared by default: rows on the host, hot rows on GPUs, and all rows on GPUs, with and without
 * skipping.
 */
export const BREAK_EVEN_SYSTEMS = [
  "pytorch-hybrid",
  "fae",
  "slipstream",
  "gpu-only",
  "slipstream-gpu-only",
] as const;

/** What is mapped. */
export interface BreakEvenOptions {
  /** The trace that is replayed; it must distinguish hot inputs from cold ones. */
  readonly trace: CountedTrace;
  /** The machine with its numbers' ranges. */
  readonly document: MachineDocument;
  /** Costs of the systems' software. */
  readonly set: Pick<ParameterSet, "parameters" | "calibrated">;
  /** Names of systems. */
  readonly systems: readonly string[];
  /** GPUs used. */
  readonly gpus: number;
  /** As in `SimulateOptions`. */
  readonly batchPerGpu?: number | undefined;
  /** Every combination of their values is a cell; none for the machine as it is. */
  readonly axes: readonly Axis[];
  /** Draws a cell. */
  readonly draws: number;
  /** Called with the number of cells done. */
  readonly onCell?: ((done: number) => void) | undefined;
}

/** One cell. */
export interface BreakEvenCell {
  /** Values of the axes, in their order. */
  readonly values: readonly number[];
  /** The system that is fastest in most draws. */
  readonly fastest: string;
  /** Share of the draws in which it is. */
  readonly share: number;
  /** Milliseconds an epoch by system, with every number at the middle of its range. */
  readonly epoch_ms: Readonly<Record<string, number>>;
}

/**
 * Finds the fastest system in every cell; in the result the last axis varies fastest.
 *
 * @throws {UserError} As `simulate` does.
 *
 * @category Simulator
 */
export function breakEven(options: BreakEvenOptions): BreakEvenCell[] {
  return atOnce(breakEvenInPieces(options));
}

/** As {@linkcode breakEven}, with a stop after each draw. */
export function* breakEvenInPieces(options: BreakEvenOptions): Pieces<BreakEvenCell[]> {
  const { axes, document, set, systems, draws, gpus, batchPerGpu, onCell } = options;
  const trace = condensedOf(options.trace), machine = machineOf(document);
  const drop = countedDrop(trace), { parameters } = set;
  const held = new Set<string>(axes.map(({ name }) => name));
  const drawing = { document, set, held, drop: !held.has("drop") };
  const number = axes.reduce((n, { values }) => n * values.length, 1);
  const prepared = {
    ...{ machines: [machine], systems, axes, gpus, batchPerGpu },
    traces: [{ name: "", trace, byHotMemory: [] }],
  };
  const cells: BreakEvenCell[] = [];
  for (let cell = 0; cell < number; cell++) {
    const values = valuesOf(axes, cell);
    const timesIn = (setting: DrawnSetting) =>
      systems.map((system) => {
        const point = { options: prepared, named: prepared.traces[0]!, system, values };
        return simulate(atPoint(point, setting)).epoch_ms;
      });
    const fastestOf = (times: readonly number[]) => systems[times.indexOf(Math.min(...times))]!;
    const middle = timesIn({ machine, parameters, drop });
    const wins = new Map<string, number>();
    for (let draw = 0; draw < draws; draw++) {
      const best = fastestOf(timesIn(drawSetting(drawing, drop, draw)));
      wins.set(best, (wins.get(best) ?? 0) + 1);
      yield;
    }
    if (draws === 0) wins.set(fastestOf(middle), 1);
    const [fastest, won] = [...wins].reduce((a, b) => a[1] >= b[1] ? a : b);
    cells.push({
      values,
      fastest,
      share: won / Math.max(1, draws),
      epoch_ms: Object.fromEntries(systems.map((system, i) => [system, middle[i]!])),
    });
    onCell?.(cell + 1);
    yield;
  }
  return cells;
}

/** The values of the axes in a cell, of which the last varies fastest. */
function valuesOf(axes: readonly Axis[], cell: number): number[] {
  const values: number[] = [];
  let rest = cell;
  for (const axis of axes.toReversed()) {
    values.unshift(axis.values[rest % axis.values.length]!);
    rest = Math.floor(rest / axis.values.length);
  }
  return values;
}
