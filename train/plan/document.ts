/**
 * A plan as documents hold it: its options and what it decided.
 *
 * @module
 */

/** One point of a drop curve: the share of sampled inputs that are skipped at a threshold. */
export interface DropPoint {
  /** T: inputs whose combined score is below it are skipped. */
  readonly threshold: number;
  /** Share of the sample, 0 to 1. */
  readonly share: number;
}

/** One decision of the three blocks: window, sample, threshold, and its effect. */
export interface Decision {
  /** Which epoch, from 0. */
  readonly epoch: number;
  /** Hot minibatches trained before the first snapshot, and before the last one. */
  readonly window: { readonly from: number; readonly to: number };
  /** Snapshots compared. */
  readonly snapshots: number;
  /** Inputs sampled. */
  readonly sampled: number;
  /** Share asked for (D): of inputs that are dropped, or of lookups whose rows are frozen. */
  readonly target: number;
  /** T, in the criterion's unit. */
  readonly threshold: number;
  /** Share of the sample that is skipped at T; of plans that freeze rows, share of its lookups. */
  readonly share: number;
  /** Why the share misses the target; null if it does not. */
  readonly note: string | null;
  /** Points of the curve of drop share against T. */
  readonly curve: readonly DropPoint[];
  /** Hot rows by table: all, touched in the window, stale. */
  readonly tables: readonly {
    readonly hot: number;
    readonly touched: number;
    readonly stale: number;
  }[];
  /** Rows stale by the decision before and not by this one. */
  readonly woken: number;
  /** Rows stale by this decision and not by the one before. */
  readonly fallen_asleep: number;
  /** Inputs classified under this decision. */
  readonly classified: number;
  /** Of these, inputs skipped. */
  readonly skipped: number;
  /** For plans that freeze rows: lookups of the minibatches trained under this decision outside of windows. */
  readonly lookups?: number;
  /** Of these, lookups of rows that were not updated. */
  readonly frozen_lookups?: number;
  /** Milliseconds of the snapshots. */
  readonly snapshot_ms: number;
  /** Milliseconds of the sample and the threshold. */
  readonly search_ms: number;
  /** Milliseconds of the classifier. */
  readonly classify_ms: number;
}

/** How some hot rows moved over the run (the paper's Figure 4). */
export interface WatchedRows {
  /** The watched rows, drawn at random from all hot ones. */
  readonly rows: readonly { readonly table: number; readonly row: number }[];
  /** Minibatches trained at each reading. */
  readonly steps: readonly number[];
  /** Largest absolute coordinate change of each row since the reading before: a list a reading. */
  readonly changes: readonly (readonly number[])[];
}

/** A plan in a result document or a trace header. */
export interface PlanDocument {
  /** Which plan. */
  readonly name: string;
  /** The options in force, defaults resolved. */
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  /** The hot set; null for `baseline`. */
  readonly hot: {
    readonly memory_bytes: number;
    /** Rows chosen, of all tables and by table. */
    readonly rows: number;
    readonly rows_per_table: readonly number[];
    /** Fewest accesses of a hot row in the profile (the paper's Λ, on the sample). */
    readonly least_accesses: number;
    /** Inputs profiled. */
    readonly profiled: number;
    /** Of the training split. */
    readonly hot_inputs: number;
    readonly cold_inputs: number;
  } | null;
  /** The decisions in order; empty for plans that make none. */
  readonly decisions: readonly Decision[];
  /** Inputs that training took, repeated ones included. */
  readonly trained_inputs: number;
  /** Inputs skipped: never trained, or, in artifact mode, not trained a second time. */
  readonly skipped_inputs: number;
  /** Inputs of the training split that no epoch comes to, such as those beyond a budget; absent for none. */
  readonly left_out_inputs?: number;
  /** For the schedule `interleaved`: its rate in percent after each round, and the loss that changed it. */
  readonly rounds: readonly { readonly rate: number; readonly loss: number }[];
  /** Milliseconds of profiling and segregating inputs, which the original does beforehand. */
  readonly preparation_ms: number;
  /** How the watched rows moved; null if none are watched. */
  readonly watched: WatchedRows | null;
}
