// Mean binary cross-entropy of logits and its gradient, in float64 throughout. Arguments: see wasm.ts. Each run
// of logits gives one partial sum; the partial sums are added in order.

import { WORKSPACE } from "../cpu/layout";
import { expOfNegative } from "../cpu/math.as";
import { arg, barrier, claim } from "../cpu/team.as";
import { Bce } from "../cpu/words.as";

const LOGITS_A_TASK: i32 = 64;

export function bce(op: usize): void {
  const M = arg(op, Bce.M);
  const logits = arg(op, Bce.logits), ldl = arg(op, Bce.ldlogits), labels = arg(op, Bce.labels);
  const ldy = arg(op, Bce.ldlabels);
  const weights = arg(op, Bce.weights), ldw = arg(op, Bce.ldweights);
  const gradients = arg(op, Bce.dlogits), ldg = arg(op, Bce.lddlogits);
  const losses = arg(op, Bce.losses), slot = arg(op, Bce.slot);
  const partial = load<usize>(WORKSPACE);
  const tasks = (M + LOGITS_A_TASK - 1) / LOGITS_A_TASK;
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const end = min(M, (task + 1) * LOGITS_A_TASK);
    let sum: f64 = 0;
    for (let i = task * LOGITS_A_TASK; i < end; i++) {
      const z = <f64>load<f32>(logits + i * ldl), y = <f64>load<f32>(labels + i * ldy);
      // No weights have address 0; a product with 1 changes no bit.
      const w: f64 = weights == 0 ? 1 : <f64>load<f32>(weights + i * ldw);
      const e = expOfNegative(-abs(z));
      sum += w * (max<f64>(z, 0) - z * y + log1pOfUnit(e));
      const sigmoid = (z >= 0 ? 1 : e) / (1 + e);
      store<f32>(gradients + i * ldg, <f32>(w * (sigmoid - y) / <f64>M));
    }
    store<f64>(partial + (task << 3), sum);
  }
  barrier();
  if (claim(op, 1) == 0) {
    let sum: f64 = 0;
    for (let task = 0; task < tasks; task++) sum += load<f64>(partial + (task << 3));
    store<f32>(losses + (load<i32>(slot) << 2), M == 0 ? 0 : <f32>(sum / <f64>M));
  }
}

/** log(1 + t) for 0 ≤ t ≤ 1, to about 1e-16 relative: 2 artanh(s), s = t / (2 + t) ≤ 1/3, by its series. */
function log1pOfUnit(t: f64): f64 {
  const s = t / (2 + t);
  const q = s * s;
  let sum: f64 = 0;
  for (let i: f64 = 35; i > 0; i -= 2) sum = sum * q + 1 / i;
  return 2 * s * sum;
}
