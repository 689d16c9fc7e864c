// Columns brought to mean 0 and variance 1 by given statistics. Arguments: see wasm.ts.

import { storeLanes } from "../cpu/simd.as";
import { arg, argF32, claim } from "../cpu/team.as";
import { Standardise } from "../cpu/words.as";

const ROWS_A_TASK: i32 = 64;

/** y = (x − mean) / sqrt(variance + eps); a task is one run of rows. */
export function standardise(op: usize): void {
  const M = arg(op, Standardise.M), N = arg(op, Standardise.N), x = arg(op, Standardise.x);
  const ldx = arg(op, Standardise.ldx);
  const mean = arg(op, Standardise.mean), variance = arg(op, Standardise.variance);
  const y = arg(op, Standardise.y), ldy = arg(op, Standardise.ldy);
  const eps = f32x4.splat(argF32(op, Standardise.eps));
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let j = 0; j < N; j += 4) {
      const deviation = f32x4.sqrt(f32x4.add(v128.load(variance + (j << 2)), eps));
      const centre = mean == 0 ? f32x4.splat(0) : v128.load(mean + (j << 2));
      for (let i = m; i < end; i++) {
        const d = f32x4.sub(v128.load(x + i * ldx + (j << 2)), centre);
        storeLanes(y + i * ldy + (j << 2), f32x4.div(d, deviation), N - j);
      }
    }
  }
}
