/**
 * From a machine, a trace and a system to the training time and its breakdown.
 *
 * @module
 */

import { UsageError, UserError } from "../core/errors.ts";
import type { Stage } from "../train/stages.ts";
import { type Trace, TRACE_STAGES } from "../train/trace/schema.ts";
import { type Context, contextOf, nodesOf, type Precision, productPeak } from "./context.ts";
import { type Graph, GraphBuilder, type Resource } from "./graph.ts";
import { type GraphTotals, Totals, totalsOf } from "./graph_totals.ts";
import type { Machine, MachineDocument } from "./machine.ts";
import type { MinibatchMemo } from "./memo.ts";
import { type Parameters, START_PARAMETERS } from "./parameters.ts";
import type { System } from "./system.ts";
import { findSystem } from "./systems/mod.ts";
import { type CountedTrace, countTraceRuns, keyOf, type Workload, workloadOf } from "./work.ts";

/** What to simulate. */
export interface SimulateOptions {
  /** A trace of a run, a counted trace, or the result of `countTraceRuns`. */
  readonly trace: Trace | CountedTrace;
  /** Rates of the computer. */
  readonly machine: Machine;
  /** A system or its name. */
  readonly system: System | string;
  /** GPUs used, at most the machine's. */
  readonly gpus: number;
  /** Inputs of a minibatch on one GPU (weak scaling). Default: the trace's minibatch. */
  readonly batchPerGpu?: number | undefined;
  /** Inputs of a minibatch over all GPUs (strong scaling), in place of `batchPerGpu`. */
  readonly batch?: number | undefined;
  /** Number format of the MLPs and the interaction on GPUs. Default `fp32`. */
  readonly precision?: Precision | undefined;
  /** Share of the hot inputs after the window to skip, 0 to 1. Default: the share of the trace. */
  readonly drop?: number | undefined;
  /** Costs of the systems' software. Default: {@linkcode START_PARAMETERS}, which are not calibrated. */
  readonly parameters?: Parameters | undefined;
}

/** Where time goes. */
export interface Share {
  /** Milliseconds of work. */
  readonly busy_ms: number;
  /** The part of it on the critical path: what would be left if everything else took no time. */
  readonly exposed_ms: number;
  /** Behind something else. */
  readonly hidden_ms: number;
}

/** Bytes moved, all minibatches. */
export interface MovedBytes {
  /** Host memory to GPUs. */
  readonly upload: number;
  /** GPUs to host memory. */
  readonly download: number;
  /** GPU to GPU within a node. */
  readonly peer: number;
  /** Between nodes. */
  readonly network: number;
  /** To and from host memory by the CPU. */
  readonly host_memory: number;
  /** To and from the GPUs' memory by their kernels. */
  readonly gpu_memory: number;
}

/** What was simulated. All times in milliseconds. */
export interface SimulationResult {
  /** Its name. */
  readonly system: string;
  /** Its name. */
  readonly machine: string;
  /** GPUs used. */
  readonly gpus: number;
  /** Inputs of a full minibatch over all GPUs. */
  readonly batch: number;
  /** Epochs of the trace. */
  readonly epochs: number;
  /** Inputs trained, all epochs; a fraction if a share is skipped. */
  readonly minibatches: number;
  /** Trained, all epochs. */
  readonly inputs: number;
  /** Left out, all epochs. */
  readonly skipped_inputs: number;
  /**
   * Time of one epoch, including the copies of hot rows and the blocks of Slipstream; without loading, evaluation and
   * profiling.
   */
  readonly epoch_ms: number;
  /** Mean time of a minibatch, by kind. */
  readonly minibatch_ms: Readonly<Record<string, number>>;
  /** What happens in addition to the minibatches, all epochs. */
  readonly extras_ms: Readonly<Record<string, number>>;
  /** Time by stage, all epochs. The exposed times of all stages sum to the total time, and so do those of all resources. */
  readonly stages: Readonly<Partial<Record<Stage, Share>>>;
  /** By resource, as `stages`. */
  readonly resources: Readonly<Record<string, Share>>;
  /** Bytes moved, all epochs. */
  readonly bytes: MovedBytes;
  /** Price and energy of one epoch. */
  readonly cost: EpochCost;
}

