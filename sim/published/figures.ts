/**
 * Times that others measured and published on machines like the paper's, none of them of Slipstream, FAE or Hotline.
 *
 * @module
 */

import type { ShapeDocument } from "../../train/model/models.ts";

/** A model whose iteration was timed on one V100, all rows on the GPU, lookups fused. */
export interface TimedModel {
  readonly name: string;
  readonly shape: ShapeDocument;
  /** Lookups a table and input. */
  readonly pooling: number;
  /** Milliseconds an iteration, by minibatch; read from a plot to about 0.1. */
  readonly iterationMs: Readonly<Record<number, number>>;
}

/** Criteo Terabyte's tables with ids below 40 million; their sum is what counts here. */
const TERABYTE_ROWS = Array(26).fill(7_200_000);

/**
 * Iteration times: e2e_plot.ipynb of owensgroup/ml_perf_model. Shapes: its benchmark/dlrm_benchmark.sh; DLRM_DDP's lookups are
 * DLRM's default of 10 a table.
 */
export const V100_ITERATIONS: readonly TimedModel[] = [
  {
    name: "DLRM_default",
    shape: {
      table_rows: Array(8).fill(1_000_000),
      dim: 64,
      bottom: [512, 512, 64],
      top: [64 + 36, 1024, 1024, 1024, 1],
    },
    pooling: 100,
    iterationMs: { 512: 4.5, 1024: 5.6, 2048: 8.6, 4096: 13.8 },
  },
  {
    name: "DLRM_MLPerf",
    shape: {
      table_rows: TERABYTE_ROWS,
      dim: 128,
      bottom: [13, 512, 256, 128],
      top: [128 + 351, 1024, 1024, 512, 256, 1],
    },
    pooling: 1,
    iterationMs: { 512: 4.5, 1024: 5.0, 2048: 6.7, 4096: 10.6 },
  },
  {
    name: "DLRM_DDP",
    shape: {
      table_rows: Array(8).fill(80_000),
      dim: 128,
      bottom: [128, 128, 128, 128],
      top: [128 + 36, 512, 512, 512, 256, 1],
    },
    pooling: 10,
    iterationMs: { 512: 5.0, 1024: 5.2, 2048: 5.4, 4096: 6.4 },
  },
];

/**
 * PyTorch's CPU benchmark, minibatch 2048, 8 tables of 1 million rows of 64 floats, 100 lookups each, on a 28-core Cascade Lake
 * socket: milliseconds an iteration as the software got better.
 */
export const CPU_BENCHMARK = {
  batch: 2048,
  tables: 8,
  pooling: 100,
  dim: 64,
  /** Floating-point operations of the MLPs, forward and backward. */
  mlpGflop: 30.7,
  rows: [
    { software: "October 2019", ms: 3592, source: "pytorch#28198" },
    { software: "October 2019, regression", ms: 3650, source: "pytorch#28198" },
    { software: "March 2020", ms: 1524, source: "pytorch#36038" },
    { software: "+ hybrid sparse-dense add", ms: 150.4, source: "pytorch#23057" },
    { software: "+ parallel index_select_add", ms: 107.5, source: "pytorch#24385" },
    { software: "the same patches, March 2020", ms: 93.1, source: "pytorch#36038" },
    { software: "+ parallel radix sort", ms: 64, source: "pytorch#23057" },
  ],
} as const;

/** NCCL all-reduce over 4 V100 on PCIe 3 without NVLink: microseconds by bytes (Sheffield's Bessemer documentation). */
export const NCCL_PCIE = {
  gpus: 4,
  points: [
    { bytes: 8 * 1024, us: 14.5 },
    { bytes: 32 * 1024, us: 22 },
    { bytes: 256 * 1024, us: 64 },
    { bytes: 512 * 1024, us: 85 },
    { bytes: 1024 ** 2, us: 156 },
    { bytes: 2 * 1024 ** 2, us: 299 },
    { bytes: 4 * 1024 ** 2, us: 650 },
  ],
  /** Middle of the 13 to 16 us of small messages, and of the plateau of 9.4 to 11.2 GB/s. */
  latencyUs: 14.5,
  bandwidthGbS: 10.3,
} as const;
