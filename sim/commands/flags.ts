/**
 * Flags that the subcommands share, and what they open.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import type { FlagTable, FlagValues } from "../../core/flags.ts";
import { formatCount } from "../../core/format.ts";
import { wrap } from "../../core/wrap.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import { nearest } from "../../core/nearest.ts";
import { readAnyTrace } from "../counted_file.ts";
import { loadMachine, MACHINE_NAMES, type MachineDocument, machineOf, runsOn } from "../machine.ts";
import { loadParameterSet, PARAMETER_SET_NAMES, type ParameterSet } from "../parameter_sets.ts";
import { loadPaperWorkload } from "../paper/workloads.ts";
import { PRECISIONS } from "../context.ts";
import { countedDrop, type Drawing } from "../ranges.ts";
import { multiHotTrace } from "../multi_hot.ts";
import type { SimulateOptions } from "../simulate.ts";
import { findRecordedSkips } from "../recorded_run.ts";
import { skippedShare, withSkipsOf } from "../skips.ts";
import type { System } from "../system.ts";
import { loadSystems } from "../systems/load.ts";
import { findSystem, USUAL_SYSTEMS } from "../systems/mod.ts";
import { type CountedTrace, countTraceRuns } from "../work.ts";

/** A subcommand. */
export interface Command {
  readonly name: string;
  /** One line for the help page. */
  readonly summary: string;
  /** What its command line may say. */
  readonly flags: FlagTable;
  /**
   * Runs it.
   *
   * @param signal Ends it before it writes; its reason is thrown.
   */
  run(args: readonly string[], signal: AbortSignal): Promise<void>;
}

