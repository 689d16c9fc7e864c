/**
 * Summaries of repeated measurements.
 *
 * @module
 */

import { median, quantileSorted } from "./npm/d3_array.ts";

/** Repeated measurements of one thing, in the unit they came in. */
export interface Summary {
  readonly runs: number;
  readonly median: number;
  /** 90th percentile. */
  readonly p90: number;
  readonly min: number;
  readonly max: number;
  /** 95 % interval of the median from order statistics (binomial), the whole range below 6 runs. */
  readonly interval: readonly [number, number];
}

/** Summarises measurements. Throws a `RangeError` if there are none. */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError("Cannot summarise measurements: there are none");
  const sorted = [...values].sort((a, b) => a - b);
  return {
    runs: sorted.length,
    median: median(sorted)!,
    p90: quantileSorted(sorted, 0.9)!,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    interval: medianInterval(sorted),
  };
}

/** Order statistics l and n+1-l with coverage of at least 95 %: P(l ≤ Binomial(n, 1/2) < n+1-l). */
function medianInterval(sorted: readonly number[]): [number, number] {
  const n = sorted.length;
  let below = 0, term = 2 ** -n, l = 0;
  // `below` is P(X ≤ l); both tails together may hold 5 %.
  while (below + term <= 0.025) {
    below += term;
    l++;
    term *= (n - l + 1) / l;
  }
  return [sorted[Math.max(0, l - 1)]!, sorted[Math.min(n - 1, n - l)]!];
}