/** Price and energy of an epoch; null if the machine file does not have the costs. */
export interface EpochCost {
  /** Price of the machine for the time, by the share of its GPUs that are used. */
  readonly dollars: number | null;
  /** Board power of the GPUs while they compute, power of the processors all the time, in kilowatt-hours. */
  readonly energy_kwh: number | null;
}

/**
 * Simulates training.
 *
 * @throws {UserError} A trace that cannot be simulated, an unknown system, more GPUs than the machine has, a system that
 * needs to know which inputs are hot while the trace does not say, rows that do not fit the GPUs.
 * @category Simulator
 */
export function simulate(options: SimulateOptions): SimulationResult {
  return simulateWith(options);
}

/**
 * Simulates training, and takes minibatches from a memo of earlier simulations on the same machine, which it also extends.
 * The bits are the same as without a memo.
 */
export function simulateWith(options: SimulateOptions, memo?: MinibatchMemo): SimulationResult {
  const { machine, gpus } = options;
  const system = typeof options.system === "string" ? findSystem(options.system) : options.system;
  const trace = "runs" in options.trace ? options.trace : countTraceRuns(options.trace);
  const { parameters = START_PARAMETERS } = options;
  if (memo !== undefined && memo.machine !== machine) {
    throw new RangeError("Cannot simulate with the minibatches of another machine");
  }
  const watched = memo === undefined ? parameters : memo.watch(parameters);
  const { workload, context } = prepare({ ...options, parameters: watched }, system, trace);
  const totals = new Totals();
  const minibatchMs: Record<string, { ms: number; times: number }> = {};
  let minibatches = 0, inputs = 0;
  const own = new Map<string, GraphTotals>();
  for (const { work, times } of system.minibatches(workload, context)) {
    const seen = system.sees?.(work) ?? work;
    const key = keyOf(seen);
    let one = own.get(key);
    if (one === undefined) {
      const find = () => {
        const graph = new GraphBuilder();
        system.minibatch(seen, context, graph);
        return totalsOf(graph.tasks);
      };
      one = memo === undefined ? find() : memo.totals(
        system.minibatch,
        trace.header,
        `${gpus} ${options.precision ?? "fp32"} ${key}`,
        parameters,
        find,
      );
      own.set(key, one);
    }
    totals.add(one, times);
    minibatches += times;
    inputs += times * work.inputs;
    const kind = minibatchMs[work.kind] ??= { ms: 0, times: 0 };
    kind.ms += times * one.us / 1000;
    kind.times += times;
  }
  const extrasMs: Record<string, number> = {};
  for (const { label, times, build } of system.extras(workload, context)) {
    const graph = new GraphBuilder();
    build(graph);
    const one = totalsOf(graph.tasks);
    totals.add(one, times);
    extrasMs[label] = times * one.us / 1000;
  }
  const resources = totals.sharesBy("resources", resourceNames(gpus));
  const epochMs = totals.us / 1000 / workload.epochs;
  return {
    system: system.name,
    machine: machine.name,
    gpus,
    batch: workload.batch,
    epochs: workload.epochs,
    minibatches,
    inputs,
    skipped_inputs: system.skips ? workload.skipped : 0,
    epoch_ms: epochMs,
    minibatch_ms: Object.fromEntries(
      Object.entries(minibatchMs).map(([kind, { ms, times }]) => [kind, ms / times]),
    ),
    extras_ms: extrasMs,
    stages: totals.sharesBy("stages", TRACE_STAGES),
    resources,
    bytes: totals.moved(),
    cost: costOf(machine, gpus, epochMs, resources, workload.epochs),
  };
}

const MS_AN_HOUR = 3_600_000;

function costOf(
  { cost = {}, gpu }: Machine,
  gpus: number,
  epochMs: number,
  resources: Readonly<Record<string, Share>>,
  epochs: number,
): EpochCost {
  const { dollars_an_hour: price, gpu_w: gpuW, host_w: hostW } = cost;
  const used = gpus / gpu.count, hours = epochMs / MS_AN_HOUR;
  let busyMs = 0;
  for (let g = 0; g < gpus; g++) busyMs += resources[`gpu:${g}`]?.busy_ms ?? 0;
  return {
    dollars: price === undefined ? null : hours * price * used,
    energy_kwh: gpuW === undefined || hostW === undefined
      ? null
      : (gpuW * busyMs / epochs / MS_AN_HOUR + hours * hostW * used) / 1000,
  };
}

