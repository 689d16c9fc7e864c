/**
 * Lets pending events run. Code that never waits would otherwise block signals and timers.
 *
 * @module
 */

import { setTimeout } from "node:timers/promises";

/**
 * Resolves after pending events, signals among them, have been handled. It uses a timer because Deno 2.9 delivers a
 * signal only after some twenty turns of `setImmediate`. Takes about a millisecond.
 */
export async function letEventsIn(): Promise<void> {
  await setTimeout(0);
}

/**
 * Lets pending events run, then throws if one of them aborted the signal.
 *
 * @throws The signal's reason, once it is aborted.
 */
export async function checkpoint(signal?: AbortSignal): Promise<void> {
  await letEventsIn();
  signal?.throwIfAborted();
}

/** A computation that stops between its pieces, for a caller who has something else to do there. */
export type Pieces<T> = Generator<void, T, void>;

/** Runs a computation to its end without a stop. */
export function atOnce<T>(pieces: Pieces<T>): T {
  let step = pieces.next();
  while (!step.done) step = pieces.next();
  return step.value;
}

/** Time between the turns of events. */
const EVENTS_EVERY_MS = 25;

/**
 * Runs a computation to its end and lets pending events run between its pieces, a few times in a tenth of a second.
 *
 * @throws The signal's reason, once it is aborted.
 */
export async function withEvents<T>(pieces: Pieces<T>, signal?: AbortSignal): Promise<T> {
  let last = performance.now(), step = pieces.next();
  while (!step.done) {
    if (performance.now() - last > EVENTS_EVERY_MS) {
      await checkpoint(signal);
      last = performance.now();
    }
    step = pieces.next();
  }
  return step.value;
}
