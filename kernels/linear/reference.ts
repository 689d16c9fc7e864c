/**
 * Float64 reference of the fully connected layer, for tests only.
 *
 * @module
 */

/** Y = act(X Wᵀ + b): x is M × K, w is N × K, b has N numbers; gives M × N. All row-major without padding. */
export function linearForward(
  x: Float64Array,
  w: Float64Array,
  b: Float64Array,
  M: number,
  K: number,
  N: number,
  relu: boolean,
): Float64Array {
  const y = new Float64Array(M * N);
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum = b[j]!;
      for (let k = 0; k < K; k++) sum += x[i * K + k]! * w[j * K + k]!;
      y[i * N + j] = relu ? Math.max(0, sum) : sum;
    }
  }
  return y;
}

/** dX = (dY W) ∘ [mask > 0]: dy is M × N, w is N × K, mask is M × K or null; gives M × K. */
export function linearBackwardInput(
  dy: Float64Array,
  w: Float64Array,
  mask: Float64Array | null,
  M: number,
  K: number,
  N: number,
): Float64Array {
  const dx = new Float64Array(M * K);
  for (let i = 0; i < M; i++) {
    for (let k = 0; k < K; k++) {
      if (mask !== null && !(mask[i * K + k]! > 0)) continue;
      let sum = 0;
      for (let j = 0; j < N; j++) sum += dy[i * N + j]! * w[j * K + k]!;
      dx[i * K + k] = sum;
    }
  }
  return dx;
}

/** dW = dYᵀ X (N × K) and db = column sums of dY (N). */
export function linearBackwardWeights(
  dy: Float64Array,
  x: Float64Array,
  M: number,
  K: number,
  N: number,
): { dw: Float64Array; db: Float64Array } {
  const dw = new Float64Array(N * K);
  const db = new Float64Array(N);
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      const g = dy[i * N + j]!;
      db[j]! += g;
      for (let k = 0; k < K; k++) dw[j * K + k]! += g * x[i * K + k]!;
    }
  }
  return { dw, db };
}
