/** A machine whose times can be worked out by hand, and small traces. */

import type { Machine } from "../../sim/machine.ts";
import { type Parameters, START_PARAMETERS } from "../../sim/parameters.ts";
import type { MinibatchRecord, Trace } from "../../train/trace/schema.ts";

/** Rates of 1 GB/s are 1000 bytes a microsecond. What is free costs nothing at all. */
export const TOY: Machine = {
  name: "toy",
  cpu: { sockets: 1, cores: 1, gflop_s: 1, dram_stream_gb_s: 4, dram_random_gb_s: 1 },
  link: {
    generation: 3,
    lanes: 16,
    pinned_upload_gb_s: 2,
    pinned_download_gb_s: 2,
    pageable_gb_s: 1,
    latency_us: 10,
  },
  gpu: {
    count: 4,
    gflop_s: 1e12,
    gemm_share: 1,
    memory_gb: 1000,
    memory_gb_s: 1e12,
    l2_mb: 1,
    l2_gb_s: 1e12,
    kernel_us: 0,
    narrow_row_factor: 1,
  },
  peer: { bandwidth_gb_s: 1, latency_us: 5 },
  framework: {
    host_scale: 1,
    launch_us: 0,
    gap_us: 0,
    step_us: 0,
    linear_forward_us: 0,
    linear_backward_us: 0,
    elementwise_us: 0,
    concatenate_us: 0,
    copy_us: 0,
    lookup_forward_us: 0,
    lookup_backward_us: 0,
    optimizer_tensor_us: 0,
    cpu_op_us: 0,
    cpu_lookup_ns: 0,
  },
};

/** Parameters under which the CPU's software costs nothing beyond its bytes. */
export const FREE: Parameters = {
  ...START_PARAMETERS,
  pytorch_lookup_ns: 0.001,
  intel_lookup_ns: 0.001,
};

/** One lookup in each of two tables, rows of 4 floats: 16 bytes a row. */
export const EACH = 2;

/** A record of 100 inputs of a kind: 200 lookups, E = 3200 bytes. */
export function record(
  kind: MinibatchRecord["kind"],
  over: Partial<MinibatchRecord> = {},
): MinibatchRecord {
  const cold = kind === "cold";
  return {
    step: 0,
    epoch: 0,
    kind,
    place: cold ? "hybrid" : "device",
    inputs: 100,
    lookups: 200,
    unique_rows: 150,
    cold_lookups: cold ? 100 : 0,
    unique_cold_rows: cold ? 100 : 0,
    frozen_rows: 0,
    skipped_inputs: 0,
    upload_bytes: 0,
    download_bytes: 0,
    sync_bytes: 0,
    wall_ms: 0,
    stages_ms: {},
    ...over,
  };
}

/** A trace of records. The model: one dense feature, bottom 1-4, interaction of 3 vectors, top 7-1; 16 dense parameters. */
export function traceOf(records: readonly MinibatchRecord[], hotRows = 1000): Trace {
  const hot = records.filter(({ kind }) => kind !== "cold").reduce((n, r) => n + r.inputs, 0);
  const cold = records.filter(({ kind }) => kind === "cold").reduce((n, r) => n + r.inputs, 0);
  const skipped = records.reduce((n, r) => n + r.skipped_inputs, 0);
  return {
    header: {
      schema: "slipstream.trace",
      schema_version: 1,
      origin: "counts",
      model: {
        table_rows: [1000, 1000],
        dim: 4,
        bottom: [1, 4],
        top: [7, 1],
        parameters: { dense: 16, embedding: 8000 },
      },
      optimizer: "sgd",
      batch: 100,
      lookups_per_input: EACH,
      dataset: { hash: "toy", format: "toy", train_inputs: hot + cold + Math.ceil(skipped) },
      plan: {
        name: "slipstream",
        options: {},
        hot: {
          memory_bytes: 16 * hotRows,
          rows: hotRows,
          rows_per_table: [hotRows / 2, hotRows / 2],
          least_accesses: 1,
          profiled: hot + cold,
          hot_inputs: hot,
          cold_inputs: cold,
        },
        decisions: [],
        trained_inputs: hot + cold,
        skipped_inputs: skipped,
        rounds: [],
        preparation_ms: 0,
        watched: null,
      },
      placement: "hot",
      device: null,
      host: null,
      environment: null,
      stage_resolution: "interval",
    },
    records: records.map((one, step) => ({ ...one, step })),
  };
}

/**
 * A recorded run as `deno task bench record` writes it: 100 inputs of a window, and 1,000 hot ones after it, of which a share is
 * skipped.
 */
export function recordedRun(inputs: number, variant: string, skipped: number): object {
  const { model, plan, environment, lookups_per_input } = traceOf([record("hot")]).header;
  const sums = (kind: string, of: number, left: number) => ({
    ...{ kind, epoch: 0, times: of / 100, inputs: of, lookups: 2 * of, unique_rows: of },
    ...{ cold_lookups: 0, unique_cold_rows: 0, frozen_rows: 0, skipped_inputs: left },
  });
  const minibatches = [
    sums("window", 100, 0),
    sums("hot", 1000 - 1000 * skipped, 1000 * skipped),
  ];
  return {
    schema: "slipstream.recorded-run",
    schema_version: 1,
    run: {
      ...{ workload: "rm4", variant, batch: 100, optimizer: "sgd", placement: "hot" },
      ...{ dataset_hash: `${inputs}`, train_inputs: inputs, plan, environment },
      work: { model, lookups_per_input, minibatches, copies: null },
    },
  };
}
