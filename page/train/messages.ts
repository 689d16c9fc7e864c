/**
 * What the page and the worker that trains tell each other.
 *
 * @module
 */

import type { DropPoint } from "../../train/plan/document.ts";
import type { MinibatchKind } from "../../train/trace/schema.ts";
import type { TrainForm } from "./form.ts";

/** What the page asks for. */
export type TrainRequest =
  | {
    readonly kind: "start";
    readonly form: TrainForm;
    /** Whether the runs wait for `resume` or `step`. */
    readonly paused: boolean;
  }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "step" };

/** Which run: 0 is `fae`, 1 is the plan beside it. */
export type RunNumber = 0 | 1;

/** The adapter that trains. */
export interface AdapterNote {
  readonly name: string;
  readonly isFallbackAdapter: boolean;
}

/** How far a run is. */
export interface RunProgress {
  /** Milliseconds of training: without evaluations, pauses and readings. */
  readonly ms: number;
  /** Minibatches trained. */
  readonly step: number;
  /** Inputs trained. */
  readonly trained: number;
  /** Inputs skipped. */
  readonly skipped: number;
  /** Inputs of the epoch. */
  readonly total: number;
  /** What the last minibatch was. */
  readonly phase: MinibatchKind;
}

/** How far the watched rows moved over the last minibatches. */
export interface RowsReading {
  /** Minibatches over which they moved. */
  readonly minibatches: number;
  /** The criterion's score of each row: how far it moved, for the paper's. NaN for rows that were not looked up. */
  readonly scores: Float32Array;
}

/** What was decided at the end of a window. */
export interface StalenessDecision {
  /** T: rows and inputs with a score below it are stale. */
  readonly threshold: number;
  /** D. */
  readonly target: number;
  /** Share of the sampled inputs that are stale. */
  readonly share: number;
  /** Why the share misses the target; null if it does not. */
  readonly note: string | null;
  /** Minibatches of the window. */
  readonly window: number;
  /** Share of inputs skipped against T. */
  readonly curve: readonly DropPoint[];
  /** Hot rows of all tables: all, looked up in the window, stale. */
  readonly rows: { readonly hot: number; readonly touched: number; readonly stale: number };
  /** The scores of the watched rows, as the decision has them; NaN for rows not looked up in the window. */
  readonly scores: Float32Array;
}

/** What is known of a run at its end. */
export interface RunSummary {
  readonly losses: Float32Array;
  /** Of the test inputs; null where they are all of one class. */
  readonly auc: number | null;
  readonly logloss: number | null;
}

/** What the worker tells. */
export type TrainEvent =
  | { readonly kind: "preparing"; readonly what: string; readonly share: number | null }
  | { readonly kind: "adapter"; readonly adapter: AdapterNote }
  | {
    readonly kind: "ready";
    /** Lookups of an input. */
    readonly lookups: number;
    readonly rows: number;
    readonly hotRows: number;
  }
  | { readonly kind: "progress"; readonly run: RunNumber; readonly progress: RunProgress }
  | {
    readonly kind: "loss";
    readonly run: RunNumber;
    readonly ms: number;
    readonly step: number;
    /** Mean of the minibatches read last. */
    readonly loss: number;
  }
  | {
    readonly kind: "evaluation";
    readonly run: RunNumber;
    readonly ms: number;
    readonly auc: number | null;
  }
  | { readonly kind: "watching"; readonly rows: number }
  | { readonly kind: "reading"; readonly reading: RowsReading }
  | { readonly kind: "decision"; readonly decision: StalenessDecision }
  | { readonly kind: "ended"; readonly run: RunNumber; readonly summary: RunSummary }
  | { readonly kind: "failed"; readonly message: string };
