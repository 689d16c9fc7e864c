/**
 * Means over seeds with 95 % intervals, and paired differences between variants.
 *
 * @module
 */

/** A mean over seeds. */
export interface Estimate {
  readonly seeds: number;
  readonly mean: number;
  /** Half the width of the 95 % interval (Student's t); null for a single seed. */
  readonly half: number | null;
}

/** Quantiles 0.975 of Student's t for 1, 2, … 30 degrees of freedom; the last serves for more, a little wide. */
const T975 = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
  ...[2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042],
];

/** Quantile 0.975 of Student's t; of fewer degrees of freedom where they are no whole number, which is a little wide. */
export function t975(degrees: number): number {
  return T975[Math.floor(degrees) - 1] ?? T975.at(-1)!;
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

/** The mean difference a - b over the seeds that both have. Null where there are none. */
export function pairedDifference(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): Estimate | null {
  const differences = [...a].flatMap(([seed, value]) => {
    const other = b.get(seed);
    return other === undefined ? [] : [value - other];
  });
  return differences.length === 0 ? null : estimate(differences);
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
