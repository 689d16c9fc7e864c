/**
 * Flags that the subcommands share, and what they open.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import { TWIN_NAMES } from "../../data/twin/open.ts";
import type { WorkloadName } from "../../data/twin/workloads.ts";
import { nearest } from "../../core/nearest.ts";
import { readAnyTrace } from "../counted_file.ts";
import { loadMachine, type Machine, machineOf } from "../machine.ts";
import { type Parameters, START_PARAMETERS } from "../parameters.ts";
import { loadFrozen } from "../paper/frozen.ts";
import { loadPaperWorkload } from "../paper/workloads.ts";
import type { SimulateOptions } from "../simulate.ts";
import type { System } from "../system.ts";
import { loadSystems } from "../systems/load.ts";
import { findSystem } from "../systems/mod.ts";
import { type CountedTrace, countTraceRuns } from "../work.ts";

/** A subcommand. */
export interface Command {
  readonly name: string;
  /** One line for the help page. */
  readonly summary: string;
  run(args: readonly string[]): Promise<void>;
}

/** What is simulated, where and under what. */
export const SUBJECT_FLAGS = {
  trace: {
    type: "list",
    required: true,
    valueName: "FILE,…",
    group: "Simulation",
    help: "Traces: files, or rm1 to rm4 for the counted ones that come with the project",
  },
  machine: {
    type: "list",
    default: ["v100x4"],
    valueName: "NAME,…",
    group: "Simulation",
    help: "Machines: v100x4, a100x8, h100x8, or files ending in .json",
  },
  system: {
    type: "list",
    default: ["intel-dlrm", "fae", "hotline", "slipstream"],
    valueName: "NAME,…",
    group: "Simulation",
    help: "Training systems (listed below), or files ending in .ts that export some",
  },
  gpus: {
    type: "ints",
    separator: ",",
    default: [1],
    group: "Simulation",
    help: "Numbers of GPUs",
  },
  batchPerGpu: {
    type: "number",
    integer: true,
    min: 1,
    defaultText: "the trace's minibatch",
    group: "Simulation",
    help: "Inputs of a minibatch on each GPU; the minibatch grows with the GPUs",
  },
  drop: {
    type: "number",
    min: 0,
    max: 1,
    defaultText: "as in the trace",
    aliases: ["drop-share"],
    group: "Simulation",
    help: "Share of the hot inputs after the window that Slipstream skips",
  },
  parameters: {
    type: "choice",
    choices: ["start", "paper"],
    default: "start",
    group: "Simulation",
    help:
      "Costs of the systems' software: as they start, or with the three scalars that the paper table calibrates on v100x4",
  },
} as const satisfies FlagTable;

/** A trace with the name that the command line gave it. */
export interface NamedTrace {
  readonly name: string;
  readonly trace: CountedTrace;
}

/** What the flags of {@linkcode SUBJECT_FLAGS} name, checked and loaded. */
export interface Subject {
  readonly traces: readonly NamedTrace[];
  readonly machines: readonly Machine[];
  readonly systems: readonly System[];
  readonly parameters: Parameters;
}

/** Values of {@linkcode SUBJECT_FLAGS}. */
type SubjectValues = FlagValues<typeof SUBJECT_FLAGS>;

/** Opens what the flags name: names of systems first, which cost nothing. */
export async function openSubject(values: SubjectValues): Promise<Subject> {
  const systems = (await Promise.all(values.system.map(openSystems))).flat();
  const [machines, traces, parameters] = await Promise.all([
    Promise.all(values.machine.map(async (name) => machineOf(await loadMachine(name)))),
    Promise.all(values.trace.map(openTrace)),
    openParameters(values.parameters),
  ]);
  return { traces, machines, systems, parameters };
}

/** What to simulate of one trace: every machine, number of GPUs and system. */
export function combinationsOf(
  { machines, systems, parameters }: Subject,
  { trace }: NamedTrace,
  { gpus: numbers, batchPerGpu, drop }: SubjectValues,
): (SimulateOptions & { readonly system: System })[] {
  return machines.flatMap((machine) =>
    numbers.flatMap((gpus) =>
      systems.map((system) => ({
        ...{ trace, machine, system, gpus, batchPerGpu, drop, parameters },
      }))
    )
  );
}

/** A system that comes with the project by its name, others from a module. */
async function openSystems(name: string): Promise<readonly System[]> {
  return /\.[jt]s$/.test(name) ? await loadSystems(name) : [findSystem(name)];
}

/** Opens a trace: a counted one that comes with the project by its twin's name, another from a file. */
async function openTrace(name: string): Promise<NamedTrace> {
  const twin = TWIN_NAMES.find((candidate) => candidate === name);
  if (twin !== undefined) return { name, trace: await loadPaperWorkload(twin as WorkloadName) };
  if (!/[./\\]/.test(name)) {
    const near = nearest(name, TWIN_NAMES);
    if (near !== null) {
      throw new UserError(`Cannot open trace ${name}: did you mean ${near}?`, 2);
    }
  }
  const trace = await readAnyTrace(name);
  return { name, trace: "runs" in trace ? trace : countTraceRuns(trace) };
}

/** The parameters that `--parameters` names. */
async function openParameters(name: string): Promise<Parameters> {
  return name === "paper" ? (await loadFrozen()).calibrated : START_PARAMETERS;
}
