/**
 * What a system computes with: machine, parameters, model and the number of GPUs; and the times that follow from rates.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import type { Stage } from "../train/stages.ts";
import type { TraceHeader } from "../train/trace/schema.ts";
import type { GraphBuilder } from "./graph.ts";
import type { Machine } from "./machine.ts";
import type { Parameters } from "./parameters.ts";
import type { Program } from "./program.ts";

/** Number formats of matrix products; rows and their updates are 32-bit in all of them. `half`: 16 bits, activations too. */
export const PRECISIONS = ["fp32", "tf32", "half"] as const;

/** One of {@linkcode PRECISIONS}. */
export type Precision = typeof PRECISIONS[number];

/** Everything but the minibatch. */
export interface Context {
  /** Rates of the computer. */
  readonly machine: Machine;
  /** Costs of the systems' software. */
  readonly parameters: Parameters;
  /** GPUs used. */
  readonly gpus: number;
  /** Shape of the model and the number of its parameters. */
  readonly shape: TraceHeader["model"];
  /** What updates rows and dense parameters. */
  readonly optimizer: TraceHeader["optimizer"];
  /** Tables. */
  readonly tables: number;
  /** DLRM calls a minibatch: the steps of a TBSM, one after the other; 1 for a DLRM. */
  readonly steps: number;
  /** Lookups an input. */
  readonly each: number;
  /** Bytes of an embedding row. */
  readonly rowBytes: number;
  /** Bytes of the dense parameters (P). */
  readonly denseBytes: number;
  /** Tensors of the dense parameters: a weight and a bias a layer. */
  readonly denseTensors: number;
  /** Dense features of an input and step. */
  readonly denseFeatures: number;
  /** Rows of the hot set. */
  readonly hotRows: number;
  /** Normalisation of features, as in the trace; none by default. */
  readonly normalisation?: TraceHeader["normalisation"];
  /** Plan and placement of the trace, if there is one. */
  readonly header?: TraceHeader;
  /** Number format of the MLPs and the interaction; `fp32` by default. */
  readonly precision?: Precision | undefined;
  /** Whether Adam updates rows and dense parameters, which no trace of a run has; `optimizer` is not looked at then. */
  readonly adam?: boolean;
  /** How the program differs from the eager framework; not at all by default. */
  readonly program?: Program;
}

/** The context of a trace's header. */
export function contextOf(
  header: TraceHeader,
  machine: Machine,
  parameters: Parameters,
  gpus: number,
  hotRows: number,
  precision?: Precision,
): Context {
  const { model: shape, optimizer, lookups_per_input: each, normalisation } = header;
  const mlps = [shape.bottom, shape.top, shape.attention ?? [], shape.final ?? []];
  return {
    machine,
    parameters,
    gpus,
    shape,
    optimizer,
    tables: shape.table_rows.length,
    steps: shape.steps ?? 1,
    each,
    rowBytes: 4 * shape.dim,
    denseBytes: 4 * shape.parameters.dense,
    denseTensors: mlps.reduce((n, widths) => n + 2 * Math.max(0, widths.length - 1), 0) +
      4 * (shape.cross?.layers ?? 0),
    denseFeatures: shape.bottom[0]!,
    hotRows,
    header,
    precision,
    ...(normalisation === undefined ? {} : { normalisation }),
  };
}

/** Peak of the GPU's matrix products at the context's precision, in GFLOP/s. Throws a `UserError` where the machine has none. */
export function productPeak({ machine: { name, gpu }, precision = "fp32" }: Context): number {
  if (precision === "fp32") return gpu.gflop_s;
  const field = precision === "tf32" ? "tf32_gflop_s" : "half_gflop_s";
  const peak = gpu[field];
  if (peak === undefined) {
    throw new UsageError(
      `Cannot simulate ${precision} on machine ${name}: it has no gpu.${field}`,
    );
  }
  return peak;
}

/** What matrix products reach at the context's precision, in FLOP a microsecond. */
export function productFlopUs(context: Context): number {
  const { machine: { gpu }, precision = "fp32", program } = context;
  const share = program?.gemmShare?.[precision === "fp32" ? "fp32" : "tensor"] ?? gpu.gemm_share;
  return 1000 * productPeak(context) * share;
}

/** Nodes that so many GPUs of a machine are spread over, and GPUs of each. */
export function nodesOf(
  { machine: { gpu, network }, gpus }: Pick<Context, "machine" | "gpus">,
): { readonly nodes: number; readonly each: number } {
  const inNode = gpu.count / (network?.nodes ?? 1);
  const nodes = Math.ceil(gpus / inNode);
  return { nodes, each: gpus / nodes };
}

