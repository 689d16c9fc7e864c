/**
 * Ctrl-C for commands that take minutes.
 *
 * @module
 */

import { interruptible as untilInterrupted } from "../../core/interrupt.ts";

/** Somebody pressed Ctrl-C. */
export class Interruption extends Error {}

/**
 * Does something that the first Ctrl-C ends in order, and a second one at once.
 *
 * @throws {Interruption} It was interrupted.
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return await untilInterrupted(async (signal) => {
    try {
      return await body(signal);
    } catch (error) {
      // Whatever fails after it fails because of it.
      throw signal.aborted ? signal.reason : error;
    }
  }, () => new Interruption("Interrupted: nothing was written"));
}