/** What is simulated, where and under what. */
export const SUBJECT_FLAGS = {
  trace: {
    type: "list",
    required: true,
    valueName: "FILE,…",
    group: "Simulation",
    help:
      "Traces: files, rm1 to rm4 for the counted ones that come with the project, or mlperf-dcnv2 for rows of 104 GB",
  },
  skips: {
    type: "path",
    valueName: "FILE",
    group: "Simulation",
    defaultText: "the share of --drop",
    help:
      "Trace of a training run, or recorded for the longest that the project has recorded: counted traces skip as much at the same part of an epoch as it did, in place of a share",
  },
  machine: {
    type: "list",
    default: ["v100x4"],
    valueName: "NAME,…",
    group: "Simulation",
    help: `Machines: ${MACHINE_NAMES.join(", ")}, or files ending in .json`,
  },
  system: {
    type: "list",
    default: USUAL_SYSTEMS,
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
  batch: {
    type: "number",
    integer: true,
    min: 1,
    defaultText: "--batch-per-gpu on each GPU",
    group: "Simulation",
    help: "Inputs of a minibatch over all GPUs, however many there are",
  },
  precision: {
    type: "choice",
    choices: PRECISIONS,
    default: "fp32",
    group: "Simulation",
    help: "Of the MLPs and the interaction on GPUs; rows are 32-bit always",
  },
  parameters: {
    type: "choice",
    choices: [...PARAMETER_SET_NAMES, "paper"],
    default: "registered",
    group: "Simulation",
    help:
      "Costs of the systems' software: as registered for the paper table, as in its first registration (also: paper), or as they start",
  },
  draws: {
    type: "number",
    integer: true,
    min: 0,
    group: "Simulation",
    defaultText: "200; explain 40; sweep 40 up to 2,000 points, none above",
    help: "Draws of all that is uncertain, of whose results 90 % are shown as a range; 0 for none",
  },
} as const satisfies FlagTable;

/** The computed multi-hot workload. */
const MULTI_HOT = "mlperf-dcnv2";

/** A trace with the name that the command line gave it. */
export interface NamedTrace {
  readonly name: string;
  readonly trace: CountedTrace;
}

/** What the flags of {@linkcode SUBJECT_FLAGS} name, checked and loaded. */
export interface Subject {
  readonly traces: readonly NamedTrace[];
  readonly documents: readonly MachineDocument[];
  readonly systems: readonly System[];
  readonly set: ParameterSet;
}

/** Values of {@linkcode SUBJECT_FLAGS}. */
export type SubjectValues = FlagValues<typeof SUBJECT_FLAGS>;

/** Opens what the flags name: names of systems first, which cost nothing. */
export async function openSubject(values: SubjectValues): Promise<Subject> {
  const systems = (await Promise.all(values.system.map(openSystems))).flat();
  const [documents, traces, set] = await Promise.all([
    Promise.all(values.machine.map(loadMachine)),
    Promise.all(values.trace.map(openTrace)),
    loadParameterSet(values.parameters === "paper" ? "first" : values.parameters),
  ]);
  for (const { name } of documents) {
    const other = systems.find((system) => !runsOn(system.name, name));
    if (other !== undefined) {
      throw new UsageError(
        `Cannot simulate ${other.name} on ${name}: it has no GPU, so give --system cpu-dlrm`,
      );
    }
  }
  return {
    traces: await Promise.all(traces.map((one) => skipping(one, values))),
    documents,
    systems,
    set,
  };
}

/** What `--skips` calls the project's recorded runs. */
const RECORDED = "recorded";

/**
 * A trace with what a training run skipped: the run that is named, or the longest recorded one. Without either it stays as it is,
 * so that the report's tables, the page and this command say the same of it.
 */
async function skipping(named: NamedTrace, { skips }: SubjectValues): Promise<NamedTrace> {
  if (skips === undefined) return named;
  const { name, trace } = named, { origin, dataset } = trace.header;
  if (skips !== RECORDED) {
    return { name, trace: withSkipsOf(trace, (await openTrace(skips)).trace) };
  }
  const workload = WORKLOAD_NAMES.find((one) => dataset.format === `twin:${one}`);
  if (origin !== "counts" || workload === undefined) {
    throw new UsageError(
      `Cannot take recorded skips for ${name}: it is no counted trace of a twin`,
    );
  }
  const run = await findRecordedSkips(workload);
  if (run !== null) return { name, trace: withSkipsOf(trace, run) };
  throw new UserError(
    `Cannot take recorded skips for ${name}: no run of ${workload} that skips as slipstream is recorded; give a trace of one, or --drop`,
  );
}

/** What decides how much is skipped, in one line; null where the trace tells no hot inputs. */
export function describeSkips({ trace }: NamedTrace, drop: number | undefined): string | null {
  const { origin, plan } = trace.header;
  const { skips_of_inputs: inputs } = plan.options as Readonly<Record<string, unknown>>;
  const share = drop ?? skippedShare(trace);
  if (plan.hot === null || share === null) return null;
  const skipped = `Skipped: ${(100 * share).toFixed(1)} % of the hot inputs after the window`;
  if (drop !== undefined) return `${skipped}, as --drop says`;
  if (typeof inputs === "number") {
    return wrap(`${skipped}, as a training run of ${formatCount(inputs)} inputs skipped`);
  }
  return origin === "run"
    ? `${skipped}, as the run did`
    : wrap(`${skipped}, an option (--drop); --skips takes what a training run skipped`);
}

/** Simulations that differ in their system alone, and how what is uncertain of them is drawn. */
export interface Combination {
  readonly options: readonly (SimulateOptions & { readonly system: System })[];
  readonly drawing: Drawing;
}

/** What to simulate of one trace: every machine and number of GPUs, under every system. */
export function combinationsOf(
  { documents, systems, set }: Subject,
  { trace }: NamedTrace,
  values: SubjectValues,
): Combination[] {
  const { gpus: numbers, batchPerGpu, batch, precision } = values;
  const drop = values.drop ?? countedDrop(trace);
  return documents.flatMap((document) =>
    numbers.map((gpus): Combination => ({
      options: systems.map((system) => ({
        ...{
          trace,
          machine: machineOf(document),
          system,
          gpus,
          batchPerGpu,
          batch,
          precision,
          drop,
        },
        parameters: set.parameters,
      })),
      drawing: { document, set, drop: values.drop === undefined },
    }))
  );
}

/** A system that comes with the project by its name, others from a module. */
async function openSystems(name: string): Promise<readonly System[]> {
  return /\.[jt]s$/.test(name) ? await loadSystems(name) : [findSystem(name)];
}

/** Which parameters a table was computed with, and what its ranges are. */
export function describeSet({ name, title }: ParameterSet, draws: number): string {
  const ranges = draws === 0
    ? "No ranges are drawn."
    : `Ranges hold 90 % of ${draws} draws of all that is uncertain.`;
  return `${wrap(`Parameters: ${name} (${title})`)}\n${ranges}`;
}

/** Opens a trace: a counted one that comes with the project by its twin's name, another from a file. */
async function openTrace(name: string): Promise<NamedTrace> {
  const twin = WORKLOAD_NAMES.find((candidate) => candidate === name);
  if (twin !== undefined) return { name, trace: await loadPaperWorkload(twin) };
  if (name === MULTI_HOT) return { name, trace: multiHotTrace() };
  if (!/[./\\]/.test(name)) {
    const near = nearest(name, [...WORKLOAD_NAMES, MULTI_HOT]);
    if (near !== null) {
      throw new UsageError(`Cannot open trace ${name}: did you mean ${near}?`);
    }
  }
  const trace = await readAnyTrace(name);
  return { name, trace: "runs" in trace ? trace : countTraceRuns(trace) };
}
