/**
 * Slipstream over another system: hot inputs whose rows are stale are left out after a window, so that there are fewer
 * minibatches of the same cost; snapshots, the search for a threshold and the classification of inputs come on top.
 *
 * @module
 */

import { bytesUs, type Context } from "../context.ts";
import type { GraphBuilder } from "../graph.ts";
import type { Extra, System } from "../system.ts";
import type { WorkClass, Workload } from "../work.ts";
import { compareSnapshots, FLAG_BYTES, snapshotExtras } from "./snapshots.ts";

/** Steps of the bisection at most (slipstream.py). */
const SEARCH_STEPS = 25;
/** Share of the hot inputs that is sampled for the search (run_slipstream.sh). */
const SAMPLE_SHARE = 0.001;
/** Bytes of an id of a prepared input. */
const ID_BYTES = 4;

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
  const { machine: { cpu }, hotRows, each, parameters } = context;
  const times = workload.epochs;
  const hotInputs = inputsOf(workload.all.filter(({ work }) => work.kind !== "cold")) / times;
  const early = inputsOf(
    workload.all.filter(({ work }) => work.kind === "warm-up" || work.kind === "window"),
  ) / times;
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
    // Flags come to the last-level cache once and stay there; the ids of the inputs pass through.
    const bytes = ID_BYTES * lookups + FLAG_BYTES * Math.min(hotRows, lookups);
    const us = bytesUs(bytes, cpu.dram_stream_gb_s);
    return graph.add(stage, "dram", us, after, "ids of the inputs and flags of their rows", bytes);
  };
  return [...snapshotExtras(workload, context, onGpu), {
    label: "search for the threshold",
    times,
    build(graph) {
      let last: number[] = [];
      for (let k = 0; k < SEARCH_STEPS; k++) {
        const flags = compareSnapshots(graph, context, onGpu, "search", last);
        last = [look(graph, "search", SAMPLE_SHARE * hotInputs * each, [flags])];
      }
    },
  }, {
    label: "classify the hot inputs",
    times,
    build(graph) {
      const flags = compareSnapshots(graph, context, onGpu, "classify", []);
      look(graph, "classify", (hotInputs - early) * each, [flags]);
    },
  }];
}

function inputsOf(classes: readonly WorkClass[]): number {
  return classes.reduce((sum, { work, times }) => sum + work.inputs * times, 0);
}
