/**
 * Signals that ask commands to end, which write at their end.
 *
 * @module
 */

import { interruptible as untilInterrupted, Interruption } from "../../core/interrupt.ts";

/**
 * Does something that the first of the signals ends in order.
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
  }, (by) => new Interruption(by, "Interrupted: nothing was written"));
}
