/**
 * Snapshots of the hot rows and their comparison, which everything that looks for stale rows pays.
 *
 * @module
 */

import { bytesUs, type Context, download } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import type { Extra } from "../system.ts";
import type { Workload } from "../work.ts";

/** A flag says whether a row is stale: a byte each, 4.2 MB for 256 MiB of rows of 16 floats. */
export const FLAG_BYTES = 1;

/** Two snapshots of the hot rows an epoch, before and after the window; each reads and writes all of them. */
export function snapshotExtras(workload: Workload, context: Context, onGpu: boolean): Extra[] {
  const { bytes, rate, resource } = tableOf(context, onGpu);
  return [{
    label: "two snapshots of the hot rows",
    times: workload.epochs,
    build(graph) {
      for (let k = 0; k < 2; k++) {
        graph.add("snapshot", resource, bytesUs(2 * bytes, rate), [], "snapshot", 2 * bytes);
      }
    },
  }];
}

/** Compares the two snapshots; from a GPU the flags come to the host. Returns the last task. */
export function compareSnapshots(
  graph: GraphBuilder,
  context: Context,
  onGpu: boolean,
  stage: "search" | "classify",
  after: readonly number[],
): number {
  const { bytes, rate, resource } = tableOf(context, onGpu);
  const us = bytesUs(2 * bytes, rate);
  const compared = graph.add(stage, resource, us, after, "compare snapshots", 2 * bytes);
  if (!onGpu) return compared;
  const flags = FLAG_BYTES * context.hotRows;
  return download(graph, context, 0, flags, [compared], "flags of the rows", false, stage);
}

function tableOf({ machine: { gpu, cpu }, hotRows, rowBytes }: Context, onGpu: boolean) {
  return {
    bytes: hotRows * rowBytes,
    rate: onGpu ? gpu.memory_gb_s : cpu.dram_stream_gb_s,
    resource: onGpu ? "gpu:0" as const : "dram" as const,
  };
}
