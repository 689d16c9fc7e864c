// Variance-only layer normalisation of vectors and its gradient. Arguments: see wasm.ts. A task is one run of inputs;
// the gains' gradients are summed a task, then over the tasks in order.

import { WORKSPACE } from "../cpu/layout";
import { laneMask, loadLanes, storeLanes, sumLanes } from "../cpu/simd.as";
import { arg, barrier, claim } from "../cpu/team.as";
import { VarianceNormBackward as Backward, VarianceNormForward as Forward } from "../cpu/words.as";

const INPUTS_A_TASK: i32 = 16;

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

/** sqrt(variance + eps). */
function deviationOf(x: usize, mean: v128, dim: i32, eps: f32): f32 {
  let squares = f32x4.splat(0);
  for (let c = 0; c < dim; c += 4) {
    const d = deviations(x + (c << 2), mean, dim - c);
    squares = f32x4.relaxed_madd(d, d, squares);
  }
  return sqrt<f32>(sumLanes(squares) / <f32>dim + eps);
}

/** y = gain x / sqrt(variance + eps). */
export function varianceNormForward(op: usize): void {
  const B = arg(op, Forward.B), F = arg(op, Forward.F), dim = arg(op, Forward.dim);
  const x = arg(op, Forward.x), ldx = arg(op, Forward.ldx), y = arg(op, Forward.y);
  const ldy = arg(op, Forward.ldy);
  const gain = arg(op, Forward.gain), eps = arg(op, Forward.eps);
  for (let b = claim(op, 0) * INPUTS_A_TASK; b < B; b = claim(op, 0) * INPUTS_A_TASK) {
    const end = min(B, b + INPUTS_A_TASK);
    for (let i = b; i < end; i++) {
      for (let f = 0; f < F; f++) {
        const from = x + i * ldx + f * (dim << 2), to = y + i * ldy + f * (dim << 2);
        const deviation = deviationOf(from, meanOf(from, dim), dim, load<f32>(eps + (f << 2)));
        const factor = f32x4.splat(load<f32>(gain + (f << 2)) / deviation);
        for (let c = 0; c < dim; c += 4) {
          storeLanes(to + (c << 2), f32x4.mul(v128.load(from + (c << 2)), factor), dim - c);
        }
      }
    }
  }
}

/** dx = gain / s (dy − (x − mean) / s mean(dy · x / s)), and dgain. */
export function varianceNormBackward(op: usize): void {
  const B = arg(op, Backward.B), F = arg(op, Backward.F), dim = arg(op, Backward.dim);
  const x = arg(op, Backward.x), ldx = arg(op, Backward.ldx), dy = arg(op, Backward.dy);
  const lddy = arg(op, Backward.lddy);
  const dx = arg(op, Backward.dx), lddx = arg(op, Backward.lddx);
  const gain = arg(op, Backward.gain), eps = arg(op, Backward.eps);
  const dgain = arg(op, Backward.dgain);
  const partial = load<usize>(WORKSPACE);
  const tasks = (B + INPUTS_A_TASK - 1) / INPUTS_A_TASK;
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const sums = partial + ((task * F) << 2);
    const begin = task * INPUTS_A_TASK;
    const end = min(B, begin + INPUTS_A_TASK);
    for (let f = 0; f < F; f++) {
      const at = f * (dim << 2);
      const factor = load<f32>(gain + (f << 2)), added = load<f32>(eps + (f << 2));
      let sum: f32 = 0;
      for (let i = begin; i < end; i++) {
        sum += backwardOne(
          x + i * ldx + at,
          dy + i * lddy + at,
          dx + i * lddx + at,
          dim,
          factor,
          added,
        );
      }
      store<f32>(sums + (f << 2), sum);
    }
  }
  barrier();
  for (let f = claim(op, 1); f < F; f = claim(op, 1)) {
    let sum: f32 = 0;
    for (let task = 0; task < tasks; task++) sum += load<f32>(partial + ((task * F + f) << 2));
    store<f32>(dgain + (f << 2), sum);
  }
}

/** Gives the sum of dy · x / s. */
function backwardOne(
  x: usize,
  dy: usize,
  dx: usize,
  dim: i32,
  gain: f32,
  eps: f32,
): f32 {
  const mean = meanOf(x, dim);
  const s = deviationOf(x, mean, dim, eps);
  let sums = f32x4.splat(0);
  for (let c = 0; c < dim; c += 4) {
    sums = f32x4.relaxed_madd(loadLanes(x + (c << 2), dim - c), loadLanes(dy + (c << 2), dim - c), sums);
  }
  const along = sumLanes(sums) / s;
  const slope = f32x4.splat(along / <f32>dim / s), factor = f32x4.splat(gain / s);
  for (let c = 0; c < dim; c += 4) {
    const centred = f32x4.mul(f32x4.sub(v128.load(x + (c << 2)), mean), slope);
    const g = f32x4.mul(f32x4.sub(v128.load(dy + (c << 2)), centred), factor);
    storeLanes(dx + (c << 2), g, dim - c);
  }
  return along;
}
