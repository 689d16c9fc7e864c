// The sigmoid and its gradient, element by element. Argument order: see wasm.ts. A task is one run of rows.

import { expOfNegative } from "../cpu/math.as";
import { storeLanes } from "../cpu/simd.as";
import { arg, claim } from "../cpu/team.as";

const ROWS_A_TASK: i32 = 32;

/** y = sigmoid(x), in float64 throughout. */
export function sigmoidForward(op: usize): void {
  const M = arg(op, 0), N = arg(op, 1);
  const x = arg(op, 2), ldx = arg(op, 3), y = arg(op, 4), ldy = arg(op, 5);
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let i = m; i < end; i++) {
      for (let j = 0; j < N; j++) {
        const value = <f64>load<f32>(x + i * ldx + (j << 2));
        const e = expOfNegative(-abs(value));
        store<f32>(y + i * ldy + (j << 2), <f32>((value >= 0 ? 1 : e) / (1 + e)));
      }
    }
  }
}

/** dx = dy · y (1 − y). */
export function sigmoidBackward(op: usize): void {
  const M = arg(op, 0), N = arg(op, 1);
  const y = arg(op, 2), ldy = arg(op, 3), dy = arg(op, 4), lddy = arg(op, 5);
  const dx = arg(op, 6), lddx = arg(op, 7);
  const one = f32x4.splat(1);
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let i = m; i < end; i++) {
      for (let j = 0; j < N; j += 4) {
        const s = v128.load(y + i * ldy + (j << 2)), g = v128.load(dy + i * lddy + (j << 2));
        const slope = f32x4.mul(s, f32x4.sub(one, s));
        storeLanes(dx + i * lddx + (j << 2), f32x4.mul(g, slope), N - j);
      }
    }
  }
}
