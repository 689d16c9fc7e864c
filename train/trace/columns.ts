/**
 * A trace as typed arrays, one a column: their names, types and order, and the records they hold.
 *
 * @module
 */

import { type Stage, stageColumn } from "../stages.ts";
import {
  MINIBATCH_KINDS,
  MINIBATCH_PLACES,
  type MinibatchKind,
  type MinibatchPlace,
  type MinibatchRecord,
  TRACE_STAGES,
} from "./schema.ts";

/** A stage that has a column. */
export type TraceStage = typeof TRACE_STAGES[number];

/** Columns of exact counts. */
const COUNTS = [
  "inputs",
  "lookups",
  "unique_rows",
  "cold_lookups",
  "unique_cold_rows",
  "frozen_rows",
  "skipped_inputs",
] as const;
/** Columns of bytes, which pass 2^32. */
const BYTES = ["upload_bytes", "download_bytes", "sync_bytes"] as const;

/** How a column's values are held: `kind` and `place` as positions in their dictionaries. */
export type TraceColumnType = "uint32" | "float64" | "float32" | "kind" | "place";

/** A column of a trace. */
export interface TraceColumn {
  /** Name in the file. */
  readonly name: string;
  /** How its values are held. */
  readonly type: TraceColumnType;
}

/** Typed arrays a column may be. */
export type TraceArray = Uint32Array | Float64Array | Float32Array | Uint8Array;

/** The columns in the order of the file. */
export const TRACE_COLUMNS: readonly TraceColumn[] = [
  { name: "step", type: "uint32" },
  { name: "epoch", type: "uint32" },
  { name: "kind", type: "kind" },
  { name: "place", type: "place" },
  ...COUNTS.map((name) => ({ name, type: "uint32" as const })),
  ...BYTES.map((name) => ({ name, type: "float64" as const })),
  { name: "wall_ms", type: "float32" },
  ...TRACE_STAGES.map((stage) => ({ name: stageColumn(stage), type: "float32" as const })),
];

/** An array of a column's type, filled with zeros. */
export function newTraceArray(type: TraceColumnType, length: number): TraceArray {
  if (type === "uint32") return new Uint32Array(length);
  if (type === "float64") return new Float64Array(length);
  if (type === "float32") return new Float32Array(length);
  return new Uint8Array(length);
}

/** The columns of a trace, each with one value a minibatch. */
export class TraceColumns {
  /** Minibatches. */
  readonly length: number;
  /** `step` of each minibatch. */
  readonly step: Uint32Array;
  /** `epoch` of each minibatch. */
  readonly epoch: Uint32Array;
  /** Positions in `MINIBATCH_KINDS`. */
  readonly kind: Uint8Array;
  /** Positions in `MINIBATCH_PLACES`. */
  readonly place: Uint8Array;
  /** `inputs` of each minibatch. */
  readonly inputs: Uint32Array;
  /** `lookups` of each minibatch. */
  readonly lookups: Uint32Array;
  /** `unique_rows` of each minibatch. */
  readonly unique_rows: Uint32Array;
  /** `cold_lookups` of each minibatch. */
  readonly cold_lookups: Uint32Array;
  /** `unique_cold_rows` of each minibatch. */
  readonly unique_cold_rows: Uint32Array;
  /** `frozen_rows` of each minibatch. */
  readonly frozen_rows: Uint32Array;
  /** `skipped_inputs` of each minibatch. */
  readonly skipped_inputs: Uint32Array;
  /** `upload_bytes` of each minibatch. */
  readonly upload_bytes: Float64Array;
  /** `download_bytes` of each minibatch. */
  readonly download_bytes: Float64Array;
  /** `sync_bytes` of each minibatch. */
  readonly sync_bytes: Float64Array;
  /** `wall_ms` of each minibatch. */
  readonly wall_ms: Float32Array;
  /** Milliseconds by stage. */
  readonly stages_ms: Readonly<Record<TraceStage, Float32Array>>;
  /** All of the above by their names in the file. */
  readonly byName: ReadonlyMap<string, TraceArray>;

  /**
   * Views arrays as columns.
   *
   * @param byName Every column of `TRACE_COLUMNS`, of its type and of one length.
   */
  constructor(byName: ReadonlyMap<string, TraceArray>) {
    const of = <T extends TraceArray>(name: string) => byName.get(name) as T;
    this.byName = byName;
    this.step = of("step");
    this.length = this.step.length;
    this.epoch = of("epoch");
    this.kind = of("kind");
    this.place = of("place");
    this.inputs = of("inputs");
    this.lookups = of("lookups");
    this.unique_rows = of("unique_rows");
    this.cold_lookups = of("cold_lookups");
    this.unique_cold_rows = of("unique_cold_rows");
    this.frozen_rows = of("frozen_rows");
    this.skipped_inputs = of("skipped_inputs");
    this.upload_bytes = of("upload_bytes");
    this.download_bytes = of("download_bytes");
    this.sync_bytes = of("sync_bytes");
    this.wall_ms = of("wall_ms");
    this.stages_ms = Object.fromEntries(
      TRACE_STAGES.map((stage) => [stage, of<Float32Array>(stageColumn(stage))]),
    ) as Record<TraceStage, Float32Array>;
  }

  /** The kind of minibatch `i`. */
  kindOf(i: number): MinibatchKind {
    return MINIBATCH_KINDS[this.kind[i]!]!;
  }

  /** The place of minibatch `i`. */
  placeOf(i: number): MinibatchPlace {
    return MINIBATCH_PLACES[this.place[i]!]!;
  }

  /** Minibatch `i` as a record, with the stages that took time. */
  record(i: number): MinibatchRecord {
    const stages: Partial<Record<Stage, number>> = {};
    for (const stage of TRACE_STAGES) {
      const ms = this.stages_ms[stage][i]!;
      if (ms !== 0) stages[stage] = ms;
    }
    return {
      step: this.step[i]!,
      epoch: this.epoch[i]!,
      kind: this.kindOf(i),
      place: this.placeOf(i),
      inputs: this.inputs[i]!,
      lookups: this.lookups[i]!,
      unique_rows: this.unique_rows[i]!,
      cold_lookups: this.cold_lookups[i]!,
      unique_cold_rows: this.unique_cold_rows[i]!,
      frozen_rows: this.frozen_rows[i]!,
      skipped_inputs: this.skipped_inputs[i]!,
      upload_bytes: this.upload_bytes[i]!,
      download_bytes: this.download_bytes[i]!,
      sync_bytes: this.sync_bytes[i]!,
      wall_ms: this.wall_ms[i]!,
      stages_ms: stages,
    };
  }
}
