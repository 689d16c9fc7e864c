/**
 * Letting events in: work that never waits keeps signals and timers out.
 *
 * @module
 */

import { setTimeout } from "node:timers/promises";

/**
 * Resolves after pending events, signals among them, have been handled. A timer, since Deno 2.9 hears a signal only
 * after some twenty turns of `setImmediate`. Takes about a millisecond.
 */
export async function letEventsIn(): Promise<void> {
  await setTimeout(0);
}

/**
 * Lets events in, then stops if one of them asked for it.
 *
 * @throws The signal's reason, once it is aborted.
 */
export async function checkpoint(signal?: AbortSignal): Promise<void> {
  await letEventsIn();
  signal?.throwIfAborted();
}
