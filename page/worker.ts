/**
 * The page's script in the role of a worker: it trains and measures, so that the page itself never waits.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { type WorkerScope, workerScope } from "../core/worker_scope.ts";
import { measureGpu } from "./measure/measure_gpu.ts";
import type { MeasureEvent, MeasureRequest } from "./measure/messages.ts";
import type { TrainEvent, TrainRequest } from "./train/messages.ts";
import { Race } from "./train/race.ts";

/** Whether this is a worker, started by {@linkcode startWorker}. */
export const inWorker = (globalThis as { readonly document?: unknown }).document === undefined;

/** Starts the script once more, as a worker. */
export function startWorker(): Worker {
  return new Worker(import.meta.url, { type: "module" });
}

/** Why a worker broke off. A browser says nothing of one whose script it could not load. */
export function workerFailure({ message }: Partial<ErrorEvent>): string {
  return message || "Cannot start a worker: its script could not be loaded; reload the page";
}

/** Does what the page asks for. */
export function serveWorker(
  scope: WorkerScope<TrainRequest | MeasureRequest> = workerScope(),
): void {
  let race: Race | null = null;
  const tell = (event: TrainEvent | MeasureEvent): void => scope.postMessage(event);
  const fail = (error: unknown): void => tell({ kind: "failed", message: messageOf(error) });
  scope.onmessage = ({ data }) => {
    switch (data.kind) {
      case "start":
        race = new Race({ ...data, tell });
        race.run().catch(fail);
        break;
      case "measure":
        measureGpu({ ...data, tell }).catch(fail);
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

/** What the form calls options that a visitor can choose. */
const LABELS: Readonly<Record<string, string>> = {
  "plan.name": "the plan",
  "plan.drop": "a D of",
  "plan.criterion": "the criterion",
  "plan.window": "a window of",
  "plan.wakeEvery": "a look again every",
  "training.maxSteps": "a stop after",
  "training.seed": "the seed",
};

/** An error in a sentence. */
function messageOf(error: unknown): string {
  if (error instanceof UserError) return error.tell((field) => LABELS[field] ?? field);
  return error instanceof Error ? error.message : String(error);
}
