// Attention over a sequence of steps and its gradient. Arguments: see wasm.ts. A task is one run of inputs.

import { laneMask, storeLanes, sumLanes } from "../cpu/simd.as";
import { arg, claim } from "../cpu/team.as";
import {
  SequenceBackward as Backward,
  SequenceDot as Dot,
  SequencePool as Pool,
} from "../cpu/words.as";

const INPUTS_A_TASK: i32 = 16;

/** a[b, s] = h[b, s] · x[b]. */
export function sequenceDot(op: usize): void {
  const B = arg(op, Dot.B), S = arg(op, Dot.S), D = arg(op, Dot.D);
  const h = arg(op, Dot.h), ldh = arg(op, Dot.ldh), input = arg(op, Dot.input);
  const x = arg(op, Dot.x), ldx = arg(op, Dot.ldx), a = arg(op, Dot.a), lda = arg(op, Dot.lda);
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
  const B = arg(op, Pool.B), S = arg(op, Pool.S), D = arg(op, Pool.D);
  const h = arg(op, Pool.h), ldh = arg(op, Pool.ldh), input = arg(op, Pool.input);
  const y = arg(op, Pool.y), ldy = arg(op, Pool.ldy), tail = arg(op, Pool.tail);
  const ldt = arg(op, Pool.ldtail), T = arg(op, Pool.T);
  const c = arg(op, Pool.c), ldc = arg(op, Pool.ldc);
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
  const B = arg(op, Backward.B), S = arg(op, Backward.S), D = arg(op, Backward.D);
  const y = arg(op, Backward.y), ldy = arg(op, Backward.ldy), da = arg(op, Backward.da);
  const ldda = arg(op, Backward.ldda);
  const x = arg(op, Backward.x), ldx = arg(op, Backward.ldx), dc = arg(op, Backward.dc);
  const lddc = arg(op, Backward.lddc);
  const query = arg(op, Backward.query), ldq = arg(op, Backward.ldquery);
  const dh = arg(op, Backward.dh), lddh = arg(op, Backward.lddh), input = arg(op, Backward.input);
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
