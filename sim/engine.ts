/**
 * The engine: when each task of a graph starts and ends.
 *
 * Each resource takes its tasks in the order in which the graph has them, which is program order, and a task starts when the
 * tasks that it waits for and the task before it on its resource have ended. The discipline is chosen for what follows from
 * it: every start is a maximum of sums of durations, so no duration that shrinks can make anything later. A scheduler that
 * lets whatever is ready go first does not have that property (Graham's anomalies). It also needs no queue of events: going
 * through the tasks in order visits the same events with the same times.
 *
 * @module
 */

import type { Graph, Resource } from "./graph.ts";

/** When the tasks of a graph ran. Times in microseconds from the start of the graph. */
export interface GraphTimes {
  /** By task. */
  readonly start: Float64Array;
  /** By task. */
  readonly end: Float64Array;
  /** End of the last task. */
  readonly makespan: number;
  /** Tasks of a path without gaps from time 0 to the end, first task first; their times sum to the makespan. */
  readonly critical: readonly number[];
}

/**
 * Runs a graph. The same graph gives the same bits.
 *
 * @throws {RangeError} A task that waits for itself or a later one, or no task at all.
 */
export function runGraph(graph: Graph): GraphTimes {
  const n = graph.length;
  if (n === 0) throw new RangeError("Cannot run a graph without tasks");
  const start = new Float64Array(n), end = new Float64Array(n);
  // The task whose end let this one start, or -1.
  const cause = new Int32Array(n).fill(-1);
  const before = new Map<Resource, number>();
  let last = 0;
  for (let i = 0; i < n; i++) {
    const { resource, us, after } = graph[i]!;
    let at = 0, because = -1;
    const previous = before.get(resource);
    if (previous !== undefined) {
      at = end[previous]!;
      because = previous;
    }
    for (const j of after) {
      if (!(j >= 0 && j < i)) {
        throw new RangeError(
          `Cannot run task ${i}: it waits for task ${j}, which is not before it`,
        );
      }
      if (end[j]! > at) {
        at = end[j]!;
        because = j;
      }
    }
    start[i] = at;
    end[i] = at + us;
    cause[i] = because;
    before.set(resource, i);
    if (end[i]! > end[last]!) last = i;
  }
  const critical: number[] = [];
  for (let i = last; i >= 0; i = cause[i]!) critical.push(i);
  return { start, end, makespan: end[last]!, critical: critical.reverse() };
}
