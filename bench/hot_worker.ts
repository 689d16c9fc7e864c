/**
 * A worker of `hot.ts`: claims blocks of inputs from a shared cursor and counts or classifies them.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { openTwinLookups, type TwinLookups } from "../data/twin/lookups.ts";

/** Inputs of a block. */
export const BLOCK = 4096;

/** What a worker is to do. */
export type HotTask =
  | {
    readonly kind: "open";
    readonly twin: string;
    readonly seed: number;
    readonly inputs: number;
  }
  /** Counts the lookups of all inputs, and apart those of one input in `sampleEvery`. */
  | {
    readonly kind: "count";
    readonly inputs: number;
    readonly cursor: SharedArrayBuffer;
    readonly all: SharedArrayBuffer;
    readonly sampled: SharedArrayBuffer;
    readonly sampleEvery: number;
  }
  /** Finds in which tier the coldest lookup of each input is, for each set of tiers. */
  | {
    readonly kind: "classify";
    readonly inputs: number;
    readonly cursor: SharedArrayBuffer;
    readonly tiers: readonly SharedArrayBuffer[];
    readonly levels: number;
  };

/** Lookups and inputs of each tier, for each set of tiers. Empty but for `classify`. */
export interface HotDone {
  readonly lookups: readonly Float64Array[];
  readonly inputs: readonly Float64Array[];
}

let source: TwinLookups;

async function perform(task: HotTask): Promise<HotDone> {
  if (task.kind === "open") {
    source = await openTwinLookups(task.twin, task.seed, task.inputs);
    return { lookups: [], inputs: [] };
  }
  const rows = new Uint32Array(source.each);
  const cursor = new Int32Array(task.cursor);
  const blocks = Math.ceil(task.inputs / BLOCK);
  const each = (visit: (i: number) => void): void => {
    for (let block; (block = Atomics.add(cursor, 0, 1)) < blocks;) {
      const end = Math.min(task.inputs, (block + 1) * BLOCK);
      for (let i = block * BLOCK; i < end; i++) {
        source.write(i, rows);
        visit(i);
      }
    }
  };
  if (task.kind === "count") {
    const all = new Uint32Array(task.all), sampled = new Uint32Array(task.sampled);
    each((i) => {
      for (let k = 0; k < rows.length; k++) Atomics.add(all, rows[k]!, 1);
      if (i % task.sampleEvery !== 0) return;
      for (let k = 0; k < rows.length; k++) Atomics.add(sampled, rows[k]!, 1);
    });
    return { lookups: [], inputs: [] };
  }
  const tiers = task.tiers.map((buffer) => new Uint8Array(buffer));
  const lookups = tiers.map(() => new Float64Array(task.levels));
  const inputs = tiers.map(() => new Float64Array(task.levels));
  each(() => {
    for (let s = 0; s < tiers.length; s++) {
      const tier = tiers[s]!, found = lookups[s]!;
      let coldest = 0;
      for (let k = 0; k < rows.length; k++) {
        const level = tier[rows[k]!]!;
        found[level]!++;
        if (level > coldest) coldest = level;
      }
      inputs[s]![coldest]!++;
    }
  });
  return { lookups, inputs };
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  self.onmessage = async ({ data }: MessageEvent<HotTask>) => self.postMessage(await perform(data));
}
