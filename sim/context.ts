/**
 * What a system computes with: machine, parameters, model and the number of GPUs; and the times that follow from rates.
 *
 * @module
 */

import type { Stage } from "../train/stages.ts";
import type { TraceHeader } from "../train/trace/schema.ts";
import type { GraphBuilder } from "./graph.ts";
import type { Machine } from "./machine.ts";
import type { Parameters } from "./parameters.ts";

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
  /** Of the trace, where there is one: its plan and its placement. */
  readonly header?: TraceHeader;
}

/** The context of a trace's header. */
export function contextOf(
  header: TraceHeader,
  machine: Machine,
  parameters: Parameters,
  gpus: number,
  hotRows: number,
): Context {
  const { model: shape, optimizer, lookups_per_input: each } = header;
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
    denseTensors: mlps.reduce((n, widths) => n + 2 * Math.max(0, widths.length - 1), 0),
    denseFeatures: shape.bottom[0]!,
    hotRows,
    header,
  };
}

/** Microseconds that bytes take at so many GB/s. */
export function bytesUs(bytes: number, gbS: number): number {
  return bytes / (1000 * gbS);
}

/** Factor on an update's bytes: Adagrad reads and writes a state beside row and gradient. */
export function updateFactor({ optimizer }: Context): number {
  return optimizer === "adagrad" ? 5 / 3 : 1;
}

/**
 * A ring all-reduce over the GPUs: 2 (G - 1) / G of the bytes at the bus bandwidth, and a latency. Returns the task's number,
 * or null on one GPU, where there is nothing to do.
 */
export function allreduce(
  graph: GraphBuilder,
  { machine, gpus }: Context,
  bytes: number,
  after: readonly number[],
  stage: Stage = "allreduce",
): number | null {
  if (gpus === 1) return null;
  const moved = 2 * (gpus - 1) / gpus * bytes;
  const us = machine.peer.latency_us + bytesUs(moved, machine.peer.bandwidth_gb_s);
  return graph.add(stage, "peer", us, after, "all-reduce", moved);
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
