/**
 * The learning-rate policy of DLRM: linear warm-up, a plateau, quadratic decay, then frozen.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";

/** A learning rate over the steps of a run. If all members but `base` are 0, the rate is constant. */
export interface LearningRateSchedule {
  /** The learning rate that warm-up leads to and decay starts from. */
  readonly base: number;
  /** DLRM's `--lr-num-warmup-steps`. */
  readonly warmupSteps: number;
  /** DLRM's `--lr-decay-start-step`. */
  readonly decayStartStep: number;
  /** DLRM's `--lr-num-decay-steps`; 0 for no decay. */
  readonly decaySteps: number;
}

/** The same learning rate in every step. */
export function constantRate(base: number): LearningRateSchedule {
  return { base, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 };
}

/** Decay never goes below this. */
const LEAST = 1e-7;

/**
 * Checks a schedule.
 *
 * DLRM refuses a decay that starts within the warm-up even where no decay is asked for, so that DLRM has no warm-up without
 * decay; here the start matters only with decay steps.
 *
 * @throws {UsageError} A number is out of range, or the decay starts before the warm-up ends.
 */
export function checkSchedule(schedule: LearningRateSchedule): void {
  const { base, warmupSteps, decayStartStep, decaySteps } = schedule;
  if (!(base > 0 && Number.isFinite(base))) {
    throw new UsageError((option) =>
      `Cannot use ${option("training.learningRate.base")} ${base}: it must be more than 0`
    );
  }
  const counts = [
    ["training.learningRate.warmupSteps", warmupSteps],
    ["training.learningRate.decayStartStep", decayStartStep],
    ["training.learningRate.decaySteps", decaySteps],
  ] as const;
  for (const [field, value] of counts) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new UsageError((option) =>
        `Cannot use ${option(field)} ${value}: it must be a whole number, 0 or more`
      );
    }
  }
  if (decaySteps > 0 && decayStartStep < warmupSteps) {
    throw new UsageError((option) =>
      `Cannot use ${
        option("training.learningRate.decayStartStep")
      } ${decayStartStep}: the warm-up lasts until step ${warmupSteps}`
    );
  }
}

/**
 * The learning rate of a step.
 *
 * With n = step + 1 (DLRM counts the first minibatch as 1), W warm-up steps, decay from S over N steps:
 * - n < W: base · n / W
 * - S ≤ n < S + N: max(base · ((N − (n − S)) / N)², 1e-7)
 * - otherwise, with decay asked for: as it was last, so base · (W − 1) / W between warm-up and decay, and the end
 *   of the decay after it
 * - otherwise: base
 *
 * One case differs from DLRM, which ends with an error there: with decay asked for and no warm-up, the rate before
 * the decay is `base`.
 *
 * @param step Minibatches trained before this one, counted over all epochs: 0 for the first.
 */
export function learningRate(schedule: LearningRateSchedule, step: number): number {
  const { base, warmupSteps, decayStartStep, decaySteps } = schedule;
  const n = step + 1;
  if (n < warmupSteps) return base * (1 - (warmupSteps - n) / warmupSteps);
  if (decaySteps === 0) return base;
  if (n >= decayStartStep) {
    const decayed = Math.min(n - decayStartStep, decaySteps - 1);
    const scale = ((decaySteps - decayed) / decaySteps) ** 2;
    return Math.max(LEAST, base * scale);
  }
  return warmupSteps > 1 ? base * (1 - 1 / warmupSteps) : base;
}
