/**
 * From the loop's minibatches to the records of a trace.
 *
 * @module
 */

import type { Model, Route } from "../model/model.ts";
import type { Placement } from "../model/placement.ts";
import type { PlannedMinibatch } from "../plan/driver.ts";
import type { StateTensors } from "../run/state.ts";
import type { Stage } from "../stages.ts";
import type { MinibatchPlace, MinibatchRecord } from "./schema.ts";

/** Takes records. `TraceRecorder` is one. */
export interface MinibatchSink {
  /** Takes the next one. */
  add(record: MinibatchRecord): void;
  /** The records so far as columns, for a checkpoint. */
  snapshot(): StateTensors;
  /** Starts from columns that `snapshot` gave. */
  restore(columns: StateTensors): void;
}

type StageTimes = Readonly<Partial<Record<Stage, number>>>;

/** Makes a record of each minibatch. */
export class MinibatchLog {
  /** Whether stage times are of each minibatch, or means between two readings of the device's clock. */
  readonly resolution: "minibatch" | "interval";
  readonly #sink: MinibatchSink;
  readonly #model: Model;
  readonly #placement: Placement;
  readonly #pending: MinibatchRecord[] = [];
  #before: StageTimes = {};
  #at = 0;

  /** @param sink Takes the records, in order. */
  constructor(sink: MinibatchSink, model: Model, placement: Placement) {
    this.#sink = sink;
    this.#placement = placement;
    this.#model = model;
    this.resolution = model.device.info.kind === "cpu" ? "minibatch" : "interval";
  }

  /** Time booked or passed so far belongs to no minibatch: the next one starts here. */
  start(stages: StageTimes): void {
    if (this.#pending.length > 0) this.settle(stages);
    this.#before = { ...stages };
    this.#at = performance.now();
  }

  /**
   * Notes a minibatch.
   *
   * @param step Minibatches trained before it.
   * @param stages Time booked on each stage so far.
   */
  add(step: number, planned: PlannedMinibatch, stages: StageTimes): void {
    const { upload, download } = this.#model.takeTraffic();
    const now = performance.now();
    const record: MinibatchRecord = {
      step,
      epoch: planned.epoch,
      kind: planned.kind,
      place: this.#place(planned.route),
      inputs: planned.batch.size,
      lookups: planned.lookups.lookups,
      unique_rows: planned.lookups.unique,
      cold_lookups: planned.coldLookups,
      unique_cold_rows: planned.uniqueColdRows,
      frozen_rows: planned.frozen,
      skipped_inputs: planned.skipped,
      upload_bytes: upload,
      download_bytes: download,
      sync_bytes: planned.syncBytes,
      wall_ms: now - this.#at,
      stages_ms: {},
    };
    this.#at = now;
    this.#pending.push(record);
    if (this.resolution === "minibatch") this.settle(stages);
  }

  /**
   * Shares the time booked since the last call among the minibatches since, and hands them on.
   *
   * @param stages Time booked on each stage up to the last of them.
   * @param end Minibatches trained by then, where more have been noted since.
   */
  settle(stages: StageTimes, end = Infinity): void {
    const pending = this.#pending;
    const later = pending.findIndex(({ step }) => step >= end);
    const settled = pending.splice(0, later < 0 ? pending.length : later);
    if (settled.length === 0) return;
    const shares: Partial<Record<Stage, number>> = {};
    for (const [name, ms] of Object.entries(stages)) {
      const stage = name as Stage;
      const share = (ms - (this.#before[stage] ?? 0)) / settled.length;
      if (share > 0) shares[stage] = share;
    }
    for (const record of settled) this.#sink.add({ ...record, stages_ms: shares });
    this.#before = { ...stages };
  }

  #place(route: Route): MinibatchPlace {
    if (route === "hot") return "device";
    return this.#placement === "hot" ? "hybrid" : this.#placement;
  }
}
