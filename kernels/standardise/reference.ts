/**
 * Float64 reference of running column statistics and the standardisation by them, for tests only.
 *
 * @module
 */

/**
 * mean += w (m − mean), variance += w (v − variance), with m and v the means and biased variances of x's N columns. No
 * rows change nothing.
 */
export function columnStatistics(
  x: Float64Array,
  mean: Float64Array,
  variance: Float64Array,
  weight: number,
): { mean: Float64Array; variance: Float64Array } {
  const N = mean.length, M = N === 0 ? 0 : x.length / N;
  const after = { mean: mean.slice(), variance: variance.slice() };
  if (M === 0) return after;
  for (let j = 0; j < N; j++) {
    let sum = 0, squares = 0;
    for (let i = 0; i < M; i++) sum += x[i * N + j]!;
    for (let i = 0; i < M; i++) squares += (x[i * N + j]! - sum / M) ** 2;
    after.mean[j]! += weight * (sum / M - mean[j]!);
    after.variance[j]! += weight * (squares / M - variance[j]!);
  }
  return after;
}

/** y = (x − mean) / sqrt(variance + eps), column by column; a mean of null is 0. */
export function standardise(
  x: Float64Array,
  mean: Float64Array | null,
  variance: Float64Array,
  eps: number,
): Float64Array {
  const N = variance.length;
  return x.map((value, i) => (value - (mean?.[i % N] ?? 0)) / Math.sqrt(variance[i % N]! + eps));
}
