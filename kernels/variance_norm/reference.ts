/**
 * Float64 reference of the variance-only layer normalisation of vectors, for tests only.
 *
 * @module
 */

/** y = gain x / sqrt(variance + eps); x is B × (F · dim), gain and eps have F numbers. */
export function varianceNormForward(
  x: Float64Array,
  dim: number,
  gain: Float64Array,
  eps: Float64Array,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += dim) {
    const f = at / dim % gain.length;
    const { deviation } = statistics(x.subarray(at, at + dim), eps[f]!);
    for (let c = at; c < at + dim; c++) y[c] = gain[f]! * x[c]! / deviation;
  }
  return y;
}

/**
 * dx = gain / s (dy − (x − mean) / s mean(dy · x / s)) with s = sqrt(variance + eps), and dgain = Σ dy · x / s.
 */
export function varianceNormBackward(
  x: Float64Array,
  dim: number,
  gain: Float64Array,
  eps: Float64Array,
  dy: Float64Array,
): { dx: Float64Array; dgain: Float64Array } {
  const dx = new Float64Array(x.length);
  const dgain = new Float64Array(gain.length);
  for (let at = 0; at < x.length; at += dim) {
    const f = at / dim % gain.length;
    const { mean, deviation } = statistics(x.subarray(at, at + dim), eps[f]!);
    let along = 0;
    for (let c = at; c < at + dim; c++) along += dy[c]! * x[c]! / deviation;
    dgain[f]! += along;
    for (let c = at; c < at + dim; c++) {
      const centred = (x[c]! - mean) / deviation;
      dx[c] = gain[f]! * (dy[c]! - centred * along / dim) / deviation;
    }
  }
  return { dx, dgain };
}

function statistics(vector: Float64Array, eps: number): { mean: number; deviation: number } {
  let sum = 0, squares = 0;
  for (const value of vector) sum += value;
  const mean = sum / vector.length;
  for (const value of vector) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / vector.length + eps) };
}
