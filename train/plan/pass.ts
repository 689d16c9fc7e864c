/**
 * Passes over inputs of a data set, some thousands at a time, that report progress and can be stopped.
 *
 * @module
 */

import { letEventsIn } from "../../core/events.ts";
import { createInputs } from "../../data/inputs.ts";
import type { Dataset, Inputs, Order } from "../../data/types.ts";

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

/** Inputs of the training split that a pass reads. */
interface PassInputs {
  /** As in the files by default. */
  readonly order?: Order;
  /** Positions in the order; all of it by default. */
  readonly positions?: Uint32Array;
}

/**
 * Reads inputs, some thousands at a time.
 *
 * @param body Called with each chunk, which the next one overwrites, and the inputs before it.
 */
export async function eachChunk(
  dataset: Dataset,
  { order = { kind: "sequential" }, positions }: PassInputs,
  pass: PassProgress["pass"],
  { onPass, signal }: PassHooks,
  body: (inputs: Inputs, from: number) => void,
): Promise<void> {
  const reader = dataset.reader("train", order);
  const total = positions?.length ?? reader.count;
  const inputs = createInputs(dataset.schema, PASS_CHUNK);
  let yieldedAt = performance.now();
  for (let from = 0; from < total; from += PASS_CHUNK) {
    const to = Math.min(total, from + PASS_CHUNK);
    const waiting = positions === undefined
      ? reader.read(from, to - from, inputs)
      : reader.readAt(positions.subarray(from, to), inputs);
    if (waiting !== undefined) await waiting;
    body(inputs, from);
    if (performance.now() - yieldedAt > YIELD_MS) {
      onPass?.({ pass, done: to, total });
      await letEventsIn();
      yieldedAt = performance.now();
    }
    signal?.throwIfAborted();
  }
}
