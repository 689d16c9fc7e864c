/**
 * Sums over graphs: how long, on which stages and resources, how many bytes.
 *
 * @module
 */

import { runGraph } from "./engine.ts";
import type { Graph } from "./graph.ts";
import type { MovedBytes, Share } from "./simulate.ts";

/** Sums over one graph, in microseconds. */
export interface GraphTotals {
  readonly us: number;
  readonly stages: ReadonlyMap<string, readonly [busy: number, exposed: number]>;
  readonly resources: ReadonlyMap<string, readonly [busy: number, exposed: number]>;
  readonly bytes: ReadonlyMap<string, number>;
}

/** Runs a graph and sums it up. */
export function totalsOf(graph: Graph): GraphTotals {
  const { makespan, critical } = runGraph(graph);
  const stages = new Map<string, [number, number]>(),
    resources = new Map<string, [number, number]>();
  const bytes = new Map<string, number>();
  const book = (map: Map<string, [number, number]>, key: string, slot: 0 | 1, us: number) => {
    const pair = map.get(key);
    if (pair === undefined) map.set(key, slot === 0 ? [us, 0] : [0, us]);
    else pair[slot] += us;
  };
  for (const task of graph) {
    book(stages, task.stage, 0, task.us);
    book(resources, task.resource, 0, task.us);
    if (task.bytes > 0) bytes.set(task.resource, (bytes.get(task.resource) ?? 0) + task.bytes);
  }
  for (const i of critical) {
    const task = graph[i]!;
    book(stages, task.stage, 1, task.us);
    book(resources, task.resource, 1, task.us);
  }
  return { us: makespan, stages, resources, bytes };
}

/** Sums over all graphs. */
export class Totals {
  /** Microseconds. */
  us = 0;
  readonly stages = new Map<string, [number, number]>();
  readonly resources = new Map<string, [number, number]>();
  readonly bytes = new Map<string, number>();

  /** Adds a graph that runs so many times. */
  add(one: GraphTotals, times: number): void {
    this.us += times * one.us;
    for (const which of ["stages", "resources"] as const) {
      for (const [key, [busy, exposed]] of one[which]) {
        const pair = this[which].get(key) ?? [0, 0];
        pair[0] += times * busy;
        pair[1] += times * exposed;
        this[which].set(key, pair);
      }
    }
    for (const [key, bytes] of one.bytes) {
      this.bytes.set(key, (this.bytes.get(key) ?? 0) + times * bytes);
    }
  }

  /** Shares of those names that occur, in the order given. */
  sharesBy(of: "stages" | "resources", names: readonly string[]): Record<string, Share> {
    const shares: Record<string, Share> = {};
    for (const name of names) {
      const pair = this[of].get(name);
      if (pair === undefined) continue;
      const [busy, exposed] = pair;
      shares[name] = {
        busy_ms: busy / 1000,
        exposed_ms: exposed / 1000,
        hidden_ms: Math.max(0, busy - exposed) / 1000,
      };
    }
    return shares;
  }

  /** Bytes by what moved them. */
  moved(): MovedBytes {
    const of = (prefix: string) => {
      let sum = 0;
      for (const [key, bytes] of this.bytes) {
        if (key === prefix || key.startsWith(`${prefix}:`)) sum += bytes;
      }
      return sum;
    };
    return {
      upload: of("up"),
      download: of("down"),
      peer: of("peer"),
      network: of("network"),
      host_memory: of("dram"),
      gpu_memory: of("gpu"),
    };
  }
}
