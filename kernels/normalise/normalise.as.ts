// L2 normalisation of rows and its gradient. Arguments: see wasm.ts. A task is one run of rows.

import { loadLanes, storeLanes, sumLanes } from "../cpu/simd.as";
import { arg, claim } from "../cpu/team.as";
import { NormaliseBackward as Backward, NormaliseForward as Forward } from "../cpu/words.as";

const ROWS_A_TASK: i32 = 64;
const LEAST_NORM: f32 = 1e-12;

function norm(z: usize, D: i32): f32 {
  let squares = f32x4.splat(0);
  for (let j = 0; j < D; j += 4) {
    const x = loadLanes(z + (j << 2), D - j);
    squares = f32x4.relaxed_madd(x, x, squares);
  }
  return sqrt<f32>(sumLanes(squares));
}

/** v = z / max(‖z‖, 1e-12). */
export function normaliseForward(op: usize): void {
  const M = arg(op, Forward.M), D = arg(op, Forward.D);
  const z = arg(op, Forward.z), ldz = arg(op, Forward.ldz), v = arg(op, Forward.v);
  const ldv = arg(op, Forward.ldv);
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let i = m; i < end; i++) {
      const from = z + i * ldz, to = v + i * ldv;
      const length = f32x4.splat(max<f32>(norm(from, D), LEAST_NORM));
      for (let j = 0; j < D; j += 4) {
        storeLanes(to + (j << 2), f32x4.div(v128.load(from + (j << 2)), length), D - j);
      }
    }
  }
}

/** dz = (dv − v (v·dv)) / ‖z‖; rows no longer than 1e-12 are linear in z, and have no part along v to take off. */
export function normaliseBackward(op: usize): void {
  const M = arg(op, Backward.M), D = arg(op, Backward.D);
  const z = arg(op, Backward.z), ldz = arg(op, Backward.ldz), dv = arg(op, Backward.dv);
  const lddv = arg(op, Backward.lddv);
  const dz = arg(op, Backward.dz), lddz = arg(op, Backward.lddz), masked = arg(op, Backward.masked);
  const zero = f32x4.splat(0);
  for (let m = claim(op, 0) * ROWS_A_TASK; m < M; m = claim(op, 0) * ROWS_A_TASK) {
    const end = min(M, m + ROWS_A_TASK);
    for (let i = m; i < end; i++) {
      const row = z + i * ldz, grad = dv + i * lddv, to = dz + i * lddz;
      const length = norm(row, D);
      const divisor = f32x4.splat(max<f32>(length, LEAST_NORM));
      let along = zero;
      if (length > LEAST_NORM) {
        for (let j = 0; j < D; j += 4) {
          const v = f32x4.div(loadLanes(row + (j << 2), D - j), divisor);
          along = f32x4.relaxed_madd(v, loadLanes(grad + (j << 2), D - j), along);
        }
        along = f32x4.splat(sumLanes(along));
      }
      for (let j = 0; j < D; j += 4) {
        const x = v128.load(row + (j << 2));
        const v = f32x4.div(x, divisor);
        let g = f32x4.sub(v128.load(grad + (j << 2)), f32x4.mul(v, along));
        if (masked != 0) g = v128.and(g, f32x4.gt(x, zero));
        storeLanes(to + (j << 2), f32x4.div(g, divisor), D - j);
      }
    }
  }
}
