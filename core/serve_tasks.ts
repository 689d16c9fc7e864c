/**
 * The worker's side of `WorkerPool`.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { UserError } from "./errors.ts";

/** What a worker sends back for a task. */
export type TaskReply<Answer> =
  | { readonly answer: Answer }
  | { readonly refused: string; readonly status: UserError["status"] };

/**
 * Answers the tasks of a `WorkerPool`. Does nothing where the module is not the worker's own, as in the thread that
 * imports its types.
 *
 * @param perform Does one task. A `UserError` that it throws is thrown by the pool; anything else ends the worker.
 */
export function serveTasks<Task, Answer>(
  perform: (task: Task) => Answer | Promise<Answer>,
): void {
  if (typeof WorkerGlobalScope === "undefined" || !(self instanceof WorkerGlobalScope)) return;
  self.onmessage = async ({ data }: MessageEvent<Task>) => {
    let reply: TaskReply<Answer>;
    try {
      reply = { answer: await perform(data) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reply = { refused: error.message, status: error.status };
    }
    self.postMessage(reply);
  };
}
