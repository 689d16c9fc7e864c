/**
 * Timelines of minibatches for the Perfetto viewer, in Chrome's trace format.
 *
 * @module
 */

import { runGraph } from "./engine.ts";
import type { Graph } from "./graph.ts";

/** One minibatch to show. */
export interface TimelineEntry {
  /** A process of the viewer: system and kind of minibatch. */
  readonly name: string;
  /** Its tasks. */
  readonly graph: Graph;
}

/**
 * A document that Perfetto and Chrome open: one process a minibatch, one thread a resource, times in microseconds.
 *
 * @category Simulator
 */
export function timeline(entries: readonly TimelineEntry[]): { readonly traceEvents: unknown[] } {
  const traceEvents: unknown[] = [];
  for (const [p, { name, graph }] of entries.entries()) {
    const { start, critical } = runGraph(graph);
    const exposed = new Set(critical);
    const threads = new Map<string, number>();
    traceEvents.push({ ph: "M", pid: p, name: "process_name", args: { name } });
    for (const [i, task] of graph.entries()) {
      let thread = threads.get(task.resource);
      if (thread === undefined) {
        threads.set(task.resource, thread = threads.size);
        const args = { name: task.resource };
        traceEvents.push({ ph: "M", pid: p, tid: thread, name: "thread_name", args });
      }
      traceEvents.push({
        ph: "X",
        pid: p,
        tid: thread,
        name: task.label,
        cat: task.stage,
        ts: start[i],
        dur: task.us,
        args: { stage: task.stage, bytes: task.bytes, flops: task.flops, exposed: exposed.has(i) },
      });
    }
  }
  return { traceEvents };
}
