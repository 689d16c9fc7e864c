/**
 * The events of a run: one JSON object a line, written while it trains (docs/runs.md).
 *
 * @module
 */

import type { Decision } from "../plan/document.ts";
import type { Json, RunEnd } from "../run/result.ts";
import type { Metrics } from "../run/metrics.ts";

/** Grows when a member changes its meaning or goes; new members alone leave it as it is. */
export const EVENTS_SCHEMA_VERSION = 1;

/** What every line says. */
interface EventBase {
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Minibatches trained so far. */
  readonly step: number;
  /** Inputs trained so far. */
  readonly inputs: number;
  /** Time spent training so far, evaluations left out, in milliseconds; of earlier parts of a resumed run too. */
  readonly train_ms: number;
}

/** The first line, and the first of each resumption. */
export interface StartEvent extends EventBase {
  readonly event: "start";
  readonly schema: "slipstream.events";
  readonly schema_version: number;
  /** Whether the run goes on from a checkpoint. Lines above with a later step are of work that was lost and done again. */
  readonly resumed: boolean;
  /** The options in force, defaults included. */
  readonly configuration: Json;
  readonly dataset: {
    readonly format: string;
    readonly train_inputs: number;
    readonly test_inputs: number;
    /** Names of the tables. */
    readonly tables: readonly string[];
  };
  /** What it trains on, such as `WASM SIMD`. */
  readonly device: string;
}

/** Milliseconds booked on a stage so far: `forward_ms`, `update_rows_ms`. */
type StageColumns = { readonly [column: `${string}_ms`]: number };

/** A line every quarter of a second at first, and later every thousandth of the time trained, up to ten seconds. */
export type ProgressEvent = EventBase & StageColumns & {
  readonly event: "progress";
  /** Inputs that the plan has skipped so far. */
  readonly skipped_inputs: number;
  /** Mean over the minibatches since the line before; null where none of their losses has been read. */
  readonly loss: number | null;
  /** Of the last minibatch. */
  readonly learning_rate: number | null;
  /** T of the last decision; null before the first. */
  readonly threshold: number | null;
};

/** Metrics on the test split. */
export type EvaluationEvent = EventBase & Metrics & {
  readonly event: "evaluation";
  readonly skipped_inputs: number;
  /** Whether it is the one at the end. */
  readonly final: boolean;
};

/** A threshold was chosen: the window, the drop curve, hot rows by table. */
export interface DecisionEvent extends EventBase {
  readonly event: "decision";
  /** T. */
  readonly threshold: number;
  readonly decision: Decision;
}

/** The last line of a run that ended, however it did. */
export interface EndEvent extends EventBase {
  readonly event: "end";
  readonly how: RunEnd["how"];
  /** Why, where it failed. */
  readonly reason: string | null;
  readonly skipped_inputs: number;
  readonly evaluate_ms: number;
  /** Inputs trained per second of training; null before the first. */
  readonly samples_per_second: number | null;
}

/** A line. */
export type RunEvent = StartEvent | ProgressEvent | EvaluationEvent | DecisionEvent | EndEvent;
