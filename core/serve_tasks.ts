/**
 * The worker's side of `WorkerPool`.
 *
 * @module
 */

import { UsageError, UserError } from "./errors.ts";
import { workerScope } from "./worker_scope.ts";

/** What a worker sends back for a task. */
export type TaskReply<Answer> =
  | { readonly answer: Answer }
  | { readonly refused: string; readonly usage: boolean };

/**
 * Answers the tasks of a `WorkerPool`. To be called where `import.meta.main` is true and nowhere else: a worker's module is
 * also imported, for its types and constants, by the thread that starts it, which may be somebody else's worker.
 *
 * @param perform Does one task. A `UserError` that it throws is thrown by the pool; anything else ends the worker.
 */
export function serveTasks<Task, Answer>(
  perform: (task: Task) => Answer | Promise<Answer>,
): void {
  const scope = workerScope<Task>();
  scope.onmessage = async ({ data }) => {
    let reply: TaskReply<Answer>;
    try {
      reply = { answer: await perform(data) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reply = { refused: error.message, usage: error instanceof UsageError };
    }
    scope.postMessage(reply);
  };
}
