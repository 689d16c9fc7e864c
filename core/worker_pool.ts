/**
 * Workers of one kind that share out tasks. The worker's side is `serveTasks` of `core/serve_tasks.ts`.
 *
 * @module
 */

import { IN_BROWSER } from "./deno.ts";
import { UsageError, UserError } from "./errors.ts";
import type { TaskReply } from "./serve_tasks.ts";

/** How a pool is made. */
export interface WorkerPoolOptions {
  /** Workers, at least 1. */
  readonly threads: number;
  /** Ends whatever the pool is doing; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Workers that all run the same module. Dispose of it to end them. */
export class WorkerPool<Task, Answer> implements Disposable {
  readonly #workers: readonly Worker[];
  readonly #signal: AbortSignal | undefined;

  /** @param module A module that calls `serveTasks`. */
  constructor(module: URL, { threads, signal }: WorkerPoolOptions) {
    signal?.throwIfAborted();
    if (IN_BROWSER) {
      throw new UserError(
        "Cannot start threads: this runs in a browser, and only Deno can start them",
      );
    }
    this.#signal = signal;
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(module.href, { type: "module" }),
    );
  }

  /**
   * Gives the task to every worker and waits for all; answers come in the order of the workers.
   *
   * @throws What a worker throws, a `UserError` as such; the signal's reason.
   */
  async all(task: Task): Promise<Answer[]> {
    return await this.#untilAborted(this.#workers.map((worker) => ask<Answer>(worker, task)));
  }

  /**
   * Gives each task to a worker that has nothing to do and waits for all; answers come in the order of the tasks.
   *
   * @param onAnswer Told of each answer as it comes: how many there are by then.
   * @throws As `all` does.
   */
  async each(
    tasks: readonly Task[],
    onAnswer: (done: number) => void = () => {},
  ): Promise<Answer[]> {
    const answers: Answer[] = new Array(tasks.length);
    let next = 0, done = 0;
    const serve = async (worker: Worker): Promise<void> => {
      while (next < tasks.length) {
        const number = next++;
        answers[number] = await ask<Answer>(worker, tasks[number]!);
        onAnswer(++done);
      }
    };
    await this.#untilAborted(this.#workers.slice(0, tasks.length).map(serve));
    return answers;
  }

  async #untilAborted<T>(work: readonly Promise<T>[]): Promise<T[]> {
    const signal = this.#signal;
    if (signal === undefined) return await Promise.all(work);
    let stop = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([Promise.all(work), aborted]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends the workers, whatever they are doing. */
  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

/** Gives one task to one worker, which must have answered the one before. */
function ask<Answer>(worker: Worker, task: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<TaskReply<Answer>>) =>
      "refused" in data ? reject(refusal(data)) : resolve(data.answer);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(task);
  });
}

/** The error that a task was refused with, as this thread throws it. */
function refusal(
  { refused, usage }: Extract<TaskReply<never>, { readonly refused: string }>,
): UserError {
  return usage ? new UsageError(refused) : new UserError(refused);
}
