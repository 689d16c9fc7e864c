/**
 * Which numbers a run's settings may hold.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { MAX_PREPARE_WORKERS } from "../feed/open_feeds.ts";
import type { RunSettings } from "./options.ts";

/** Largest seed, and largest minibatch. */
const MAX_SEED = 2 ** 32 - 1, MAX_BATCH = 2 ** 20;
/** Threads that the CPU device can have. */
const MAX_THREADS = 256;

/**
 * Refuses numbers that are out of range, before anything is opened.
 *
 * @throws {UsageError} Names the field.
 */
export function checkNumbers({ training, evaluation, checkpoints, device }: RunSettings): void {
  const limits: readonly (readonly [field: string, value: number, least: number, most: number])[] =
    [
      ["training.batch", training.batch, 1, MAX_BATCH],
      ["training.epochs", training.epochs, 1, Number.MAX_SAFE_INTEGER],
      ["training.maxSteps", training.maxSteps, 0, Number.MAX_SAFE_INTEGER],
      ["training.seed", training.seed, 0, MAX_SEED],
      ["evaluation.every", evaluation.every, 0, Number.MAX_SAFE_INTEGER],
      ["evaluation.batch", evaluation.batch, 1, MAX_BATCH],
      ["checkpoints.every", checkpoints.every, 0, Number.MAX_SAFE_INTEGER],
      ["device.threads", device.threads ?? 1, 1, MAX_THREADS],
      ["device.prepareWorkers", device.prepareWorkers ?? 0, 0, MAX_PREPARE_WORKERS],
    ];
  for (const [field, value, least, most] of limits) {
    if (Number.isSafeInteger(value) && value >= least && value <= most) continue;
    const range = most < Number.MAX_SAFE_INTEGER
      ? `from ${least} to ${most}`
      : `of ${least} or more`;
    throw new UsageError((option) =>
      `Cannot use ${option(field)} ${value}: it must be a whole number ${range}`
    );
  }
}
