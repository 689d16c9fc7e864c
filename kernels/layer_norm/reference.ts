/**
 * Float64 reference of the layer normalisation of vectors, for tests only.
 *
 * @module
 */

import { LAYER_NORM_EPS } from "./record.ts";

/** y = (x − mean) / sqrt(variance + 1e-5) for each run of `dim` numbers. */
export function layerNormForward(x: Float64Array, dim: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += dim) {
    const { mean, deviation } = statistics(x.subarray(at, at + dim));
    for (let c = at; c < at + dim; c++) y[c] = (x[c]! - mean) / deviation;
  }
  return y;
}

/**
 * dx = (dy − mean(dy) − y mean(dy · y)) / sqrt(variance + 1e-5); x and dy are B × (features · dim). With `maskFirst`,
 * coordinates of vector 0 that are not above 0 get gradient 0.
 */
export function layerNormBackward(
  x: Float64Array,
  dy: Float64Array,
  features: number,
  dim: number,
  maskFirst: boolean,
): Float64Array {
  const dx = new Float64Array(x.length);
  const y = layerNormForward(x, dim);
  for (let at = 0; at < x.length; at += dim) {
    const { deviation } = statistics(x.subarray(at, at + dim));
    let gradient = 0, along = 0;
    for (let c = at; c < at + dim; c++) {
      gradient += dy[c]! / dim;
      along += dy[c]! * y[c]! / dim;
    }
    const masked = maskFirst && at % (features * dim) === 0;
    for (let c = at; c < at + dim; c++) {
      if (masked && !(x[c]! > 0)) continue;
      dx[c] = (dy[c]! - gradient - y[c]! * along) / deviation;
    }
  }
  return dx;
}

function statistics(vector: Float64Array): { mean: number; deviation: number } {
  let sum = 0, squares = 0;
  for (const value of vector) sum += value;
  const mean = sum / vector.length;
  for (const value of vector) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / vector.length + LAYER_NORM_EPS) };
}
