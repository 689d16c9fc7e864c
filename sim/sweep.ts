/**
 * Sweeps: every combination of the values of some axes, on all cores.
 *
 * @module
 */

import { defaultThreads } from "../core/deno.ts";
import { UsageError } from "../core/errors.ts";
import { type Pieces, withEvents } from "../core/events.ts";
import { nearest } from "../core/nearest.ts";
import { WorkerPool } from "../core/worker_pool.ts";
import type { Precision } from "./context.ts";
import type { CountCache } from "./count_cache.ts";
import {
  type Machine,
  MACHINE_PATHS,
  type MachineDocument,
  type MachinePath,
  withRates,
} from "./machine.ts";
import {
  PARAMETER_NAMES,
  type ParameterName,
  type Parameters,
  START_PARAMETERS,
} from "./parameters.ts";
import { recount } from "./recount.ts";
import { type Drawing, type DrawnSetting, drawSetting } from "./ranges.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";
import type { System } from "./system.ts";
import { ALL_SYSTEMS } from "./systems/mod.ts";
import { type Range, rangeOf } from "./uncertainty.ts";
import { earlyOf, withDim, withEarly, withHotInputShare } from "./variants.ts";
import { condense, type CountedTrace } from "./work.ts";
import type { SweepTask } from "./sweep_worker.ts";

/** Axes that are neither numbers of the machine nor parameters. */
export const PLAN_AXES = [
  "gpus",
  "batch_per_gpu",
  "drop",
  "hot_memory_mib",
  "hot_share",
  "dim",
  "warmup",
  "window",
] as const;

/**
 * What can be swept: a plan's axis, any number of a machine, any parameter. `link.generation` scales the link's rates;
 * `hot_memory_mib` counts a counted trace's twin again; `warmup` and `window` move the decision of a counted trace.
 */
export type AxisName = typeof PLAN_AXES[number] | MachinePath | ParameterName;

/** All names of axes. */
const AXIS_NAMES: readonly AxisName[] = [...PLAN_AXES, ...MACHINE_PATHS, ...PARAMETER_NAMES];

/** What axes were called before, understood for one version. */
const FORMER_AXES: Readonly<Record<string, AxisName>> = {
  drop_share: "drop",
  warm_up: "warmup",
  window_share: "window",
};

/** One axis. */
export interface Axis {
  /** What varies. */
  readonly name: AxisName;
  /** Its values, in order. */
  readonly values: readonly number[];
}