/** Microseconds that bytes take at so many GB/s. */
export function bytesUs(bytes: number, gbS: number): number {
  return bytes / (1000 * gbS);
}

/**
 * Factor on an update's bytes, which are a row's gradient read and the row read and written: Adagrad reads and writes a state
 * of as many floats beside them, row-wise Adagrad one float.
 */
export function updateFactor({ optimizer, rowBytes }: Context): number {
  if (optimizer === "adagrad") return 5 / 3;
  return optimizer === "rowwise-adagrad" ? 1 + 2 * 4 / (3 * rowBytes) : 1;
}

/**
 * An all-reduce over the GPUs: in a node a ring, 2 (g - 1) / g of the bytes at the bus bandwidth and a latency; over N nodes
 * after it a ring of the nodes, 2 (N - 1) / N of the bytes at a node's network bandwidth. Returns the last task, or null on
 * one GPU, where there is nothing to do.
 */
export function allreduce(
  graph: GraphBuilder,
  context: Context,
  bytes: number,
  after: readonly number[],
  stage: Stage = "allreduce",
): number | null {
  const { machine: { peer, network }, program } = context;
  const { nodes, each } = nodesOf(context);
  let last: number | null = null;
  if (each > 1) {
    const moved = 2 * (each - 1) / each * bytes;
    const us = (program?.collectiveUs ?? 0) + peer.latency_us + bytesUs(moved, peer.bandwidth_gb_s);
    last = graph.add(stage, "peer", us, after, "all-reduce", moved);
  }
  if (nodes > 1) {
    const moved = 2 * (nodes - 1) / nodes * bytes;
    const us = network!.latency_us + bytesUs(moved, network!.bandwidth_gb_s);
    const waits = last === null ? after : [last];
    last = graph.add(stage, "network", us, waits, "all-reduce between nodes", moved);
  }
  return last;
}

/**
 * An exchange in which each GPU keeps 1 / G of the bytes it holds and sends the rest to the others: what stays in the node at
 * the bus bandwidth, what leaves it at the node's network bandwidth, both at once. Returns its tasks, none on one GPU.
 *
 * @param held Bytes that each GPU holds before it.
 */
export function exchange(
  graph: GraphBuilder,
  context: Context,
  held: number,
  after: readonly number[],
  label: string,
): number[] {
  const { gpus, machine: { network }, program } = context;
  const { nodes, each } = nodesOf(context);
  if (gpus > 1 && program?.collectiveUs !== undefined) {
    after = [graph.add("allreduce", "peer", program.collectiveUs, after, `${label}, negotiated`)];
  }
  const tasks: number[] = [];
  if (each > 1) {
    tasks.push(peerCopy(graph, context, "allreduce", (each - 1) / gpus * held, after, label));
  }
  if (nodes > 1) {
    const sent = each * (gpus - each) / gpus * held;
    const us = network!.latency_us + bytesUs(sent, network!.bandwidth_gb_s);
    tasks.push(graph.add("allreduce", "network", us, after, `${label}, between nodes`, sent));
  }
  return tasks;
}

/** Bytes from one GPU to others over the GPU-to-GPU link. */
export function peerCopy(
  graph: GraphBuilder,
  { machine }: Context,
  stage: Stage,
  bytes: number,
  after: readonly number[],
  label: string,
): number {
  const us = machine.peer.latency_us + bytesUs(bytes, machine.peer.bandwidth_gb_s);
  return graph.add(stage, "peer", us, after, label, bytes);
}

/** A copy from host memory to one GPU. */
export function upload(
  graph: GraphBuilder,
  { machine: { link } }: Context,
  gpu: number,
  bytes: number,
  after: readonly number[],
  label: string,
  pinned = false,
  stage: Stage = "upload",
): number {
  const rate = pinned ? link.pinned_upload_gb_s : link.pageable_gb_s;
  return graph.add(stage, `up:${gpu}`, link.latency_us + bytesUs(bytes, rate), after, label, bytes);
}

/** A copy from one GPU to host memory. */
export function download(
  graph: GraphBuilder,
  { machine: { link } }: Context,
  gpu: number,
  bytes: number,
  after: readonly number[],
  label: string,
  pinned = false,
  stage: Stage = "download",
): number {
  const rate = pinned ? link.pinned_download_gb_s : link.pageable_gb_s;
  return graph.add(
    stage,
    `down:${gpu}`,
    link.latency_us + bytesUs(bytes, rate),
    after,
    label,
    bytes,
  );
}
