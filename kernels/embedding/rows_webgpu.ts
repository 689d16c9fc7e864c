/**
 * Launches that copy single rows between a shard and a packed list.
 *
 * @module
 */

import { composeKernel, type Launch } from "../webgpu/kernel.ts";
import source from "./rows.wgsl" with { type: "text" };

const THREADS = 256;

const kernel = composeKernel("embedding-rows", ["read", "read", "write"], source);

/** Rows of one shard by their numbers. */
export interface RowsRun {
  readonly direction: "gather" | "scatter";
  /** The numbers, one word each. */
  readonly rows: GPUBuffer;
  readonly count: number;
  /** Floats in a row. */
  readonly width: number;
  /** count × width floats. */
  readonly list: GPUBuffer;
  readonly shard: GPUBuffer;
  /** Rows of the shard: [begin, end). */
  readonly begin: number;
  readonly end: number;
}

/** Copies those rows of a list that the shard has. */
export function rowsLaunch(run: RowsRun): Launch {
  const { direction, rows, count, width, list, shard, begin, end } = run;
  const gather = direction === "gather";
  return {
    kernel,
    overrides: { GATHER: gather ? 1 : 0 },
    bindings: [rows, gather ? shard : list, gather ? list : shard],
    params: [count, width, begin, end],
    groups: Math.ceil(count * width / THREADS),
  };
}