/** What to sweep. */
export interface SweepOptions {
  /** Traces, with their names in rows. */
  readonly traces: readonly SweptTrace[];
  /** Machines that axes start from. */
  readonly machines: readonly Machine[];
  /** Systems or their names. Only the project's own are simulated on all cores, others on the calling thread. */
  readonly systems: readonly (System | string)[];
  /** Axes; every combination of their values is a point. */
  readonly axes: readonly Axis[];
  /** Where no axis says otherwise. */
  readonly gpus: number;
  /** As in `SimulateOptions`. */
  readonly batchPerGpu?: number | undefined;
  /** As in `SimulateOptions`. */
  readonly batch?: number | undefined;
  /** As in `SimulateOptions`. */
  readonly precision?: Precision | undefined;
  /** As in `SimulateOptions`. */
  readonly drop?: number | undefined;
  /** That axes start from; as in `SimulateOptions`. */
  readonly parameters?: Parameters | undefined;
  /** How numbers that no axis sets are drawn within their ranges; not at all by default. */
  readonly drawn?: SweepDraws | undefined;
  /** Threads; all cores by default. */
  readonly threads?: number | undefined;
  /** Cache of the counts that `hot_memory_mib` needs; none by default. */
  readonly countCache?: CountCache | undefined;
  /** Called with the progress of the counts that `hot_memory_mib` needs: inputs done, of how many, for which trace. */
  readonly onCount?: ((done: number, total: number, trace: string) => void) | undefined;
  /** Ends the sweep; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** A trace with its name in rows. */
export interface SweptTrace {
  /** What rows call it. */
  readonly name: string;
  /** Replayed at every point. */
  readonly trace: CountedTrace;
  /** Share to skip where neither the sweep nor an axis says; else as the trace has it. */
  readonly drop?: number | undefined;
}

/** How a sweep's ranges are drawn. */
export interface SweepDraws {
  /** The machines with their numbers' ranges, in their order. */
  readonly documents: readonly MachineDocument[];
  /** Costs of the systems' software. */
  readonly set: Drawing["set"];
  /** Draws a point. */
  readonly draws: number;
  /** As in `Drawing`, where no axis sets it. */
  readonly drop: boolean;
}

/** A sweep before its points: systems of the project by name, traces by hot memory. */
export interface PreparedSweep
  extends Omit<SweepOptions, "traces" | "onCount" | "countCache" | "signal"> {
  /** Condensed. */
  readonly traces: readonly (SweptTrace & {
    /** In the order of the axis' values; empty where hot memory is no axis. */
    readonly byHotMemory: readonly CountedTrace[];
  })[];
}

/** One point. */
export interface SweepRow {
  /** Name of the trace. */
  readonly trace: string;
  /** Name of the machine. */
  readonly machine: string;
  /** Name of the system. */
  readonly system: string;
  /** Values of the axes, in their order. */
  readonly values: readonly number[];
  /** Time of one epoch, in milliseconds. */
  readonly epoch_ms: number;
  /** 5 % of the draws are below; null without. */
  readonly epoch_low_ms: number | null;
  /** 95 % of the draws are below; null without. */
  readonly epoch_high_ms: number | null;
  /** Trained, all epochs. */
  readonly minibatches: number;
  /** Host memory to GPUs, all epochs. */
  readonly upload_bytes: number;
  /** To and from host memory by the CPU, all epochs. */
  readonly host_memory_bytes: number;
}

/** Parses `name=1,2,3` or `name=from:to:steps`, the last spaced evenly. Throws a `UserError` that names the nearest axis. */
export function parseAxis(text: string): Axis {
  const at = text.indexOf("=");
  const said = at < 0 ? text : text.slice(0, at);
  const word = FORMER_AXES[said] ?? said;
  const name = AXIS_NAMES.find((candidate) => candidate === word);
  if (name === undefined) {
    const near = nearest(word, AXIS_NAMES);
    throw new UsageError(
      `Cannot sweep ${word}: ${
        near === null
          ? `the axes are ${
            PLAN_AXES.join(", ")
          }, the machine's numbers (link.pageable_gb_s, …) and the parameters`
          : `did you mean ${near}?`
      }`,
    );
  }
  const list = at < 0 ? "" : text.slice(at + 1);
  const range = list.split(":");
  let values = list.split(",").map((word) => word.trim() === "" ? NaN : Number(word));
  if (range.length === 3) {
    const [from, to, steps] = range.map(Number) as [number, number, number];
    values = steps >= 2 && Number.isInteger(steps)
      ? Array.from({ length: steps }, (_, k) => from + (to - from) * k / (steps - 1))
      : [NaN];
  }
  if (values.some((value) => !Number.isFinite(value))) {
    throw new UsageError(
      `Cannot sweep ${text}: write ${name}=1,2,3 or ${name}=FROM:TO:STEPS with at least 2 steps`,
    );
  }
  return { name, values };
}

/** Number of points. */
export function countPoints({ traces, machines, systems, axes }: SweepOptions): number {
  return axes.reduce(
    (n, { values }) => n * values.length,
    traces.length * machines.length * systems.length,
  );
}

/**
 * Sweeps on all cores. Rows come in the order of traces, machines, systems and axes, whatever the threads.
 *
 * @category Simulator
 */
export async function sweep(options: SweepOptions): Promise<SweepRow[]> {
  const points = countPoints(options), { signal } = options;
  const prepared = await prepare(options);
  const threads = Math.max(1, Math.min(options.threads ?? defaultThreads(), points));
  // Workers are sent names: a system's functions cannot be.
  const named = prepared.systems.every((system) => typeof system === "string");
  if (threads === 1 || points < 64 || !named) {
    return await withEvents(sweepInPieces(prepared, points), signal);
  }
  const module = new URL("./sweep_worker.ts", import.meta.url);
  using pool = new WorkerPool<SweepTask, SweepRow[]>(module, { threads, signal });
  const parts = await pool.each(
    Array.from(
      { length: threads },
      (_, k): SweepTask => ({ options: prepared, from: k, by: threads, to: points }),
    ),
  );
  return Array.from({ length: points }, (_, p) => parts[p % threads]![Math.floor(p / threads)]!);
}

function* sweepInPieces(prepared: PreparedSweep, points: number): Pieces<SweepRow[]> {
  const rows: SweepRow[] = [];
  while (rows.length < points) {
    rows.push(sweepPoint(prepared, rows.length));
    yield;
  }
  return rows;
}

async function prepare(
  { onCount, countCache, signal, ...options }: SweepOptions,
): Promise<PreparedSweep> {
  const memories = options.axes.find(({ name }) => name === "hot_memory_mib")?.values ?? [];
  const other = options.axes.find(({ name }) => name === "hot_share" || name === "dim");
  if (memories.length > 0 && other !== undefined) {
    throw new UsageError(
      `Cannot sweep hot_memory_mib and ${other.name} together: ${other.name} keeps the rows that are hot, and hot_memory_mib chooses them`,
    );
  }
  const traces = [];
  for (const { name, trace, drop } of options.traces) {
    traces.push({
      name,
      drop,
      // Equal minibatches are simulated once; a trace of many different ones is condensed to a few mean ones.
      trace: condense(trace),
      byHotMemory: memories.length === 0 ? [] : await recount(name, trace, memories, {
        onProgress: (done, total) => onCount?.(done, total, name),
        threads: options.threads,
        cache: countCache,
        signal,
      }),
    });
  }
  const systems = options.systems.map((system) =>
    typeof system !== "string" && ALL_SYSTEMS.includes(system) ? system.name : system
  );
  return { ...options, traces, systems };
}

/** One point of a sweep by its number. */
export function sweepPoint(options: PreparedSweep, point: number): SweepRow {
  let rest = point;
  const values: number[] = [];
  for (const axis of options.axes.toReversed()) {
    values.unshift(axis.values[rest % axis.values.length]!);
    rest = Math.floor(rest / axis.values.length);
  }
  const system = options.systems[rest % options.systems.length]!;
  rest = Math.floor(rest / options.systems.length);
  const which = rest % options.machines.length;
  const base = options.machines[which]!;
  const named = options.traces[Math.floor(rest / options.machines.length)]!;
  const common = { options, named, system, values };
  const { drawn } = options;
  const drop = options.drop ?? named.drop;
  const { epoch_ms, minibatches, bytes } = simulate(
    atPoint(common, { machine: base, parameters: options.parameters ?? START_PARAMETERS, drop }),
  );
  let range: Range | null = null;
  if (drawn !== undefined && drawn.draws > 0) {
    const { documents, set, draws } = drawn;
    const held = new Set<string>(options.axes.map(({ name }) => name));
    const drawing = { document: documents[which]!, set, held, drop: drawn.drop };
    range = rangeOf(
      Array.from(
        { length: draws },
        (_, draw) => simulate(atPoint(common, drawSetting(drawing, drop, draw))).epoch_ms,
      ),
    );
  }
  return {
    trace: named.name,
    machine: base.name,
    system: typeof system === "string" ? system : system.name,
    values,
    epoch_ms,
    epoch_low_ms: range?.low ?? null,
    epoch_high_ms: range?.high ?? null,
    minibatches,
    upload_bytes: bytes.upload,
    host_memory_bytes: bytes.host_memory,
  };
}

/** What to simulate at a point: a setting, changed as the axes say. */
export function atPoint(
  { options, named, system, values }: {
    readonly options: Pick<PreparedSweep, "axes" | "gpus" | "batchPerGpu" | "batch" | "precision">;
    readonly named: PreparedSweep["traces"][number];
    readonly system: PreparedSweep["systems"][number];
    readonly values: readonly number[];
  },
  setting: DrawnSetting,
): SimulateOptions {
  let { machine, drop } = setting, { trace } = named;
  let { gpus, batchPerGpu } = options;
  const parameters: Record<string, number> = { ...setting.parameters };
  const early: { warmup?: number; window?: number } = {};
  for (const [a, axis] of options.axes.entries()) {
    const value = values[a]!;
    if (axis.name === "gpus") gpus = value;
    else if (axis.name === "batch_per_gpu") batchPerGpu = value;
    else if (axis.name === "drop") drop = value;
    else if (axis.name === "hot_memory_mib") trace = named.byHotMemory[axis.values.indexOf(value)]!;
    else if (axis.name === "hot_share") trace = withHotInputShare(trace, value);
    else if (axis.name === "dim") trace = withDim(trace, value);
    else if (axis.name === "warmup") early.warmup = value;
    else if (axis.name === "window") early.window = value;
    else if (axis.name === "link.generation") machine = withGeneration(machine, value);
    else if (axis.name in START_PARAMETERS) parameters[axis.name] = value;
    else machine = withRates(machine, { [axis.name]: value });
  }
  // Once all that changes how many hot minibatches there are has been done.
  if (Object.keys(early).length > 0) trace = withEarly(trace, { ...earlyOf(trace), ...early });
  const { batch, precision } = options;
  return {
    ...{ trace, machine, system, gpus, batchPerGpu, batch, precision, drop },
    parameters: parameters as Parameters,
  };
}

/** Each generation of PCI Express has twice the rate of the one before. */
function withGeneration(machine: Machine, generation: number): Machine {
  const { link } = machine;
  const factor = 2 ** (generation - link.generation);
  return withRates(machine, {
    "link.generation": generation,
    "link.pinned_upload_gb_s": link.pinned_upload_gb_s * factor,
    "link.pinned_download_gb_s": link.pinned_download_gb_s * factor,
    "link.pageable_gb_s": link.pageable_gb_s * factor,
  });
}
