// The fully connected layer of one output, where packing for tiles would cost more than the product itself: dot
// products forward, multiples of one row backward.

import { storeLanes, sumLanes } from "../cpu/simd.as";
import { arg, claim } from "../cpu/team.as";
import {
  LinearBackwardInput as BackwardInput,
  LinearBackwardWeights as BackwardWeights,
  LinearForward as Forward,
} from "../cpu/words.as";

const ROWS_A_TASK: i32 = 64;
const COLUMNS_A_TASK: i32 = 32;

/** y = act(X wᵀ + b); arguments as linearForward. */
export function columnForward(op: usize): void {
  const M = arg(op, Forward.M), K = arg(op, Forward.K);
  const x = arg(op, Forward.x), ldx = arg(op, Forward.ldx), w = arg(op, Forward.w);
  const bias = load<f32>(arg(op, Forward.bias)), y = arg(op, Forward.y), ldy = arg(op, Forward.ldy);
  const relu = arg(op, Forward.relu);
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let i = m; i < end; i++) {
      const sum = dot(x + i * ldx, w, K) + bias;
      store<f32>(y + i * ldy, relu != 0 && sum < 0 ? 0 : sum);
    }
  }
}

function dot(x: usize, w: usize, K: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let k = 0;
  for (; k + 16 <= K; k += 16) {
    s0 = f32x4.relaxed_madd(v128.load(x), v128.load(w), s0);
    s1 = f32x4.relaxed_madd(v128.load(x, 16), v128.load(w, 16), s1);
    s2 = f32x4.relaxed_madd(v128.load(x, 32), v128.load(w, 32), s2);
    s3 = f32x4.relaxed_madd(v128.load(x, 48), v128.load(w, 48), s3);
    x += 64;
    w += 64;
  }
  let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; k < K; k++) {
    sum += load<f32>(x) * load<f32>(w);
    x += 4;
    w += 4;
  }
  return sum;
}

/** dX = (dy w) ∘ [mask > 0]; arguments as linearBackwardInput. */
export function columnBackwardInput(op: usize): void {
  const M = arg(op, BackwardInput.M), K = arg(op, BackwardInput.K);
  const dy = arg(op, BackwardInput.dy), lddy = arg(op, BackwardInput.lddy);
  const w = arg(op, BackwardInput.w);
  const dx = arg(op, BackwardInput.dx), lddx = arg(op, BackwardInput.lddx);
  const mask = arg(op, BackwardInput.mask), ldm = arg(op, BackwardInput.ldmask);
  const zero = f32x4.splat(0);
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let i = m; i < end; i++) {
      const g = v128.load32_splat(dy + i * lddy);
      const to = dx + i * lddx, gate = mask + i * ldm;
      for (let k = 0; k < K; k += 4) {
        let product = f32x4.mul(g, v128.load(w + (k << 2)));
        if (mask != 0) product = v128.and(product, f32x4.gt(v128.load(gate + (k << 2)), zero));
        storeLanes(to + (k << 2), product, K - k);
      }
    }
  }
}

/** dw = dyᵀ X and db = sum of dy; arguments as linearBackwardWeights. */
export function columnBackwardWeights(op: usize): void {
  const M = arg(op, BackwardWeights.M), K = arg(op, BackwardWeights.K);
  const dy = arg(op, BackwardWeights.dy), lddy = arg(op, BackwardWeights.lddy);
  const x = arg(op, BackwardWeights.x), ldx = arg(op, BackwardWeights.ldx);
  const dw = arg(op, BackwardWeights.dw), db = arg(op, BackwardWeights.db);
  const groups = (K + COLUMNS_A_TASK - 1) / COLUMNS_A_TASK;
  for (let task = claim(op, 0); task <= groups; task = claim(op, 0)) {
    if (task == groups) {
      let sum: f32 = 0;
      for (let m = 0; m < M; m++) sum += load<f32>(dy + m * lddy);
      store<f32>(db, sum);
      continue;
    }
    const first = task * COLUMNS_A_TASK;
    const end = min(K, first + COLUMNS_A_TASK);
    let k = first;
    for (; k + 16 <= end; k += 16) sixteenColumns(M, dy, lddy, x + (k << 2), ldx, dw + (k << 2));
    for (; k < end; k += 4) fourColumns(M, dy, lddy, x + (k << 2), ldx, dw + (k << 2), end - k);
  }
}

function sixteenColumns(M: i32, dy: usize, lddy: usize, x: usize, ldx: usize, dw: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let m = 0; m < M; m++) {
    const g = v128.load32_splat(dy);
    s0 = f32x4.relaxed_madd(g, v128.load(x), s0);
    s1 = f32x4.relaxed_madd(g, v128.load(x, 16), s1);
    s2 = f32x4.relaxed_madd(g, v128.load(x, 32), s2);
    s3 = f32x4.relaxed_madd(g, v128.load(x, 48), s3);
    dy += lddy;
    x += ldx;
  }
  v128.store(dw, s0);
  v128.store(dw, s1, 16);
  v128.store(dw, s2, 32);
  v128.store(dw, s3, 48);
}

function fourColumns(
  M: i32,
  dy: usize,
  lddy: usize,
  x: usize,
  ldx: usize,
  dw: usize,
  count: i32,
): void {
  let s = f32x4.splat(0);
  for (let m = 0; m < M; m++) {
    s = f32x4.relaxed_madd(v128.load32_splat(dy), v128.load(x), s);
    dy += lddy;
    x += ldx;
  }
  storeLanes(dw, s, count);
}
