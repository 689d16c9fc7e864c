/**
 * Float64 reference of attention over a sequence of steps, for tests only. h is (B · steps) × D, row b · steps + s for
 * step s of input b; the first S steps of each input are its history.
 *
 * @module
 */

/** a[b, s] = h[b, s] · x[b]: x is B × D; gives B × S. */
export function sequenceDot(
  h: Float64Array,
  x: Float64Array,
  B: number,
  steps: number,
  S: number,
  D: number,
): Float64Array {
  const a = new Float64Array(B * S);
  for (let b = 0; b < B; b++) {
    for (let s = 0; s < S; s++) {
      for (let j = 0; j < D; j++) a[b * S + s]! += h[(b * steps + s) * D + j]! * x[b * D + j]!;
    }
  }
  return a;
}

/** c[b] = [Σ_s y[b, s] h[b, s]; tail[b]]: y is B × S, tail is B × T; gives B × (D + T). */
export function sequencePool(
  h: Float64Array,
  y: Float64Array,
  tail: Float64Array,
  B: number,
  steps: number,
  S: number,
  D: number,
  T: number,
): Float64Array {
  const c = new Float64Array(B * (D + T));
  for (let b = 0; b < B; b++) {
    for (let s = 0; s < S; s++) {
      for (let j = 0; j < D; j++) {
        c[b * (D + T) + j]! += y[b * S + s]! * h[(b * steps + s) * D + j]!;
      }
    }
    c.set(tail.subarray(b * T, (b + 1) * T), b * (D + T) + D);
  }
  return c;
}

/**
 * Gradient of h where a = dot(h, x) and c = pool(h, y, tail): dh[b, s] = y[b, s] dc[b] + da[b, s] x[b] for s < S. With
 * `query` the tail was step S of h, whose gradient is that of the tail (the last D columns of dc) and `query` together;
 * dc is then B × 2D, else B × D. Gives (B · steps) × D with NaN in the steps that are not written.
 */
export function sequenceBackward(
  y: Float64Array,
  da: Float64Array,
  x: Float64Array,
  dc: Float64Array,
  query: Float64Array | null,
  B: number,
  steps: number,
  S: number,
  D: number,
): Float64Array {
  const dh = new Float64Array(B * steps * D).fill(NaN);
  const width = query === null ? D : 2 * D;
  for (let b = 0; b < B; b++) {
    for (let j = 0; j < D; j++) {
      for (let s = 0; s < S; s++) {
        dh[(b * steps + s) * D + j] = y[b * S + s]! * dc[b * width + j]! +
          da[b * S + s]! * x[b * D + j]!;
      }
      if (query !== null) {
        dh[(b * steps + S) * D + j] = dc[b * width + D + j]! + query[b * D + j]!;
      }
    }
  }
  return dh;
}
