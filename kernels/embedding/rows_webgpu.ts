/**
 * Launches that copy single rows between a shard and a packed list.
 *
 * @module
 */

import { composeKernel, type Launch } from "../webgpu/kernel.ts";
import source from "./rows.wgsl" with { type: "text" };

const THREADS = 256;

const kernel = composeKernel({
  name: "embedding-rows",
  params: {
    // Rows in the list, and floats in a row.
    count: "u32",
    width: "u32",
    // Rows of the shard: [begin, end).
    begin: "u32",
    end: "u32",
  },
  buffers: { rows: "read u32", source: "read f32", target_floats: "write f32" },
  sources: [source],
});

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
  return kernel.launch({
    overrides: { GATHER: gather ? 1 : 0 },
    params: { count, width, begin, end },
    buffers: {
      rows,
      source: gather ? shard : list,
      target_floats: gather ? list : shard,
    },
    groups: Math.ceil(count * width / THREADS),
  });
}
