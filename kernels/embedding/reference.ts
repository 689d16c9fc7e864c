/**
 * Float64 reference of sum-pooled embedding bags, for tests only. Works from plain id lists, not from the grouped
 * lookups, so that it also checks the grouping.
 *
 * @module
 */

import type { Optimizer } from "../types.ts";
import { applyOptimizer } from "../update/reference.ts";
import { stateFloats } from "./record.ts";

/** `bags[t][b]` lists the rows (within table t) of input b. */
export type Bags = readonly (readonly (readonly number[])[])[];

/** Weights of all tables, `weights[t]` is rows × dim; gives inputs × tables × dim. */
export function embeddingForward(
  weights: readonly Float64Array[],
  bags: Bags,
  inputs: number,
  dim: number,
): Float64Array {
  const T = weights.length;
  const out = new Float64Array(inputs * T * dim);
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < inputs; b++) {
      for (const row of bags[t]![b]!) {
        for (let c = 0; c < dim; c++) out[(b * T + t) * dim + c]! += weights[t]![row * dim + c]!;
      }
    }
  }
  return out;
}

/** Sums the gradients (inputs × tables × dim) of each touched row, then updates weights and state in place, once a row. */
export function embeddingBackward(
  weights: readonly Float64Array[],
  state: readonly Float64Array[],
  bags: Bags,
  inputs: number,
  dim: number,
  grad: Float64Array,
  optimizer: Optimizer,
  learningRate: number,
): void {
  const T = weights.length;
  const perRow = stateFloats(optimizer.kind, dim);
  for (let t = 0; t < T; t++) {
    const sums = new Map<number, Float64Array>();
    for (let b = 0; b < inputs; b++) {
      for (const row of bags[t]![b]!) {
        const sum = sums.get(row) ?? new Float64Array(dim);
        sums.set(row, sum);
        for (let c = 0; c < dim; c++) sum[c]! += grad[(b * T + t) * dim + c]!;
      }
    }
    for (const [row, sum] of sums) {
      applyOptimizer(
        weights[t]!.subarray(row * dim, (row + 1) * dim),
        sum,
        state[t]!.subarray(row * perRow, (row + 1) * perRow),
        optimizer,
        learningRate,
      );
    }
  }
}
