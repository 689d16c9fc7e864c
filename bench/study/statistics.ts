/**
 * Means over seeds with 95 % intervals, paired differences between variants, and what such differences show.
 *
 * @module
 */

import { studentCdf, studentQuantile } from "../../core/student.ts";

/** A mean over seeds. */
export interface Estimate {
  readonly seeds: number;
  readonly mean: number;
  /** Half the width of the 95 % interval (Student's t); null for a single seed. */
  readonly half: number | null;
}

/** Quantile 0.975 of Student's t, of which 95 % intervals are made. */
export function t975(degrees: number): number {
  return studentQuantile(0.975, degrees);
}

/** The mean of some values with its interval. Throws a `RangeError` if there are none. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) throw new RangeError("Cannot estimate a mean: there are no values");
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  if (n === 1) return { seeds: 1, mean, half: null };
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1);
  return { seeds: n, mean, half: t975(n - 1) * Math.sqrt(variance / n) };
}

/** The differences a - b of the seeds that both have. */
export function differencesBySeed(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): Map<number, number> {
  return new Map(
    [...a].filter(([seed]) => b.has(seed)).map(([seed, value]) => [seed, value - b.get(seed)!]),
  );
}

/** The mean difference a - b over the seeds that both have. Null where there are none. */
export function pairedDifference(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): Estimate | null {
  const differences = [...differencesBySeed(a, b).values()];
  return differences.length === 0 ? null : estimate(differences);
}

/** Fewer seeds than this decide nothing: with two, Student's t is 12.7 and the spread a guess. */
export const LEAST_SEEDS = 3;

/** Level of tests, two-sided, and of the error that a table of them may make. */
export const LEVEL = 0.05;

/** Chance with which a difference of the smallest size that counts as visible would have been found. */
const POWER = 0.8;

/** The standard error of a mean; null for a single seed. */
export function standardError({ seeds, half }: Estimate): number | null {
  return half === null ? null : half / t975(seeds - 1);
}

/** The probability of a mean as far from zero as this if the true one were zero, two-sided; null for a single seed. */
export function pValue(found: Estimate): number | null {
  const error = standardError(found);
  if (error === null) return null;
  if (error === 0) return found.mean === 0 ? 1 : 0;
  return 2 * studentCdf(-Math.abs(found.mean) / error, found.seeds - 1);
}

/**
 * Holm's correction: p-values of a table, each raised so that those below {@linkcode LEVEL} are false with no more than that
 * probability all together. Nulls stay, and count for nothing.
 */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const tested = values.flatMap((p, i) => p === null ? [] : [{ p, i }]).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = values.map(() => null);
  let least = 0;
  for (const [rank, { p, i }] of tested.entries()) {
    least = Math.max(least, Math.min(1, (tested.length - rank) * p));
    adjusted[i] = least;
  }
  return adjusted;
}

/**
 * The smallest true difference that as many seeds with this spread would have shown with a probability of 80 %, by a
 * two-sided test at 5 %; null for a single seed.
 *
 * @param tests How many are tested together: it is shown whatever the others come to.
 */
export function smallestVisible(found: Estimate, tests = 1): number | null {
  const error = standardError(found), degrees = found.seeds - 1;
  return error === null ? null : visibleErrors(degrees, tests) * error;
}

/** Standard errors of {@linkcode smallestVisible}. Holm's correction asks no more of one of some tests than Bonferroni's. */
function visibleErrors(degrees: number, tests: number): number {
  return studentQuantile(1 - LEVEL / 2 / tests, degrees) + studentQuantile(POWER, degrees);
}

/** More seeds than this nobody looks for. */
const MOST_SEEDS = 1000;

/**
 * How many seeds with this spread would show a true difference with a probability of 80 %, as {@linkcode smallestVisible} has
 * it; null for a single seed, and where a thousand would not.
 */
export function seedsToSee(found: Estimate, difference: number, tests = 1): number | null {
  const error = standardError(found);
  if (error === null) return null;
  const deviation = error * Math.sqrt(found.seeds);
  for (let seeds = LEAST_SEEDS; seeds <= MOST_SEEDS; seeds++) {
    if (visibleErrors(seeds - 1, tests) * deviation / Math.sqrt(seeds) <= difference) return seeds;
  }
  return null;
}

/** The end of the one-sided 95 % interval below a mean: the true one is above it; null for a single seed. */
export function lowerBound(found: Estimate): number | null {
  const error = standardError(found);
  return error === null ? null : found.mean - studentQuantile(1 - LEVEL, found.seeds - 1) * error;
}

/** Whether a difference is shown to be no worse than `-margin`; null with too few seeds to say. */
export function isNotWorse(found: Estimate, margin: number): boolean | null {
  return found.seeds < LEAST_SEEDS ? null : lowerBound(found)! > -margin;
}

/**
 * Whether a difference is shown to lie between `-margin` and `margin` (two one-sided tests, each at 5 %); null with too few
 * seeds to say.
 */
export function isEquivalent(found: Estimate, margin: number): boolean | null {
  const negated = { ...found, mean: -found.mean };
  return found.seeds < LEAST_SEEDS
    ? null
    : isNotWorse(found, margin)! && isNotWorse(negated, margin)!;
}

/** Whether an interval leaves zero out. */
export function excludesZero({ mean, half }: Estimate): boolean {
  return half !== null && Math.abs(mean) > half;
}

/** A ratio of positive measurements, paired by seed. */
export interface RatioEstimate {
  readonly seeds: number;
  /** Geometric mean. */
  readonly ratio: number;
  /** Ends of the 95 % interval (Student's t on logarithms); null for a single seed. */
  readonly low: number | null;
  readonly high: number | null;
}

/** The ratio a / b over the seeds that both have. Null where there are none. */
export function estimateRatio(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): RatioEstimate | null {
  const logs = (map: ReadonlyMap<number, number>): Map<number, number> =>
    new Map([...map].map(([seed, value]) => [seed, Math.log(value)]));
  const found = pairedDifference(logs(a), logs(b));
  if (found === null) return null;
  const { seeds, mean, half } = found;
  return {
    seeds,
    ratio: Math.exp(mean),
    low: half === null ? null : Math.exp(mean - half),
    high: half === null ? null : Math.exp(mean + half),
  };
}

/** `1.18 (1.12 … 1.24)`; empty for nothing. */
export function formatRatio(of: RatioEstimate | null, digits = 2): string {
  if (of === null) return "";
  const { ratio, low, high } = of;
  const interval = low === null ? "" : ` (${low.toFixed(digits)} … ${high!.toFixed(digits)})`;
  return `${ratio.toFixed(digits)}${interval}`;
}
