/**
 * Float64 reference of the optimizers, for tests only.
 *
 * @module
 */

import type { Optimizer } from "../types.ts";

/**
 * One step in place over the coordinates of one row, or over all dense parameters.
 * sgd: p -= lr·g. adagrad: s += g², p -= lr·g / (√s + eps).
 * rowwise-adagrad: s (one number) += mean of g², p -= lr·g / (√s + eps).
 */
export function applyOptimizer(
  params: Float64Array,
  grads: Float64Array,
  state: Float64Array,
  optimizer: Optimizer,
  learningRate: number,
): void {
  const n = params.length;
  if (optimizer.kind === "rowwise-adagrad") {
    let squares = 0;
    for (let i = 0; i < n; i++) squares += grads[i]! ** 2;
    state[0]! += squares / n;
  }
  for (let i = 0; i < n; i++) {
    let step = learningRate * grads[i]!;
    if (optimizer.kind === "adagrad") {
      state[i]! += grads[i]! ** 2;
      step /= Math.sqrt(state[i]!) + optimizer.eps;
    } else if (optimizer.kind === "rowwise-adagrad") {
      step /= Math.sqrt(state[0]!) + optimizer.eps;
    }
    params[i]! -= step;
  }
}