/**
 * The graph of one minibatch of a workload, for timelines: the first of a kind, or of any.
 *
 * @category Simulator
 */
export function minibatchGraph(
  options: SimulateOptions,
  kind?: string,
): { readonly graph: Graph; readonly kind: string } {
  const system = typeof options.system === "string" ? findSystem(options.system) : options.system;
  const trace = "runs" in options.trace ? options.trace : countTraceRuns(options.trace);
  const { workload, context } = prepare(options, system, trace);
  const classes = system.minibatches(workload, context);
  const chosen = classes.find(({ work }) => work.kind === kind) ?? classes[0]!;
  const graph = new GraphBuilder();
  system.minibatch(chosen.work, context, graph);
  return { graph: graph.tasks, kind: chosen.work.kind };
}

function prepare(
  options: SimulateOptions,
  system: System,
  trace: CountedTrace,
): { readonly workload: Workload; readonly context: Context } {
  const { machine, gpus, parameters = START_PARAMETERS } = options;
  const { header } = trace;
  if (!Number.isInteger(gpus) || gpus < 1 || gpus > machine.gpu.count) {
    throw new UsageError(
      `Cannot simulate ${gpus} GPUs: machine ${machine.name} has ${machine.gpu.count}`,
    );
  }
  checkNodes(machine, gpus, system);
  const workload = workloadOf(trace, {
    batch: options.batch ?? gpus * (options.batchPerGpu ?? header.batch),
    drop: system.skips ? options.drop : undefined,
  });
  if (system.needsHot && !workload.tellsHot) {
    throw new UserError(
      `Cannot simulate ${system.name}: the trace does not tell hot inputs from cold ones, so give one of the plan fae or slipstream`,
    );
  }
  const rowsGb = rowsGbOf(trace);
  if (system.rowsOnGpus && rowsGb > gpus * machine.gpu.memory_gb) {
    throw new UserError(
      `Cannot simulate ${system.name}: the rows take ${
        rowsGb.toFixed(1)
      } GB and ${gpus} GPUs of ${machine.name} have ${gpus * machine.gpu.memory_gb}`,
    );
  }
  const { precision } = options;
  const context = contextOf(header, machine, parameters, gpus, workload.hotRows, precision);
  // A precision that the machine does not have is one error, whatever the system computes first.
  productPeak(context);
  return { workload, context };
}

function rowsGbOf({ header }: Pick<CountedTrace, "header">): number {
  return 4 * header.model.parameters.embedding / 1e9;
}

/** Whether a system can hold a trace's rows on so many GPUs of a machine; one that keeps them in host memory always can. */
export function rowsFit(
  { rowsOnGpus }: Pick<System, "rowsOnGpus">,
  trace: Pick<CountedTrace, "header">,
  { gpu }: MachineDocument,
  gpus: number,
): boolean {
  return !rowsOnGpus || rowsGbOf(trace) <= gpus * gpu.memory_gb.value;
}

/** Rows in one node's host memory cannot be reached from another; nodes that take part have equally many GPUs. */
function checkNodes(machine: Machine, gpus: number, { name, rowsOnGpus }: System): void {
  const { nodes } = nodesOf({ machine, gpus });
  if (nodes === 1) return;
  if (gpus % nodes !== 0) {
    throw new UsageError(
      `Cannot simulate ${gpus} GPUs: machine ${machine.name} would have them in ${nodes} nodes, which must share them evenly`,
    );
  }
  if (!rowsOnGpus) {
    throw new UsageError(
      `Cannot simulate ${name} on ${gpus} GPUs of ${machine.name}: they are in ${nodes} nodes and its rows in the memory of one, so give at most ${
        machine.gpu.count / machine.network!.nodes
      }`,
    );
  }
}

function resourceNames(gpus: number): Resource[] {
  const each = Array.from({ length: gpus }, (_, g) => g);
  return [
    "cpu",
    "dram",
    ...(["host", "up", "down", "gpu"] as const).flatMap((name) =>
      each.map((g): Resource => `${name}:${g}`)
    ),
    "peer",
    "network",
  ];
}
