/**
 * A trace while it is being made.
 *
 * @module
 */

import type { Table as FlechetteTable } from "../../core/npm/flechette.ts";
import { UserError } from "../../core/errors.ts";
import { newTraceArray, TRACE_COLUMNS, type TraceArray, TraceColumns } from "./columns.ts";
import {
  MINIBATCH_KINDS,
  MINIBATCH_PLACES,
  type MinibatchRecord,
  TRACE_STAGES,
  type TraceHeader,
} from "./schema.ts";

/** An Arrow table of the library `@uwdata/flechette`, which arquero's `fromArrow` takes. */
export type ArrowTable = FlechetteTable;

/** Minibatches there is room for at first; doubled when they are used up. */
const FIRST_CAPACITY = 4096;

/**
 * Collects one record a minibatch in typed arrays that grow: about 130 bytes and less than a microsecond each.
 *
 * @category Traces
 */
export class TraceRecorder {
  #length = 0;
  #capacity = 0;
  /** Views of the whole capacity. */
  #columns!: TraceColumns;

  /** Starts empty. */
  constructor() {
    this.#grow(FIRST_CAPACITY);
  }

  /** Minibatches recorded. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a minibatch. Times are rounded to float32.
   *
   * @throws {RangeError} Its step is not the number of minibatches before it, or a count is no uint32, which would
   * otherwise be stored as another number.
   */
  add(record: MinibatchRecord): void {
    const i = this.#length;
    if (record.step !== i) {
      throw new RangeError(
        `Cannot add minibatch ${record.step} to a trace: minibatch ${i} is next`,
      );
    }
    if (i === this.#capacity) this.#grow(2 * this.#capacity);
    const columns = this.#columns;
    const kind = MINIBATCH_KINDS.indexOf(record.kind);
    const place = MINIBATCH_PLACES.indexOf(record.place);
    if (kind < 0 || place < 0) {
      throw new RangeError(
        `Cannot add minibatch ${i} to a trace: it is of kind ${record.kind} in place ${record.place}`,
      );
    }
    columns.step[i] = i;
    columns.epoch[i] = count("epoch", record.epoch);
    columns.kind[i] = kind;
    columns.place[i] = place;
    columns.inputs[i] = count("inputs", record.inputs);
    columns.lookups[i] = count("lookups", record.lookups);
    columns.unique_rows[i] = count("unique_rows", record.unique_rows);
    columns.cold_lookups[i] = count("cold_lookups", record.cold_lookups);
    columns.unique_cold_rows[i] = count("unique_cold_rows", record.unique_cold_rows);
    columns.frozen_rows[i] = count("frozen_rows", record.frozen_rows);
    columns.skipped_inputs[i] = count("skipped_inputs", record.skipped_inputs);
    columns.upload_bytes[i] = record.upload_bytes;
    columns.download_bytes[i] = record.download_bytes;
    columns.sync_bytes[i] = record.sync_bytes;
    columns.wall_ms[i] = record.wall_ms;
    for (const stage of TRACE_STAGES) {
      columns.stages_ms[stage][i] = record.stages_ms[stage] ?? 0;
    }
    this.#length = i + 1;
  }

  /** What has been recorded. Minibatches added later do not show in it, nor change it. */
  columns(): TraceColumns {
    return new TraceColumns(
      new Map([...this.#columns.byName].map(([name, array]) => [
        name,
        array.subarray(0, this.#length),
      ])),
    );
  }

  /**
   * What has been recorded, as arrays by name, for a checkpoint. They are views that later minibatches do not change, so
   * they may be written while training goes on.
   */
  snapshot(): ReadonlyMap<string, TraceArray> {
    return this.columns().byName;
  }

  /**
   * Takes the place of a recorder that gave a snapshot. The arrays are copied.
   *
   * @throws {UserError} A column is missing, of another type or of another length than the others; the recorder is as it
   * was.
   */
  restore(snapshot: ReadonlyMap<string, TraceArray>): void {
    const length = snapshot.get("step")?.length ?? 0;
    for (const { name, type } of TRACE_COLUMNS) {
      const wanted = newTraceArray(type, 0).constructor.name;
      const array = snapshot.get(name);
      if (array?.constructor.name !== wanted || array.length !== length) {
        const found = array === undefined
          ? "missing"
          : `a ${array.constructor.name} of ${array.length}`;
        throw new UserError(
          `Cannot restore a trace: its column ${name} is ${found} and must be a ${wanted} of ${length}`,
        );
      }
    }
    this.#length = 0;
    this.#grow(Math.max(FIRST_CAPACITY, length), snapshot);
    this.#length = length;
  }

  /** What has been recorded as an Arrow table with its header. */
  async table(header: TraceHeader): Promise<ArrowTable> {
    const { traceTable } = await import("./arrow.ts");
    return traceTable(header, this.columns());
  }

  /** What has been recorded as the bytes of an Arrow IPC file. */
  async bytes(header: TraceHeader): Promise<Uint8Array> {
    const { traceBytes } = await import("./arrow.ts");
    return traceBytes(header, this.columns());
  }

  #grow(capacity: number, from: ReadonlyMap<string, TraceArray> | null = null): void {
    const byName = new Map<string, TraceArray>();
    for (const { name, type } of TRACE_COLUMNS) {
      const grown = newTraceArray(type, capacity);
      const old = from?.get(name) ?? this.#columns?.byName.get(name)?.subarray(0, this.#length);
      if (old !== undefined) grown.set(old);
      byName.set(name, grown);
    }
    this.#columns = new TraceColumns(byName);
    this.#capacity = capacity;
  }
}

function count(name: string, value: number): number {
  if (value >>> 0 !== value) {
    throw new RangeError(
      `Cannot add to a trace: ${name} is ${value} and must be a whole number below 2^32`,
    );
  }
  return value;
}
