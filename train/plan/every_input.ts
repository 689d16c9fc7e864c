/**
 * The driver of plans that do not distinguish hot inputs from cold ones: every input, in the order of its epoch.
 *
 * @module
 */

import type { Minibatches } from "../feed/feeds.ts";
import type { PlanDocument } from "./document.ts";
import type { DriverParts, DriverState, PlanDriver, PlannedMinibatch } from "./driver.ts";
import { PLAN_DEFAULTS, type PlanOptions, planOptionsDocument, withinBudget } from "./options.ts";
import { findPlan } from "./plans.ts";

/** Trains every input. */
export class EveryInput implements PlanDriver {
  readonly total: number;
  readonly minibatches: number;
  readonly #parts: DriverParts;
  readonly #options: PlanOptions;
  readonly #leftOut: number;
  /** Inputs of an epoch before those that are trained. */
  readonly #first: number;
  readonly #perEpoch: number;
  #epoch = -1;
  #at = 0;
  #done = 0;
  #source: Minibatches | null = null;

  /** @param options The plan, for its name and its budget. */
  constructor(parts: DriverParts, options: PlanOptions = PLAN_DEFAULTS) {
    this.#parts = parts;
    this.#options = options;
    const all = parts.dataset.count("train");
    const count = withinBudget(options, all);
    this.#leftOut = all - count;
    this.#first = options.budgetOf === "last" ? this.#leftOut : 0;
    const whole = Math.floor(count / parts.batch) * parts.batch;
    this.#perEpoch = parts.lastBatch === "drop" && whole > 0 ? whole : count;
    this.total = this.#perEpoch * parts.epochs;
    this.minibatches = Math.ceil(this.#perEpoch / parts.batch) * parts.epochs;
  }

  get done(): number {
    return this.#done;
  }

  async next(): Promise<PlannedMinibatch | null> {
    const { batch, epochs, hooks } = this.#parts;
    if (this.#source === null || this.#at >= this.#perEpoch) {
      if (this.#epoch + 1 >= epochs) return null;
      this.#open(this.#epoch + 1, 0);
    }
    const begun = performance.now();
    const size = Math.min(batch, this.#perEpoch - this.#at);
    const prepared = this.#source!.prepare(this.#first + this.#at, size);
    const host = prepared instanceof Promise ? await prepared : prepared;
    hooks.book("prepare", performance.now() - begun);
    return {
      epoch: this.#epoch,
      kind: "all",
      route: "full",
      batch: host,
      skipped: 0,
      frozen: 0,
      lookups: host.lookups,
      coldLookups: 0,
      uniqueColdRows: 0,
      syncBytes: 0,
    };
  }

  trained({ batch: { size } }: PlannedMinibatch): Promise<void> {
    this.#at += size;
    this.#done += size;
    return Promise.resolve();
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  document(): PlanDocument {
    return {
      name: findPlan(this.#options.name).name,
      options: planOptionsDocument(this.#options, null),
      hot: null,
      decisions: [],
      trained_inputs: this.#done,
      skipped_inputs: 0,
      ...(this.#leftOut > 0 ? { left_out_inputs: this.#leftOut } : {}),
      rounds: [],
      preparation_ms: 0,
      watched: null,
    };
  }

  fields(): Readonly<Record<string, string>> {
    return {};
  }

  state(): Promise<DriverState> {
    const document = { epoch: this.#epoch, at: this.#at, done: this.#done };
    return Promise.resolve({ document, tensors: new Map() });
  }

  restore({ document }: DriverState): Promise<void> {
    const { epoch, at, done } = document as { epoch: number; at: number; done: number };
    if (epoch >= 0) this.#open(epoch, at);
    this.#done = done;
    return Promise.resolve();
  }

  dispose(): void {
    this.#source?.dispose();
    this.#source = null;
  }

  #open(epoch: number, at: number): void {
    const { feeds, order, batch } = this.#parts;
    this.#source?.dispose();
    const end = this.#first + this.#perEpoch;
    this.#source = feeds.minibatches("train", order(epoch), batch, end);
    this.#epoch = epoch;
    this.#at = at;
  }
}
