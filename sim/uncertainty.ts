/**
 * What is not known exactly, drawn: numbers of a machine, parameters and published ratios within their ranges. A draw is a
 * function of its number and of a quantity's name, so that the same draw of two machines, systems or sweeps moves what they
 * share in the same way, and draws can be shared out over cores.
 *
 * @module
 */

import { RandomStream } from "../core/random.ts";
import {
  type Machine,
  MACHINE_PATHS,
  type MachineDocument,
  machineOf,
  type MachinePath,
  numberAt,
  withRates,
} from "./machine.ts";
import { PARAMETER_NAMES, type ParameterName, PARAMETERS, type Parameters } from "./parameters.ts";

/** Ends of what a number may be. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Quantiles over draws: a range, not a confidence interval, since how the numbers hang together is not known. */
export interface Range {
  /** 5 % of the draws are below. */
  readonly low: number;
  /** Half of the draws are below. */
  readonly median: number;
  /** 5 % of the draws are above. */
  readonly high: number;
}

/** Ranges wider than this factor are drawn evenly in their logarithm. */
const WIDE = 4;
const SEED = 1;

/** Where in a range a draw is, from 0 to 1: a number of the draw and of the quantity's name alone. */
function positionOf(name: string, draw: number): number {
  return new RandomStream(SEED, "sampling", hashOf(name)).uniform(draw);
}

/** The value at a position of a range. */
function valueAt({ low, high }: Bounds, position: number): number {
  return low > 0 && high / low > WIDE
    ? low * (high / low) ** position
    : low + (high - low) * position;
}

/** One draw of a quantity. */
export function drawnValue(name: string, bounds: Bounds, draw: number): number {
  return valueAt(bounds, positionOf(name, draw));
}

/** The numbers of a machine that have a range. */
export function uncertainRates(
  document: MachineDocument,
): { readonly path: MachinePath; readonly bounds: Bounds }[] {
  return MACHINE_PATHS.flatMap((path) => {
    const { low, high } = numberAt(document, path) ?? {};
    return low === undefined || high === undefined ? [] : [{ path, bounds: { low, high } }];
  });
}

/** One draw of a machine: every number that has a range, but for those that are held. */
export function drawMachine(
  document: MachineDocument,
  draw: number,
  held: ReadonlySet<string> = new Set(),
): Machine {
  const rates = uncertainRates(document)
    .filter(({ path }) => !held.has(path))
    .map(({ path, bounds }) => [path, drawnValue(path, bounds, draw)] as const);
  return withRates(machineOf(document), Object.fromEntries(rates));
}

/** One draw of the parameters that nothing calibrates; the others stay as they are given. */
export function drawPriors(
  parameters: Parameters,
  draw: number,
  held: ReadonlySet<string> = new Set(),
): Parameters {
  return drawSome(parameters, draw, (name) => PARAMETERS[name].status === "prior", held);
}

/** One draw of all parameters that are not fixed. */
export function drawParameters(
  parameters: Parameters,
  draw: number,
  held: ReadonlySet<string> = new Set(),
): Parameters {
  return drawSome(parameters, draw, (name) => PARAMETERS[name].status !== "fixed", held);
}

function drawSome(
  parameters: Parameters,
  draw: number,
  wanted: (name: ParameterName) => boolean,
  held: ReadonlySet<string>,
): Parameters {
  const drawn: Record<ParameterName, number> = { ...parameters };
  for (const name of PARAMETER_NAMES) {
    if (wanted(name) && !held.has(name)) drawn[name] = drawnValue(name, PARAMETERS[name], draw);
  }
  return drawn;
}

/** The range of some draws. */
export function rangeOf(values: readonly number[]): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return { low: at(0.05), median: at(0.5), high: at(0.95) };
}

/** FNV-1a of a name, 32 bits. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
