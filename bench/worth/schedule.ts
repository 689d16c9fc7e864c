/**
 * How much is trained within some minutes: of the log as many rows, of the ways to train as many, and as many seeds as fit.
 *
 * @module
 */

import { LEAST_SEEDS } from "../study/statistics.ts";

/** Minutes unless told. */
export const BUDGET_MINUTES = 4;
/** Seeds at most unless told: more than these narrow an interval by little. */
export const MOST_SEEDS = 10;
/** Share of the time in which is trained; reading the log, simulating and drawing take the rest. */
const TRAINING_SHARE = 0.85;
/** Fewer inputs than this are trained whatever it takes: of fewer nothing is learned. */
export const LEAST_INPUTS = 10_000;

/** Seconds in which is trained, of so many minutes; no limit for null. */
export function trainingSeconds(minutes: number | null): number {
  return minutes === null ? Infinity : 60 * minutes * TRAINING_SHARE;
}

/** What is known before anything is chosen. */
export interface FirstRun {
  /** Inputs that trained. */
  readonly inputs: number;
  /** Of the run with its evaluations. */
  readonly seconds: number;
}

/**
 * How many inputs are trained: as many as let all variants that an answer needs run with three seeds.
 *
 * @param available Inputs there are; infinite where nobody knows.
 * @param variants How many an answer needs.
 */
export function chooseInputs(
  first: FirstRun,
  { available, variants, seconds }: {
    readonly available: number;
    readonly variants: number;
    readonly seconds: number;
  },
): number {
  const affordable = seconds / (variants * LEAST_SEEDS) * first.inputs / first.seconds;
  if (affordable >= available) return available;
  return Math.min(available, Math.max(LEAST_INPUTS, Number(affordable.toPrecision(2))));
}

/**
 * Seeds for which variants beyond the needed ones must leave time: three, or as many more as are asked for.
 *
 * @param asked Null for as many as fit.
 */
export function wantedSeeds(asked: number | null): number {
  return Math.max(LEAST_SEEDS, asked ?? LEAST_SEEDS);
}

/**
 * How many of the variants are trained, the first ones: all of them if the seeds of all fit, else as many as do; those that an
 * answer needs always.
 *
 * @param each Seconds of one run of each, in their order.
 * @param needed The first so many are needed.
 * @param seeds As of {@linkcode wantedSeeds}.
 */
export function chooseVariants(
  each: readonly number[],
  needed: number,
  seconds: number,
  seeds = LEAST_SEEDS,
): number {
  let count = each.length;
  const sum = () => each.slice(0, count).reduce((total, one) => total + one, 0);
  while (count > needed && seeds * sum() > seconds) count--;
  return count;
}

/**
 * How many seeds are trained.
 *
 * @param asked What was asked for; null for as many as fit, up to {@linkcode MOST_SEEDS}.
 * @param secondsASeed Of all variants.
 */
export function chooseSeeds(
  asked: number | null,
  secondsASeed: number,
  seconds: number,
): number {
  const fit = Math.max(1, Math.floor(seconds / secondsASeed));
  return Math.min(fit, asked ?? MOST_SEEDS);
}
