/**
 * A worker's own end of its messages. The types stand here, so that no file needs TypeScript's worker types, which
 * projects that import this one may not load.
 *
 * @module
 */

/** What a worker sees of itself. */
export interface WorkerScope<Task> {
  onmessage: ((event: MessageEvent<Task>) => void) | null;
  postMessage(message: unknown): void;
  /** Ends the worker after what it is doing. */
  close(): void;
}

/** The scope of this worker. On the main thread it is the page's or the program's, which has no such messages. */
export function workerScope<Task>(): WorkerScope<Task> {
  return globalThis as unknown as WorkerScope<Task>;
}
