/**
 * Slipstream over another system: hot inputs whose rows are stale are left out after a window, so that there are fewer
 * minibatches of the same cost; snapshots, the search for a threshold and the classification of inputs come on top.
 *
 * @module
 */

import { bytesUs, type Context, download } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import type { Extra, System } from "../system.ts";
import type { WorkClass, Workload } from "../work.ts";

/** Steps of the bisection at most (slipstream.py). */
const SEARCH_STEPS = 25;
/** Share of the hot inputs that is sampled for the search (run_slipstream.sh). */
const SAMPLE_SHARE = 0.001;
/** Bytes of a cache line: one random read of a row's flag. */
const LINE_BYTES = 64;

/** How a system becomes one that skips. */
export interface Variant {
  readonly name: string;
  readonly summary: string;
  readonly over: System;
  /** Minibatches that are kept; those of `workload.kept` unless told. */
  readonly minibatches?: (workload: Workload) => readonly WorkClass[];
  /** Whether the snapshots are of rows on the GPU; else of rows in host memory. */
  readonly onGpu: boolean;
  /** Whether inputs are classified in Python, as the artifact does; else by a pass over one flag a row. */
  readonly artifact?: boolean;
}

/** Makes the system. */
export function skipping(
  { name, summary, over, minibatches, onGpu, artifact = false }: Variant,
): System {
  return {
    ...over,
    name,
    summary,
    needsHot: true,
    skips: true,
    minibatches: minibatches ?? ((workload) => workload.kept),
    extras: (workload, context) => [
      ...over.extras(workload, context),
      ...blocks(workload, context, onGpu, artifact),
    ],
  };
}

/** The three blocks: two snapshots, the search, the classification. None where nothing is skipped. */
function blocks(
  workload: Workload,
  context: Context,
  onGpu: boolean,
  artifact: boolean,
): Extra[] {
  if (workload.skipped === 0) return [];
  const { machine: { gpu, cpu }, hotRows, rowBytes, each, parameters } = context;
  const times = workload.epochs;
  const hotInputs = inputsOf(workload.all.filter(({ work }) => work.kind !== "cold")) / times;
  const early = inputsOf(
    workload.all.filter(({ work }) => work.kind === "warm-up" || work.kind === "window"),
  ) / times;
  const tableBytes = hotRows * rowBytes;
  const rate = onGpu ? gpu.memory_gb_s : cpu.dram_stream_gb_s;
  const resource = onGpu ? "gpu:0" : "dram";
  const look = (
    graph: GraphBuilder,
    stage: "search" | "classify",
    lookups: number,
    after: number[],
  ) => {
    if (artifact) {
      const us = lookups * parameters.classify_lookup_us / cpu.cores;
      return graph.add(stage, "cpu", us, after, "inputs looked at in Python");
    }
    const bytes = lookups * LINE_BYTES;
    const us = bytesUs(bytes, cpu.dram_random_gb_s);
    return graph.add(stage, "dram", us, after, "flags of the inputs' rows", bytes);
  };
  const compare = (graph: GraphBuilder, stage: "search" | "classify", after: number[]): number => {
    const us = bytesUs(2 * tableBytes, rate);
    const compared = graph.add(stage, resource, us, after, "compare snapshots", 2 * tableBytes);
    return onGpu
      ? download(graph, context, 0, hotRows, [compared], "flags of the rows", false, stage)
      : compared;
  };
  return [{
    label: "two snapshots of the hot rows",
    times,
    build(graph) {
      for (let k = 0; k < 2; k++) {
        const us = bytesUs(2 * tableBytes, rate);
        graph.add("snapshot", resource, us, [], "snapshot", 2 * tableBytes);
      }
    },
  }, {
    label: "search for the threshold",
    times,
    build(graph) {
      let last: number[] = [];
      for (let k = 0; k < SEARCH_STEPS; k++) {
        const flags = compare(graph, "search", last);
        last = [look(graph, "search", SAMPLE_SHARE * hotInputs * each, [flags])];
      }
    },
  }, {
    label: "classify the hot inputs",
    times,
    build(graph) {
      look(graph, "classify", (hotInputs - early) * each, [compare(graph, "classify", [])]);
    },
  }];
}

function inputsOf(classes: readonly WorkClass[]): number {
  return classes.reduce((sum, { work, times }) => sum + work.inputs * times, 0);
}
