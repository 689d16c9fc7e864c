/**
 * Passes over inputs of a data set, some thousands at a time, that report progress and can be stopped.
 *
 * @module
 */

import { letEventsIn } from "../../core/events.ts";

/** Inputs read at a time. */
export const PASS_CHUNK = 8192;

const YIELD_MS = 200;

/** How far a pass over inputs is. */
export interface PassProgress {
  /**
   * `profile`: accesses are counted. `segregate`: inputs are sorted into hot and cold ones. `negatives`: some negatives are
   * left out. `statistics`: means and variances of dense features are taken.
   */
  readonly pass: "profile" | "segregate" | "negatives" | "statistics";
  /** Inputs looked at. */
  readonly done: number;
  /** Inputs to look at. */
  readonly total: number;
}

/** Callbacks of a pass over the data, and how to stop it. */
export interface PassHooks {
  /** Called a few times a second. */
  readonly onPass?: ((progress: PassProgress) => void) | undefined;
  /** Ends the pass with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Does something for every chunk of `total` inputs, from `from` to before `to`. */
export async function eachChunk(
  total: number,
  pass: PassProgress["pass"],
  { onPass, signal }: PassHooks,
  body: (from: number, to: number) => Promise<void>,
): Promise<void> {
  let yieldedAt = performance.now();
  for (let from = 0; from < total; from += PASS_CHUNK) {
    const to = Math.min(total, from + PASS_CHUNK);
    await body(from, to);
    if (performance.now() - yieldedAt > YIELD_MS) {
      onPass?.({ pass, done: to, total });
      await letEventsIn();
      yieldedAt = performance.now();
    }
    signal?.throwIfAborted();
  }
}
