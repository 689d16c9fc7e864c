/**
 * The page's script in the role of a worker: it trains and measures, so that the page itself never waits.
 *
 * @module
 */

import { type WorkerScope, workerScope } from "../core/worker_scope.ts";
import type { TrainEvent, TrainRequest } from "./train/messages.ts";
import { Race } from "./train/race.ts";

/** Whether this is a worker, started by {@linkcode startWorker}. */
export const inWorker = (globalThis as { readonly document?: unknown }).document === undefined;

/** Starts the script once more, as a worker. */
export function startWorker(): Worker {
  return new Worker(import.meta.url, { type: "module" });
}

/** Does what the page asks for. */
export function serveWorker(scope: WorkerScope<TrainRequest> = workerScope()): void {
  let race: Race | null = null;
  const tell = (event: TrainEvent): void => scope.postMessage(event);
  scope.onmessage = ({ data }) => {
    switch (data.kind) {
      case "start":
        race = new Race({ ...data, tell });
        race.run().catch((error) => tell({ kind: "failed", message: messageOf(error) }));
        break;
      case "pause":
        race?.pause();
        break;
      case "resume":
        race?.resume();
        break;
      case "step":
        race?.step();
        break;
    }
  };
}

/** An error in a sentence. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
