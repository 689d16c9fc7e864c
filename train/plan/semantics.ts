/**
 * What `--mode` chooses: the algorithm with the mistakes of the authors' program corrected, or that program as it is, with
 * its constants. Two records of one type; code reads their fields where it needs them.
 *
 * @module
 */

import type { ListEnd } from "./layout.ts";
import type { TurnOrder } from "./options.ts";

/** Whether the semantics of the original are corrected where they are mistakes, or kept. */
export type PlanMode = "corrected" | "artifact";

/** Names of the modes. */
export const PLAN_MODES = ["corrected", "artifact"] as const satisfies readonly PlanMode[];

/** What becomes of the ends of an epoch's lists. */
export interface ListEnds {
  /** Of cold inputs. */
  readonly cold: ListEnd;
  /** Of hot inputs. */
  readonly hot: ListEnd;
  /** Of the hot inputs that are kept after the window. */
  readonly kept: ListEnd;
}

/** Where the two modes differ. */
export interface PlanSemantics {
  /** Default order of cold and hot minibatches. */
  readonly schedule: TurnOrder;
  /** How a hot row is treated by default that the window never looked up. */
  readonly untouched: "stale" | "unknown";
  /** Epochs at most. */
  readonly mostEpochs: number;
  /** Whether samples may draw an input more than once. */
  readonly replacement: boolean;
  /** By default at least this many inputs are profiled, but no more than a share of all. */
  readonly leastProfiled: { readonly inputs: number; readonly share: number };
  /** Whether rows that the profile never saw fill what is left of the hot memory. */
  readonly fillsHotMemory: boolean;
  /** Whether a hot row's optimizer state moves with it between its two copies. */
  readonly movesState: boolean;
  /** Ends of lists of single inputs and of sequences; null where `lastBatch` decides. */
  readonly listEnds: { readonly single: ListEnds; readonly sequences: ListEnds } | null;
  /** Largest share of the hot minibatches that a default warm-up takes; null for no limit. */
  readonly warmupShare: number | null;
  /** Least minibatches of a window whose length is not given, but no more than a share of the hot ones; null for as asked. */
  readonly leastWindow: { readonly minibatches: number; readonly atMost: number } | null;
  /** Minibatches of the window beyond the length asked for. */
  readonly windowExtra: number;
  /** Hot minibatches that the window must leave. */
  readonly leastAfterWindow: number;
  /** Whether the window's last minibatch is looked at again, and trained again as far as it is kept. */
  readonly repeatsWindowEnd: boolean;
  /** On how many hot inputs the threshold is found: a share of those left or of all in the epoch, and least of them. */
  readonly sample: {
    readonly share: number;
    readonly of: "left" | "all";
    readonly least: number;
  };
  /**
   * How the threshold is found: at the sample's quantile, or by bisection until the share lies so near to D, for single
   * inputs and for sequences.
   */
  readonly search: "quantile" | { readonly tolerance: number; readonly toleranceSequences: number };
}

/** The slips put right. */
const CORRECTED: PlanSemantics = {
  schedule: "interleaved",
  untouched: "unknown",
  mostEpochs: Infinity,
  replacement: false,
  // Up to the share that FAE takes of Taobao. Not all: in memory that holds every row seen, every input would be hot.
  leastProfiled: { inputs: 100_000, share: 0.2 },
  fillsHotMemory: false,
  movesState: true,
  listEnds: null,
  warmupShare: 0.1,
  leastWindow: { minibatches: 20, atMost: 0.1 },
  windowExtra: 0,
  leastAfterWindow: 1,
  repeatsWindowEnd: false,
  // The share of a smaller sample is off by more than 0.3 %.
  sample: { share: 0.01, of: "left", least: 20_000 },
  search: "quantile",
};

/** The authors' program as it is. */
const ARTIFACT: PlanSemantics = {
  schedule: "cold-then-hot",
  untouched: "stale",
  mostEpochs: 1,
  replacement: true,
  leastProfiled: { inputs: 0, share: 0 },
  fillsHotMemory: true,
  movesState: false,
  listEnds: {
    single: { cold: "drop", hot: "drop", kept: "drop" },
    sequences: { cold: "drop-two", hot: "keep", kept: "drop" },
  },
  warmupShare: null,
  leastWindow: null,
  // Its window ends with minibatch s0 + round(p N), which makes it one longer.
  windowExtra: 1,
  // It looks at its window's last minibatch again, so that there is always something to skip.
  leastAfterWindow: 0,
  repeatsWindowEnd: true,
  // `--sample_rate 0.001`.
  sample: { share: 0.001, of: "all", least: 1 },
  // Constants of its programs for DLRM and TBSM.
  search: { tolerance: 0.08, toleranceSequences: 0.02 },
};

/** By mode. */
export const SEMANTICS: Readonly<Record<PlanMode, PlanSemantics>> = {
  corrected: CORRECTED,
  artifact: ARTIFACT,
};
