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

/** Each by its own import, which bundlers understand. */
const FILES: Readonly<Record<WorkloadName, () => Promise<{ readonly default: unknown }>>> = {
  rm1: () => import("./rm1.json", { with: { type: "json" } }),
  rm2: () => import("./rm2.json", { with: { type: "json" } }),
  rm3: () => import("./rm3.json", { with: { type: "json" } }),
  rm4: () => import("./rm4.json", { with: { type: "json" } }),
};

/** Loads all four. */
export async function loadPaperWorkloads(): Promise<PaperWorkloads> {
  const entries = await Promise.all(
    WORKLOAD_NAMES.map(async (name) => [name, await loadPaperWorkload(name)] as const),
  );
  return Object.fromEntries(entries) as Record<WorkloadName, CountedTrace>;
}

/** Loads one. */
export async function loadPaperWorkload(name: WorkloadName): Promise<CountedTrace> {
  const { default: value } = await FILES[name]();
  return parseCountedTrace(value, name);
}
