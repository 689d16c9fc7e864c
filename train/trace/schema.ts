/**
 * What a trace holds: one record a minibatch, and a header that says what was run. Training runs write traces and the
 * simulator reads them.
 *
 * @module
 */

import type { DeviceInfo } from "../../kernels/types.ts";
import { type Stage, STAGES } from "../stages.ts";
import type { Environment } from "../run/environment.ts";
import type { ShapeDocument } from "../model/models.ts";
import type { PlanDocument } from "../plan/document.ts";

/** Grows when a column or a member of the header changes its meaning or goes; new ones alone leave it as it is. */
export const TRACE_SCHEMA_VERSION = 1;

/** Stages in the order of their columns, `prepare_ms` to `evaluate_ms`. */
export const TRACE_STAGES: typeof STAGES = STAGES;

/**
 * The kind of a minibatch: `all` if the plan does not distinguish inputs; else `cold`, or for hot inputs `warm-up` (before
 * the first snapshot), `window` (between the snapshots) and `hot` (every other).
 */
export type MinibatchKind = "all" | "cold" | "warm-up" | "window" | "hot";

/** The kinds, in the order of their dictionary. */
export const MINIBATCH_KINDS = [
  "all",
  "cold",
  "warm-up",
  "window",
  "hot",
] as const satisfies readonly MinibatchKind[];

/** Where the rows of a minibatch lay: in tables on the device, on the host, or on the host with the MLPs on the device. */
export type MinibatchPlace = "device" | "host" | "hybrid";

/** The places, in the order of their dictionary. */
export const MINIBATCH_PLACES = [
  "device",
  "host",
  "hybrid",
] as const satisfies readonly MinibatchPlace[];

/** One minibatch. Counts are exact; times are milliseconds, 0 where a stage did not run or was not measured. */
export interface MinibatchRecord {
  /** Minibatches trained before it. */
  readonly step: number;
  /** Epoch, from 0. */
  readonly epoch: number;
  /** What the minibatch is to its plan. */
  readonly kind: MinibatchKind;
  /** Where its rows lay. */
  readonly place: MinibatchPlace;
  /** Inputs trained. */
  readonly inputs: number;
  /** Rows gathered, repeated ones included. */
  readonly lookups: number;
  /** Different rows gathered. */
  readonly unique_rows: number;
  /** Lookups of rows outside the hot set; 0 where the plan has none. */
  readonly cold_lookups: number;
  /** Different rows outside the hot set. */
  readonly unique_cold_rows: number;
  /** Different rows gathered whose update was left out (plan `freeze`). */
  readonly frozen_rows: number;
  /** Inputs that the plan skipped since the minibatch before. */
  readonly skipped_inputs: number;
  /** Bytes copied from host memory to the device for it, without `sync_bytes`. */
  readonly upload_bytes: number;
  /** Bytes copied from the device to host memory for it, without `sync_bytes`. */
  readonly download_bytes: number;
  /** Bytes of hot rows and their state that were moved before it, in either direction. */
  readonly sync_bytes: number;
  /** From the end of the minibatch before to the end of this one, evaluations and checkpoints left out. */
  readonly wall_ms: number;
  /** Time a stage. */
  readonly stages_ms: Readonly<Partial<Record<Stage, number>>>;
}

/** What the trace is of. */
export interface TraceHeader {
  /** Which kind of document this is. */
  readonly schema: "slipstream.trace";
  /** Which version of it. */
  readonly schema_version: number;
  /** `run` for a training run; `counts` where minibatches were counted and nothing was trained: all times are 0. */
  readonly origin: "run" | "counts";
  /** Shape of the model and the number of its parameters. */
  readonly model: ShapeDocument & {
    readonly parameters: { readonly dense: number; readonly embedding: number };
    /** Cross layers in place of the dot products, through products of so low a rank; none is trained here, only simulated. */
    readonly cross?: { readonly layers: number; readonly rank: number };
  };
  /** How features were normalised; not at all where it is missing. */
  readonly normalisation?: "dense" | "vectors";
  /** What updated rows and MLPs. */
  readonly optimizer: "sgd" | "adagrad" | "rowwise-adagrad";
  /** Inputs of a full minibatch. */
  readonly batch: number;
  /** Lookups an input: tables, of sequences tables × steps; of bags the most. */
  readonly lookups_per_input: number;
  /** What was trained on. */
  readonly dataset: {
    readonly hash: string;
    readonly format: string;
    readonly train_inputs: number;
  };
  /** The plan, its options and its decisions. */
  readonly plan: PlanDocument;
  /** `device`, `host`, `hybrid` or `hot`. */
  readonly placement: string;
  /** Where MLPs ran; null for `counts`. */
  readonly device: DeviceInfo | null;
  /** Where rows in host memory were gathered and updated, if that was another device. */
  readonly host: DeviceInfo | null;
  /** Versions and machine; null for `counts`. */
  readonly environment: Environment | null;
  /**
   * Whether stage times are of each minibatch (`minibatch`) or means over the minibatches between two readings of the
   * device's clock (`interval`).
   */
  readonly stage_resolution: "minibatch" | "interval";
}

/** A trace in memory. */
export interface Trace {
  /** What the trace is of. */
  readonly header: TraceHeader;
  /** In order of `step`. */
  readonly records: readonly MinibatchRecord[];
}
