/**
 * A counted trace again with other hot memories. Which inputs are hot cannot be told from a trace, so the twin that it was
 * counted over is counted again, or found where it was counted before.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import { formatCount, formatDuration } from "../core/format.ts";
import { openTwinLookups } from "../data/twin/lookups.ts";
import { WORKLOAD_NAMES } from "../data/twin/workloads.ts";
import type { CountCache, CountKey } from "./count_cache.ts";
import { type CountOptions, countTraces } from "./counts.ts";
import type { SweepOptions } from "./sweep.ts";
import { condense, type CountedTrace, countTraceRuns } from "./work.ts";

/** What a recount needs beside the trace. */
export interface RecountOptions extends Pick<CountOptions, "onProgress" | "threads" | "signal"> {
  /** Where counts are kept and looked for; nowhere unless told. */
  readonly cache?: CountCache | undefined;
}

/**
 * Counts a trace's twin again, as it was counted but for the hot memory.
 *
 * @param name What errors call the trace.
 * @param mebibytes Hot memories; condensed traces come in their order.
 * @throws {UserError} The trace is not counted over a twin, or a hot memory that leaves the plan too few hot minibatches.
 */
export async function recount(
  name: string,
  trace: CountedTrace,
  mebibytes: readonly number[],
  { cache, ...options }: RecountOptions = {},
): Promise<CountedTrace[]> {
  const keys = mebibytes.map((mib) => keyOf(name, trace, mib));
  const found = await Promise.all(keys.map((key) => cache?.find(key) ?? null));
  const missing = keys.filter((_, i) => found[i] === null);
  if (missing.length === 0) return found as CountedTrace[];
  const { hotMemoryBytes: _, ...common } = missing[0]!;
  const counted = await countTraces(
    { ...options, ...common },
    missing.map(({ hotMemoryBytes }) => hotMemoryBytes),
  );
  const traces: CountedTrace[] = [];
  for (const [i, key] of keys.entries()) {
    let one = found[i] ?? null;
    if (one === null) {
      one = condense(countTraceRuns(counted[missing.indexOf(key)]!));
      await cache?.keep(key, one);
    }
    traces.push(one);
  }
  return traces;
}

/** Inputs that are drawn to tell how long all take. */
const PROBED = 500;

/** What a sweep over `hot_memory_mib` will count before it starts, a line a trace; none where nothing is to be counted. */
export async function countingAhead(
  { traces, axes, countCache, threads = navigator.hardwareConcurrency }: SweepOptions,
): Promise<string[]> {
  const memories = axes.find(({ name }) => name === "hot_memory_mib")?.values ?? [];
  const lines: string[] = [];
  for (const { name, trace } of memories.length === 0 ? [] : traces) {
    const missing: number[] = [];
    for (const mib of memories) {
      const known = await countCache?.find(keyOf(name, trace, mib)) ?? null;
      if (known === null) missing.push(mib);
    }
    if (missing.length === 0) continue;
    const { twin, seed, inputs, profileEvery, classified } = keyOf(name, trace, missing[0]!);
    const drawn = Math.ceil(inputs / (profileEvery ?? 1)) + Math.min(inputs, classified ?? inputs);
    const seconds = drawn * await secondsAnInput(twin, seed) / threads;
    lines.push(
      `${name}: hot memories of ${missing.join(", ")} MiB take ${
        formatCount(drawn)
      } inputs to draw, about ${formatDuration(seconds)} if nothing else runs`,
    );
  }
  return lines;
}

async function secondsAnInput(twin: string, seed: number): Promise<number> {
  const source = await openTwinLookups(twin, seed, PROBED);
  const numbers = Array.from({ length: source.inputs }, (_, i) => i);
  const rows = new Uint32Array(source.inputs * source.each);
  const begun = performance.now();
  source.writeAll(numbers, source.inputs, rows);
  return (performance.now() - begun) / 1000 / source.inputs;
}

/** Of a twin. */
const MOST_SEED = 2 ** 32 - 1;

function keyOf(name: string, { header }: CountedTrace, mebibytes: number): CountKey {
  const [, twinName, inputs, seed] = /^twin:(\w+):(\d+):seed=(\d+)$/.exec(header.dataset.hash) ??
    [];
  const twin = WORKLOAD_NAMES.find((candidate) => candidate === twinName);
  if (header.origin !== "counts" || twin === undefined) {
    throw new UsageError(
      `Cannot sweep the hot memory of ${name}: its inputs were told hot from cold in a run; trace a run with each --hot-memory and give all of them to --trace, or give a trace counted over a twin`,
    );
  }
  if (!(Number(seed) <= MOST_SEED)) {
    throw new UsageError(
      `Cannot sweep the hot memory of ${name}: header.dataset.hash is "${header.dataset.hash}", whose seed must be a whole number from 0 to ${MOST_SEED}`,
    );
  }
  const planned = header.plan.options as Readonly<Record<string, unknown>>;
  const number = (key: string): number | undefined => {
    const value = planned[key];
    return typeof value === "number" ? value : undefined;
  };
  return {
    twin,
    inputs: Number(inputs),
    seed: Number(seed),
    batch: header.batch,
    hotMemoryBytes: mebibytes * 2 ** 20,
    drop: number("drop_share"),
    warmup: number("warm_up"),
    window: number("window_share"),
    profileEvery: number("profile_every"),
    sampled: number("sampled_minibatches"),
    classified: number("classified"),
  };
}
