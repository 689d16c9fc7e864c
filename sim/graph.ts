/**
 * A graph of tasks on resources: the work of one minibatch on a machine.
 *
 * @module
 */

import type { Stage } from "../train/stages.ts";

/**
 * A resource does one task at a time. `cpu` (cores, all of them), `dram` (host memory), `peer` (GPU-to-GPU link of a node),
 * `network` (between nodes), and by GPU `host:0` (the thread that launches), `up:0`, `down:0` (the two directions of its link) and `gpu:0` (its stream).
 */
export type Resource =
  | "cpu"
  | "dram"
  | "peer"
  | "network"
  | `${"host" | "up" | "down" | "gpu"}:${number}`;

/** One task. */
export interface Task {
  /** What its time is booked on. */
  readonly stage: Stage;
  /** What does it. */
  readonly resource: Resource;
  /** Microseconds it keeps the resource, at least 0. */
  readonly us: number;
  /** Tasks that have to end before it starts, by number; all lower than its own. */
  readonly after: readonly number[];
  /** Bytes moved on the resource; 0 where it moves none. */
  readonly bytes: number;
  /** Floating-point operations. */
  readonly flops: number;
  /** Name in timelines. */
  readonly label: string;
}

/** Tasks in the order in which each resource takes them. */
export type Graph = readonly Task[];

/** Builds a graph. */
export class GraphBuilder {
  readonly #tasks: Task[] = [];

  /** The graph so far. */
  get tasks(): Graph {
    return this.#tasks;
  }

  /** Appends a task and returns its number. Throws a `RangeError` for a time that is negative or not finite. */
  add(
    stage: Stage,
    resource: Resource,
    us: number,
    after: readonly number[],
    label: string,
    bytes = 0,
    flops = 0,
  ): number {
    if (!(us >= 0 && us < Infinity)) {
      throw new RangeError(`Cannot add ${label} on ${resource}: its time is ${us} us`);
    }
    this.#tasks.push({ stage, resource, us, after, bytes, flops, label });
    return this.#tasks.length - 1;
  }
}
