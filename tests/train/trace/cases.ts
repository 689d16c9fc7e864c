/** Traces to write and to break. */

import fc from "../../npm/fast_check.ts";
import {
  MINIBATCH_KINDS,
  MINIBATCH_PLACES,
  type MinibatchRecord,
  TRACE_SCHEMA_VERSION,
  TRACE_STAGES,
  type TraceHeader,
} from "../../../train/trace/schema.ts";

/** The header of a run that skips. */
export const HEADER: TraceHeader = {
  schema: "slipstream.trace",
  schema_version: TRACE_SCHEMA_VERSION,
  origin: "run",
  model: {
    table_rows: [100, 20],
    dim: 8,
    bottom: [13, 8],
    top: [11, 1],
    parameters: { dense: 124, embedding: 960 },
  },
  optimizer: "rowwise-adagrad",
  batch: 128,
  lookups_per_input: 2,
  dataset: { hash: "0123abcd", format: "synthetic", train_inputs: 1000 },
  plan: {
    name: "slipstream",
    options: { drop: 0.5, note: "é" },
    hot: null,
    decisions: [],
    trained_inputs: 900,
    skipped_inputs: 100,
    rounds: [],
    preparation_ms: 1.5,
    watched: null,
  },
  placement: "hot",
  device: {
    kind: "cpu",
    name: "WASM SIMD",
    details: {},
    isFallbackAdapter: false,
    threads: 4,
  },
  host: null,
  environment: null,
  stage_resolution: "minibatch",
};

/** A minibatch that may be, with changes. */
export function minibatch(step: number, changes: Partial<MinibatchRecord> = {}): MinibatchRecord {
  return {
    step,
    epoch: 0,
    kind: "all",
    place: "device",
    inputs: 128,
    lookups: 256,
    unique_rows: 90,
    cold_lookups: 40,
    unique_cold_rows: 30,
    frozen_rows: 10,
    skipped_inputs: 3,
    upload_bytes: 2 ** 33,
    download_bytes: 512,
    sync_bytes: 0,
    wall_ms: 20.5,
    stages_ms: { prepare: 1.5, "update-rows": 7.25 },
    ...changes,
  };
}

const uint32 = fc.oneof(fc.nat({ max: 1000 }), fc.integer({ min: 0, max: 0xffffffff }));
const bytes = fc.oneof(fc.nat(), fc.maxSafeNat());
/** Above 0, since a stage that took no time is left out when read. */
const milliseconds = fc.float({ min: Math.fround(1e-3), max: Math.fround(1e6), noNaN: true });

/** Minibatches that may be, numbered from 0. */
export const minibatches: fc.Arbitrary<MinibatchRecord[]> = fc.array(
  fc.record({
    epoch: uint32,
    kind: fc.constantFrom(...MINIBATCH_KINDS),
    place: fc.constantFrom(...MINIBATCH_PLACES),
    inputs: fc.integer({ min: 1, max: 0xffffffff }),
    counts: fc.tuple(uint32, uint32, uint32, uint32, uint32),
    skipped_inputs: uint32,
    upload_bytes: bytes,
    download_bytes: bytes,
    sync_bytes: bytes,
    wall_ms: milliseconds,
    stages_ms: fc.record(
      Object.fromEntries(TRACE_STAGES.map((stage) => [stage, milliseconds])),
      { requiredKeys: [], noNullPrototype: true },
    ),
  }).map(({ counts, ...rest }) => {
    const [lookups, ...parts] = counts.toSorted((a, b) => b - a) as [number, ...number[]];
    const [unique_rows, cold_lookups, unique_cold_rows, frozen_rows] = parts as [
      number,
      number,
      number,
      number,
    ];
    return {
      ...rest,
      lookups,
      unique_rows,
      cold_lookups,
      unique_cold_rows,
      frozen_rows,
    };
  }),
  { minLength: 1, maxLength: 40 },
).map((records) => records.map((record, step) => ({ step, ...record }) as MinibatchRecord));
