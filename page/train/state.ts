/**
 * What the page knows of the two runs: events of the worker come in, pictures and sentences are made of it.
 *
 * @module
 */

import type {
  AdapterNote,
  RowsReading,
  RunProgress,
  RunSummary,
  StalenessDecision,
  TrainEvent,
} from "./messages.ts";

/** A point of a chart against the time of training. */
export interface TimedPoint {
  readonly seconds: number;
  readonly value: number;
}

/** What is known of one run. */
export interface RunState {
  readonly progress: RunProgress | null;
  readonly losses: readonly TimedPoint[];
  readonly aucs: readonly TimedPoint[];
  readonly summary: RunSummary | null;
}

/** What is known of both. */
export interface TrainState {
  readonly stage: "idle" | "preparing" | "training" | "ended" | "failed";
  /** While it is prepared: what is done, and how much of it. */
  readonly preparing: { readonly what: string; readonly share: number | null } | null;
  readonly adapter: AdapterNote | null;
  /** Lookups of an input; 0 before they are known. */
  readonly lookups: number;
  readonly hotRows: number;
  readonly runs: readonly [RunState, RunState];
  /** Rows in the picture. */
  readonly watched: number;
  readonly reading: RowsReading | null;
  /** The newest. */
  readonly decision: StalenessDecision | null;
  readonly decisions: number;
  /** Why it ended early; null where it did not. */
  readonly failure: string | null;
}

const NO_RUN: RunState = { progress: null, losses: [], aucs: [], summary: null };

/** Before anything has begun. */
export const IDLE: TrainState = {
  stage: "idle",
  preparing: null,
  adapter: null,
  lookups: 0,
  hotRows: 0,
  runs: [NO_RUN, NO_RUN],
  watched: 0,
  reading: null,
  decision: null,
  decisions: 0,
  failure: null,
};

/** The state after an event. */
export function afterEvent(state: TrainState, event: TrainEvent): TrainState {
  switch (event.kind) {
    case "preparing":
      return { ...state, stage: "preparing", preparing: event };
    case "adapter":
      return { ...state, adapter: event.adapter };
    case "ready":
      return {
        ...state,
        stage: "training",
        preparing: null,
        lookups: event.lookups,
        hotRows: event.hotRows,
      };
    case "watching":
      return { ...state, watched: event.rows };
    case "reading":
      return { ...state, reading: event.reading };
    case "decision":
      return { ...state, decision: event.decision, decisions: state.decisions + 1 };
    case "failed":
      return { ...state, stage: "failed", preparing: null, failure: event.message };
    default: {
      const run = afterRunEvent(state.runs[event.run], event);
      const runs: TrainState["runs"] = event.run === 0
        ? [run, state.runs[1]]
        : [state.runs[0], run];
      const ended = runs.every(({ summary }) => summary !== null);
      return { ...state, runs, stage: ended ? "ended" : state.stage };
    }
  }
}

type RunEvent = Extract<TrainEvent, { readonly run: number }>;

function afterRunEvent(run: RunState, event: RunEvent): RunState {
  switch (event.kind) {
    case "progress":
      return { ...run, progress: event.progress };
    case "loss":
      return {
        ...run,
        losses: [...run.losses, { seconds: event.ms / 1000, value: event.loss }],
      };
    case "evaluation":
      return event.auc === null
        ? run
        : { ...run, aucs: [...run.aucs, { seconds: event.ms / 1000, value: event.auc }] };
    case "ended":
      return { ...run, summary: event.summary };
  }
}
