/**
 * What drives the loop: which minibatch comes next, where its rows lie, and what happens between minibatches.
 *
 * @module
 */

import type { Dataset, Order } from "../../data/types.ts";
import type { Feeds } from "../feed/feeds.ts";
import type { GroupedLookups } from "../../kernels/types.ts";
import type { HostBatch, Model, Route } from "../model/model.ts";
import type { Json } from "../run/result.ts";
import type { Stage } from "../stages.ts";
import type { MinibatchKind } from "../trace/schema.ts";
import type { PlanDocument } from "./document.ts";

/** What the loop offers to a driver. */
export interface DriverHooks {
  /** Books host time on a stage, in milliseconds. */
  readonly book: (stage: Stage, ms: number) => void;
  /** Mean loss on the first of the inputs that are not trained on, for schedules that adapt. */
  readonly measureLoss: (inputs: number) => Promise<number>;
}

/** What a plan is driven with. */
export interface DriverParts {
  /** Whose tables hold the rows. */
  readonly model: Model;
  /** The data set whose training split is trained. */
  readonly dataset: Dataset;
  /** Opens readers whose minibatches other threads may prepare ahead. */
  readonly feeds: Feeds;
  /** Inputs a minibatch. */
  readonly batch: number;
  /** Whether a last minibatch that is not full is trained. */
  readonly lastBatch: "keep" | "drop";
  /** Passes over the training split. */
  readonly epochs: number;
  /** Of whatever is random. */
  readonly seed: number;
  /** The order of an epoch. */
  readonly order: (epoch: number) => Order;
  /** Whether to count cold rows, for a trace. */
  readonly counts: boolean;
  /** What the loop does for the driver. */
  readonly hooks: DriverHooks;
}

/** A minibatch to be trained. */
export interface PlannedMinibatch {
  /** From 0. */
  readonly epoch: number;
  /** Its kind in the trace; `all` if hot and cold inputs are not distinguished. */
  readonly kind: MinibatchKind;
  /** Whether its rows are those of the model's tables (`full`) or of the copy of hot rows (`hot`). */
  readonly route: Route;
  /** Inputs with their lookups grouped; updates are of the rows that these name. */
  readonly batch: HostBatch;
  /** Inputs skipped since the minibatch before. */
  readonly skipped: number;
  /** Different rows that are looked up and not updated. */
  readonly frozen: number;
  /** All of the minibatch's lookups, where some rows' updates are left out of the batch's. */
  readonly lookups: GroupedLookups;
  /** Lookups of cold rows; 0 if they are not counted. */
  readonly coldLookups: number;
  /** Different cold rows. */
  readonly uniqueColdRows: number;
  /** Bytes of hot rows moved before it. */
  readonly syncBytes: number;
}

/** An array of a checkpoint. */
export type StateArray = Float32Array | Uint32Array | Float64Array | Uint8Array;

/** What of a driver goes into a checkpoint. */
export interface DriverState {
  /** Numbers and texts. */
  readonly document: Json;
  /** Arrays by name. */
  readonly tensors: ReadonlyMap<string, StateArray>;
}

/** Gives minibatches in order; each is overwritten by the next. */
export interface PlanDriver {
  /** Inputs of all epochs. */
  readonly total: number;
  /** Inputs trained or passed over. */
  readonly done: number;
  /** Approximate number of minibatches of the whole run: skipping makes it smaller. */
  readonly minibatches: number;
  /** The next minibatch; null at the end of the run. */
  next(): Promise<PlannedMinibatch | null>;
  /** Called by the loop when the minibatch that `next` gave has been trained. */
  trained(minibatch: PlannedMinibatch): Promise<void>;
  /** Brings the model's tables up to date, before they are read or saved. */
  settle(): Promise<void>;
  /** Options and decisions so far. */
  document(): PlanDocument;
  /** Texts for the progress line. */
  fields(): Readonly<Record<string, string>>;
  /** What a checkpoint must hold, between minibatches. */
  state(): Promise<DriverState>;
  /** Goes on from a state, on the same data set and options. */
  restore(state: DriverState): Promise<void>;
  /** Gives device memory back. */
  dispose(): void;
}
