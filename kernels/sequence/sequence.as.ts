// Attention over a sequence of steps and its gradient. Argument order: see wasm.ts. A task is one run of inputs.

import { laneMask, storeLanes, sumLanes } from "../cpu/simd.as";
import { arg, claim } from "../cpu/team.as";

const INPUTS_A_TASK: i32 = 16;

/** a[b, s] = h[b, s] · x[b]. */
export function sequenceDot(op: usize): void {
  const B = arg(op, 0), S = arg(op, 1), D = arg(op, 2);
  const h = arg(op, 3), ldh = arg(op, 4), input = arg(op, 5);
  const x = arg(op, 6), ldx = arg(op, 7), a = arg(op, 8), lda = arg(op, 9);
  for (let m = claim(op, 0) * INPUTS_A_TASK; m < B; m = claim(op, 0) * INPUTS_A_TASK) {
    const end = min(B, m + INPUTS_A_TASK);
    for (let b = m; b < end; b++) {
      for (let s = 0; s < S; s++) {
        store<f32>(a + b * lda + (s << 2), dot(h + b * input + s * ldh, x + b * ldx, D));
      }
    }
  }
}

function dot(x: usize, y: usize, D: i32): f32 {
  let sum = f32x4.splat(0);
  let j = 0;
  for (; j + 4 <= D; j += 4) {
    sum = f32x4.relaxed_madd(v128.load(x + (j << 2)), v128.load(y + (j << 2)), sum);
  }
  if (j < D) {
    // Both are masked: padding may hold anything, a NaN too.
    const mask = laneMask(D - j);
    sum = f32x4.relaxed_madd(
      v128.and(v128.load(x + (j << 2)), mask),
      v128.and(v128.load(y + (j << 2)), mask),
      sum,
    );
  }
  return sumLanes(sum);
}

/** c[b] = [Σ_s y[b, s] h[b, s]; tail[b]]. */
export function sequencePool(op: usize): void {
  const B = arg(op, 0), S = arg(op, 1), D = arg(op, 2);
  const h = arg(op, 3), ldh = arg(op, 4), input = arg(op, 5);
  const y = arg(op, 6), ldy = arg(op, 7), tail = arg(op, 8), ldt = arg(op, 9), T = arg(op, 10);
  const c = arg(op, 11), ldc = arg(op, 12);
  for (let m = claim(op, 0) * INPUTS_A_TASK; m < B; m = claim(op, 0) * INPUTS_A_TASK) {
    const end = min(B, m + INPUTS_A_TASK);
    for (let b = m; b < end; b++) {
      const to = c + b * ldc;
      for (let j = 0; j < D; j += 4) {
        let sum = f32x4.splat(0);
        for (let s = 0; s < S; s++) {
          const step = v128.load(h + b * input + s * ldh + (j << 2));
          sum = f32x4.relaxed_madd(v128.load32_splat(y + b * ldy + (s << 2)), step, sum);
        }
        storeLanes(to + (j << 2), sum, D - j);
      }
      for (let j = 0; j < T; j += 4) {
        storeLanes(to + ((D + j) << 2), v128.load(tail + b * ldt + (j << 2)), T - j);
      }
    }
  }
}

/** dh[b, s] = y[b, s] dc[b] + da[b, s] x[b], and after the history, with `query`, the tail's gradient and the query's. */
export function sequenceBackward(op: usize): void {
  const B = arg(op, 0), S = arg(op, 1), D = arg(op, 2);
  const y = arg(op, 3), ldy = arg(op, 4), da = arg(op, 5), ldda = arg(op, 6);
  const x = arg(op, 7), ldx = arg(op, 8), dc = arg(op, 9), lddc = arg(op, 10);
  const query = arg(op, 11), ldq = arg(op, 12);
  const dh = arg(op, 13), lddh = arg(op, 14), input = arg(op, 15);
  for (let m = claim(op, 0) * INPUTS_A_TASK; m < B; m = claim(op, 0) * INPUTS_A_TASK) {
    const end = min(B, m + INPUTS_A_TASK);
    for (let b = m; b < end; b++) {
      const first = dh + b * input;
      for (let j = 0; j < D; j += 4) {
        const context = v128.load(dc + b * lddc + (j << 2)), key = v128.load(x + b * ldx + (j << 2));
        for (let s = 0; s < S; s++) {
          const weight = v128.load32_splat(y + b * ldy + (s << 2));
          const score = v128.load32_splat(da + b * ldda + (s << 2));
          const sum = f32x4.relaxed_madd(score, key, f32x4.mul(weight, context));
          storeLanes(first + s * lddh + (j << 2), sum, D - j);
        }
        if (query != 0) {
          const direct = v128.load(dc + b * lddc + ((D + j) << 2));
          const sum = f32x4.add(direct, v128.load(query + b * ldq + (j << 2)));
          storeLanes(first + S * lddh + (j << 2), sum, D - j);
        }
      }
    }
  }
}
