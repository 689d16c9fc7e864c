/**
 * A question to the simulator and its answer, as the command line would give it.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { withEvents } from "../../core/events.ts";
import { type BreakEvenCell, breakEvenInPieces } from "../../sim/break_even.ts";
import { loadMachine, type MachineDocument, machineOf } from "../../sim/machine.ts";
import { loadParameterSet } from "../../sim/parameter_sets.ts";
import { countedDrop, rangesInPieces } from "../../sim/ranges.ts";
import type { RangedResult } from "../../sim/report.ts";
import { rowsFit, simulate } from "../../sim/simulate.ts";
import type { Axis } from "../../sim/sweep.ts";
import { findSystem, USUAL_SYSTEMS } from "../../sim/systems/mod.ts";
import type { CountedTrace } from "../../sim/work.ts";

/** Systems of the map: those that keep rows in host memory, as rows on the GPUs alone win wherever they fit. */
const MAP_SYSTEMS: readonly string[] = ["pytorch-hybrid", "fae", "slipstream"];

/** Draws of all that is uncertain: for times, and in each cell of the map. */
export const DRAWS = 200, MAP_DRAWS = 20;

/** What is asked. */
export interface Question {
  /** What the trace is called: `rm2`, or the name of a file. */
  readonly name: string;
  readonly trace: CountedTrace;
  /** Name of a machine that comes with the project. */
  readonly machine: string;
  /** Names of systems, at least one; ratios are to the first that can be simulated. */
  readonly systems: readonly string[];
  readonly gpus: number;
  /** Share of the hot inputs after the window that is skipped; null for that of the trace. */
  readonly drop: number | null;
}

/** What the simulator says. */
export interface Answer {
  readonly results: readonly RangedResult[];
  /** Why systems are left out, a sentence each. */
  readonly leftOut: readonly string[];
}

/**
 * Simulates an epoch under each system, with ranges.
 *
 * @throws {UserError} No system can be simulated.
 */
export async function answer(question: Question, signal?: AbortSignal): Promise<Answer> {
  const { trace, systems, gpus } = question;
  const [document, set] = await Promise.all([
    loadMachine(question.machine),
    loadParameterSet("registered"),
  ]);
  const machine = machineOf(document), { parameters } = set;
  const drop = question.drop ?? countedDrop(trace);
  const all = systems.map((system) => ({ trace, machine, system, gpus, drop, parameters }));
  const leftOut: string[] = [];
  const simulated = all.flatMap((options) => {
    try {
      return [{ options, result: simulate(options) }];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      leftOut.push(error.message);
      return [];
    }
  });
  if (simulated.length === 0) {
    throw new UserError(
      leftOut[0] ?? "Cannot simulate: no system is chosen, so choose one or more",
    );
  }
  const ranges = await withEvents(
    rangesInPieces(
      simulated.map(({ options }) => options),
      { document, set, drop: question.drop === null },
      DRAWS,
    ),
    signal,
  );
  const results = simulated.map(({ result }, i) => ({ ...result, ranges: ranges[i]! }));
  return { results, leftOut };
}

/** A map of which system is fastest. */
export interface AnsweredMap {
  /** Down and across. */
  readonly axes: readonly [Axis, Axis];
  /** The last axis varies fastest. */
  readonly cells: readonly BreakEvenCell[];
  /** Those that are compared. */
  readonly systems: readonly string[];
}

/**
 * Maps which system is fastest over two numbers, on the question's machine otherwise as it is.
 *
 * @throws {UserError} The trace does not tell hot inputs from cold ones.
 */
export async function answerMap(
  { trace, machine, gpus }: Question,
  axes: readonly [Axis, Axis],
  signal?: AbortSignal,
): Promise<AnsweredMap> {
  const [document, set] = await Promise.all([
    loadMachine(machine),
    loadParameterSet("registered"),
  ]);
  const systems = fitting(MAP_SYSTEMS, trace, document, gpus);
  const pieces = breakEvenInPieces({ trace, document, set, systems, gpus, axes, draws: MAP_DRAWS });
  return { axes, cells: await withEvents(pieces, signal), systems };
}

function fitting(
  systems: readonly string[],
  trace: CountedTrace,
  document: MachineDocument,
  gpus: number,
): string[] {
  return systems.filter((system) => rowsFit(findSystem(system), trace, document, gpus));
}

/** The command that gives the same times. */
export function commandOf({ name, machine, systems, gpus, drop }: Question): string {
  const words = ["deno task simulate", "--trace", quoted(name), "--machine", machine];
  if (gpus !== 1) words.push("--gpus", `${gpus}`);
  if (systems.join() !== USUAL_SYSTEMS.join()) words.push("--system", systems.join(","));
  if (drop !== null) words.push("--drop", `${drop}`);
  return words.join(" ");
}

/** The command that gives the same map. */
export function mapCommandOf(
  { name, machine, gpus }: Question,
  axes: readonly [Axis, Axis],
): string {
  const words = ["deno task simulate break-even", "--trace", quoted(name), "--machine", machine];
  // The command takes four unless told.
  if (gpus !== 4) words.push("--gpus", `${gpus}`);
  words.push("--axis", ...axes.map((axis) => `${axis.name}=${axis.values.join(",")}`));
  return words.join(" ");
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
