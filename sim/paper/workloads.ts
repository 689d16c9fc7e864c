/**
 * The four workloads of the paper as counted traces of the twins, made by `deno task simulate counts`.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { parseCountedTrace } from "../counted_file.ts";
import type { CountedTrace } from "../work.ts";

/** Counted traces by workload. */
export type PaperWorkloads = Readonly<Record<WorkloadName, CountedTrace>>;

/** Loads all four. */
export async function loadPaperWorkloads(): Promise<PaperWorkloads> {
  const entries = await Promise.all(
    WORKLOAD_NAMES.map(async (name) => [name, await loadPaperWorkload(name)] as const),
  );
  return Object.fromEntries(entries) as Record<WorkloadName, CountedTrace>;
}

/** Loads one. */
export async function loadPaperWorkload(name: WorkloadName): Promise<CountedTrace> {
  const text = await Deno.readTextFile(new URL(`./${name}.json`, import.meta.url));
  return parseCountedTrace(JSON.parse(text), name);
}
