// One optimizer step over a flat run of dense parameters. Arguments: see wasm.ts.

import { ADAGRAD } from "../cpu/layout";
import { storeLanes } from "../cpu/simd.as";
import { arg, argF32, claim } from "../cpu/team.as";
import { DenseUpdate } from "../cpu/words.as";

const FLOATS_A_TASK: i32 = 8192;

export function denseUpdate(op: usize): void {
  const n = arg(op, DenseUpdate.n);
  const params = arg(op, DenseUpdate.params), grads = arg(op, DenseUpdate.grads);
  const state = arg(op, DenseUpdate.state), kind = arg(op, DenseUpdate.kind);
  const eps = argF32(op, DenseUpdate.eps);
  const learningRate = load<f32>(arg(op, DenseUpdate.learningRate));
  const tasks = (n + FLOATS_A_TASK - 1) / FLOATS_A_TASK;
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const first = task * FLOATS_A_TASK;
    const count = min(FLOATS_A_TASK, n - first);
    const offset = first << 2;
    if (kind == ADAGRAD) {
      stepAdagrad(params + offset, grads + offset, state + offset, count, learningRate, eps);
    } else {
      stepSgd(params + offset, grads + offset, count, learningRate);
    }
  }
}

function stepSgd(params: usize, grads: usize, count: i32, learningRate: f32): void {
  const rate = f32x4.splat(learningRate);
  for (let i = 0; i < count; i += 4) {
    const p = v128.load(params), g = v128.load(grads);
    storeLanes(params, f32x4.sub(p, f32x4.mul(rate, g)), count - i);
    params += 16;
    grads += 16;
  }
}

function stepAdagrad(
  params: usize,
  grads: usize,
  state: usize,
  count: i32,
  learningRate: f32,
  eps: f32,
): void {
  const rate = f32x4.splat(learningRate), e = f32x4.splat(eps);
  for (let i = 0; i < count; i += 4) {
    const p = v128.load(params), g = v128.load(grads);
    const s = f32x4.add(v128.load(state), f32x4.mul(g, g));
    const step = f32x4.div(f32x4.mul(rate, g), f32x4.add(f32x4.sqrt(s), e));
    storeLanes(state, s, count - i);
    storeLanes(params, f32x4.sub(p, step), count - i);
    params += 16;
    grads += 16;
    state += 16;
  }
}
