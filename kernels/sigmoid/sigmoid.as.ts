// The sigmoid and its gradient, element by element. Arguments: see wasm.ts. A task is one run of rows.

import { expOfNegative } from "../cpu/math.as";
import { storeLanes } from "../cpu/simd.as";
import { arg, claim } from "../cpu/team.as";
import { SigmoidBackward as Backward, SigmoidForward as Forward } from "../cpu/words.as";

const ROWS_A_TASK: i32 = 32;

/** y = sigmoid(x), in float64 throughout. */
export function sigmoidForward(op: usize): void {
  const M = arg(op, Forward.M), N = arg(op, Forward.N);
  const x = arg(op, Forward.x), ldx = arg(op, Forward.ldx), y = arg(op, Forward.y);
  const ldy = arg(op, Forward.ldy);
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
  const M = arg(op, Backward.M), N = arg(op, Backward.N);
  const y = arg(op, Backward.y), ldy = arg(op, Backward.ldy), dy = arg(op, Backward.dy);
  const lddy = arg(op, Backward.lddy);
  const dx = arg(op, Backward.dx), lddx = arg(op, Backward.lddx);
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
