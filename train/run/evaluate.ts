/**
 * Runs a model forward over a split and computes its metrics.
 *
 * @module
 */

import { letEventsIn } from "../../core/events.ts";
import type { Minibatches } from "../feed/feeds.ts";
import { Evaluation, type Metrics } from "./metrics.ts";
import type { Model } from "../model/model.ts";

/** Logits kept on the device before they are read: on WebGPU even a small read takes milliseconds. */
const CHUNK = 1 << 16;

const YIELD_MS = 200;

/** Where the inputs of an evaluation come from: a {@linkcode BatchSource}, for one. */
export type EvaluationSource = Pick<Minibatches, "count" | "prepare">;

/**
 * Metrics of a model over a whole split, inputs in the reader's order. Nothing is updated.
 *
 * @param batch Inputs a forward pass, at most `model.maxBatch`.
 * @param onProgress Called with the number of inputs done.
 * @param signal Stops between minibatches with the signal's reason.
 * @param onLogits Takes logits and labels of all inputs, some at a time, in the reader's order.
 * @param logitShift Added to every logit.
 * @throws {LogitError} A logit is not finite.
 * @category Training
 */
export async function evaluate(
  model: Model,
  source: EvaluationSource,
  batch: number,
  onProgress?: (done: number) => void,
  signal?: AbortSignal,
  onLogits?: (logits: Float32Array, labels: Float32Array) => Promise<void>,
  logitShift = 0,
): Promise<Metrics> {
  const evaluation = new Evaluation();
  const device = model.device;
  const size = Math.max(batch, Math.min(CHUNK, source.count));
  const chunk = device.createBuffer(4 * size, "evaluation logits");
  const labels = new Float32Array(size);
  let held = 0;
  let yieldedAt = performance.now();
  const drain = async (): Promise<void> => {
    if (held === 0) return;
    const logits = new Float32Array(await device.read(chunk, 0, 4 * held));
    if (logitShift !== 0) logits.forEach((logit, i) => logits[i] = logit + logitShift);
    evaluation.add(logits, labels.subarray(0, held));
    await onLogits?.(logits, labels.subarray(0, held));
    held = 0;
  };
  try {
    for (let at = 0; at < source.count; at += batch) {
      // The CPU device never waits, so signals would not be handled.
      if (performance.now() - yieldedAt > YIELD_MS) {
        await letEventsIn();
        yieldedAt = performance.now();
      }
      signal?.throwIfAborted();
      const count = Math.min(batch, source.count - at);
      if (held + count > size) await drain();
      const prepared = source.prepare(at, count);
      const host = prepared instanceof Promise ? await prepared : prepared;
      await model.forwardStep(host);
      device.copy(model.logits.buffer, 4 * model.logits.offset, chunk, 4 * held, 4 * count);
      labels.set(host.labels.subarray(0, count), held);
      held += count;
      onProgress?.(at + count);
    }
    await drain();
  } finally {
    chunk.dispose();
  }
  return evaluation.metrics();
}
