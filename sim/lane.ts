/**
 * A lane: one GPU with the thread that launches its kernels. Operations are issued in order; a kernel starts when it has been
 * launched and the stream is free, and the thread runs ahead until something makes it wait.
 *
 * @module
 */

import type { Context } from "./context.ts";
import type { GraphBuilder } from "./graph.ts";
import type { Op } from "./ops.ts";

/** A GPU and its launching thread. */
export class Lane {
  readonly #graph: GraphBuilder;
  readonly #scale: number;
  /** Number of the GPU. */
  readonly gpu: number;
  /** Number of the thread; several lanes share one under Python's lock. */
  readonly thread: number;
  /** What the next call of the thread waits for. */
  #host: number[] = [];
  /** What the next kernel waits for beside its launch. */
  #device: number[] = [];
  #last = -1;

  /** @param share Factor on the host's time: a part of what launching costs, where graphs are shared. */
  constructor(graph: GraphBuilder, context: Context, gpu: number, thread = gpu, share = 1) {
    this.#graph = graph;
    this.#scale = context.machine.framework.host_scale * share;
    this.gpu = gpu;
    this.thread = thread;
  }

  /** The last kernel, or nothing yet. */
  get done(): readonly number[] {
    return this.#last < 0 ? this.#host : [this.#last];
  }

  /** The thread waits for tasks before its next call. */
  wait(tasks: readonly number[]): void {
    this.#host.push(...tasks);
  }

  /** Kernels from now on wait for tasks, the thread does not. */
  waitOnDevice(tasks: readonly number[]): void {
    this.#device.push(...tasks);
  }

  /** Host time of a call without kernels, such as a copy's. Returns its task, for what the call starts. */
  call(us: number, stage: Op["stage"], label: string): number {
    const task = this.#graph.add(stage, `host:${this.thread}`, us * this.#scale, this.#host, label);
    this.#host = [];
    return task;
  }

  /** Issues operations. */
  run(ops: readonly Op[]): void {
    for (const { label, stage, hostUs, gpuUs, bytes, flops } of ops) {
      const launch = this.call(hostUs, stage, label);
      this.#last = this.#graph.add(
        stage,
        `gpu:${this.gpu}`,
        gpuUs,
        [launch, ...this.#device],
        label,
        bytes,
        flops,
      );
      this.#device = [];
    }
  }

  /** The thread waits until the stream is empty, as a blocking copy or `synchronize` makes it. */
  synchronise(): void {
    this.wait(this.done);
  }
}
