// Layer normalisation of vectors and its gradient. Arguments: see wasm.ts. A task is one run of inputs.

import { laneMask, loadLanes, storeLanes, sumLanes } from "../cpu/simd.as";
import { arg, claim } from "../cpu/team.as";
import { LayerNormBackward as Backward, LayerNormForward as Forward } from "../cpu/words.as";

const INPUTS_A_TASK: i32 = 16;
const EPS: f32 = 1e-5;

/** x − mean for four floats of which `left` count; the lanes past them are 0. */
@inline
function deviations(x: usize, mean: v128, left: i32): v128 {
  const d = f32x4.sub(v128.load(x), mean);
  return left >= 4 ? d : v128.and(d, laneMask(left));
}

/** Mean of a vector, in all lanes. */
function meanOf(x: usize, dim: i32): v128 {
  let sum = f32x4.splat(0);
  for (let c = 0; c < dim; c += 4) sum = f32x4.add(sum, loadLanes(x + (c << 2), dim - c));
  return f32x4.splat(sumLanes(sum) / <f32>dim);
}

/** sqrt(variance + 1e-5), in all lanes. */
function deviationOf(x: usize, mean: v128, dim: i32): v128 {
  let squares = f32x4.splat(0);
  for (let c = 0; c < dim; c += 4) {
    const d = deviations(x + (c << 2), mean, dim - c);
    squares = f32x4.relaxed_madd(d, d, squares);
  }
  return f32x4.splat(sqrt<f32>(sumLanes(squares) / <f32>dim + EPS));
}

/** y = (x − mean) / sqrt(variance + 1e-5). */
export function layerNormForward(op: usize): void {
  const B = arg(op, Forward.B), F = arg(op, Forward.F), dim = arg(op, Forward.dim);
  const x = arg(op, Forward.x), ldx = arg(op, Forward.ldx), y = arg(op, Forward.y);
  const ldy = arg(op, Forward.ldy);
  for (let b = claim(op, 0) * INPUTS_A_TASK; b < B; b = claim(op, 0) * INPUTS_A_TASK) {
    const end = min(B, b + INPUTS_A_TASK);
    for (let i = b; i < end; i++) {
      for (let f = 0; f < F; f++) {
        const from = x + i * ldx + f * (dim << 2), to = y + i * ldy + f * (dim << 2);
        const mean = meanOf(from, dim);
        const deviation = deviationOf(from, mean, dim);
        for (let c = 0; c < dim; c += 4) {
          const d = f32x4.sub(v128.load(from + (c << 2)), mean);
          storeLanes(to + (c << 2), f32x4.div(d, deviation), dim - c);
        }
      }
    }
  }
}

/** dx = (dy − mean(dy) − y mean(dy · y)) / sqrt(variance + 1e-5), that of vector 0 masked where asked for. */
export function layerNormBackward(op: usize): void {
  const B = arg(op, Backward.B), F = arg(op, Backward.F), dim = arg(op, Backward.dim);
  const x = arg(op, Backward.x), ldx = arg(op, Backward.ldx), dy = arg(op, Backward.dy);
  const lddy = arg(op, Backward.lddy);
  const dx = arg(op, Backward.dx), lddx = arg(op, Backward.lddx);
  const maskFirst = arg(op, Backward.maskFirst);
  for (let b = claim(op, 0) * INPUTS_A_TASK; b < B; b = claim(op, 0) * INPUTS_A_TASK) {
    const end = min(B, b + INPUTS_A_TASK);
    for (let i = b; i < end; i++) {
      for (let f = 0; f < F; f++) {
        const at = f * (dim << 2);
        const masked = maskFirst != 0 && f == 0;
        backwardOne(x + i * ldx + at, dy + i * lddy + at, dx + i * lddx + at, dim, masked);
      }
    }
  }
}

function backwardOne(x: usize, dy: usize, dx: usize, dim: i32, masked: bool): void {
  const zero = f32x4.splat(0);
  const mean = meanOf(x, dim), gradient = meanOf(dy, dim);
  const deviation = deviationOf(x, mean, dim);
  let along = zero;
  for (let c = 0; c < dim; c += 4) {
    const y = f32x4.div(deviations(x + (c << 2), mean, dim - c), deviation);
    along = f32x4.relaxed_madd(y, loadLanes(dy + (c << 2), dim - c), along);
  }
  along = f32x4.splat(sumLanes(along) / <f32>dim);
  for (let c = 0; c < dim; c += 4) {
    const value = v128.load(x + (c << 2));
    const y = f32x4.div(f32x4.sub(value, mean), deviation);
    let g = f32x4.sub(f32x4.sub(v128.load(dy + (c << 2)), gradient), f32x4.mul(y, along));
    if (masked) g = v128.and(g, f32x4.gt(value, zero));
    storeLanes(dx + (c << 2), f32x4.div(g, deviation), dim - c);
  }
}
