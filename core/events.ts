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
