// Small vector functions that several ops use.

/** Stores the first `count` (0 to 4) floats of a vector. */
@inline
export function storeLanes(p: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(p, v);
    return;
  }
  if (count > 0) store<f32>(p, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

/** Four floats of which `left` (1 or more) count; the lanes past them are 0, whatever lies there. */
@inline
export function loadLanes(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : v128.and(v128.load(p), laneMask(left));
}

/** All bits set in the first `count` lanes (below 0: none, above 4: all). */
@inline
export function laneMask(count: i32): v128 {
  return v128.gt<i32>(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

/** Stores the 4 × 4 transpose of four row vectors, `step` bytes from one row of the result to the next. */
@inline
export function storeTransposed(p: usize, step: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(p, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(p + step, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7));
  v128.store(p + 2 * step, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5));
  v128.store(p + 3 * step, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7));
}

/** Sum of the four lanes, pairwise. */
@inline
export function sumLanes(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
