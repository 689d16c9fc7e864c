/**
 * A trace in memory, for runs whose records are looked at and thrown away.
 *
 * @module
 */

import type { MinibatchSink } from "../../train/trace/log.ts";
import type { MinibatchRecord } from "../../train/trace/schema.ts";

/** Keeps the records of a run. */
export class RecordList implements MinibatchSink {
  /** In order. */
  readonly records: MinibatchRecord[] = [];

  add(record: MinibatchRecord): void {
    this.records.push(record);
  }

  snapshot(): ReadonlyMap<string, Float32Array> {
    return new Map();
  }

  restore(): void {
    throw new Error("Cannot restore records: they are kept in memory only");
  }
}
