/**
 * Lets pending events run. Code that never waits would otherwise block signals and timers.
 *
 * @module
 */

import { IN_BROWSER } from "./deno.ts";

/**
 * Resolves after pending events, signals among them, have been handled. It uses a timer because Deno 2.9 delivers a
 * signal only after some twenty turns of `setImmediate`. Takes about a millisecond. Browsers make timers of hidden pages wait for
 * a second, so that there a message is sent instead.
 */
export async function letEventsIn(): Promise<void> {
  await new Promise<void>((resolve) => {
    if (!IN_BROWSER) {
      setTimeout(resolve, 0);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
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

/**
 * Waits for some milliseconds.
 *
 * @throws The signal's reason, as soon as it is aborted.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let stop = (): void => {};
  try {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      stop = () => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
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
 * Lets pending events run each time it is called, but no more often than some times in a tenth of a second, so that it may be
 * called after every piece of work, however short.
 *
 * @returns Rejects with the signal's reason, once it is aborted.
 */
export function eventTurns(signal?: AbortSignal): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < EVENTS_EVERY_MS) return;
    await checkpoint(signal);
    last = performance.now();
  };
}

/**
 * Runs a computation to its end and lets pending events run between its pieces, as {@linkcode eventTurns} does.
 *
 * @throws The signal's reason, once it is aborted.
 */
export async function withEvents<T>(pieces: Pieces<T>, signal?: AbortSignal): Promise<T> {
  const turn = eventTurns(signal);
  let step = pieces.next();
  while (!step.done) {
    await turn();
    step = pieces.next();
  }
  return step.value;
}
