/**
 * Float64 reference of the standardisation of columns, for tests only.
 *
 * @module
 */

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
