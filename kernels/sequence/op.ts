/**
 * Attention over a history as three ops.
 *
 * @module
 */

import type { Sizes } from "../check_op.ts";
import { costOf, type Op } from "../op.ts";
import { isCount } from "../shapes.ts";
import type { Matrix } from "../types.ts";
import { sequenceBackwardRecord, sequenceDotRecord, sequencePoolRecord } from "./record.ts";

/** Scores of a history, a[b, s] = h[b, s] · x[b] for the first S steps of each input. */
export interface SequenceDotArgs {
  /** (B · steps) × D, read: step s of input b is row `b * steps + s`. */
  readonly h: Matrix;
  /** Steps an input, at least S. */
  readonly steps: number;
  /** B × D, read. */
  readonly x: Matrix;
  /** B × S, written. */
  readonly a: Matrix;
}

/** Weighted sum of a history, with something behind it: c[b] = [Σ_s y[b, s] h[b, s]; tail[b]]. */
export interface SequencePoolArgs {
  /** (B · steps) × D, read: step s of input b is row `b * steps + s`. */
  readonly h: Matrix;
  /** Steps an input, at least S. */
  readonly steps: number;
  /** B × S, read. */
  readonly y: Matrix;
  /** B × T, read, or null for no floats. */
  readonly tail: Matrix | null;
  /** B × (D + T), written. */
  readonly c: Matrix;
}

/**
 * Gradient of the steps h where scores are a = dot(h, x) and the pooled history is c = pool(h, y, tail):
 * dh[b, s] = y[b, s] dc[b] + da[b, s] x[b] for s < S. With `query`, the tail was step S itself, whose gradient is that
 * of the tail and `query` together. Steps after these are left as they are.
 */
export interface SequenceBackwardArgs {
  /** B × S, read: the weights of the pooling. */
  readonly y: Matrix;
  /** B × S, read: gradient of the scores. */
  readonly da: Matrix;
  /** B × D, read: what the scores are taken with. */
  readonly x: Matrix;
  /** B × D, read, or B × 2D with `query`: the gradient of the tail behind that of the sum. */
  readonly dc: Matrix;
  /** B × D, read: the gradient that step S has from elsewhere; null where it is no tail. */
  readonly query: Matrix | null;
  /** Steps an input: at least S, with `query` S + 1. */
  readonly steps: number;
  /** (B · steps) × D, written as far as step S, without `query` S − 1. */
  readonly dh: Matrix;
}

/** a = H x. */
export const sequenceDotOp: Op<"sequence-dot", SequenceDotArgs> = {
  name: "sequence-dot",
  operands: { h: "read", steps: "setting", x: "read", a: "written" },
  check({ h, steps, a }, sizes) {
    checkSteps("h", steps, a.cols, sizes);
    sizes.expect("h", a.rows * steps, h.cols, "steps of every input");
    sizes.expect("x", a.rows, h.cols, "B of a and D of h");
  },
  cost: ({ h, a }) => costOf(sequenceDotRecord, { B: a.rows, S: a.cols, D: h.cols }),
  examples: [(make, { inputs, steps, dim }) => ({
    h: make.read(inputs * (steps + 1), dim),
    steps: steps + 1,
    x: make.read(inputs, dim),
    a: make.written(inputs, steps),
  })],
};

/** c = [Hᵀ y; tail]. */
export const sequencePoolOp: Op<"sequence-pool", SequencePoolArgs> = {
  name: "sequence-pool",
  operands: { h: "read", steps: "setting", y: "read", tail: "read", c: "written" },
  check({ h, steps, y, tail }, sizes) {
    checkSteps("h", steps, y.cols, sizes);
    sizes.expect("h", y.rows * steps, h.cols, "steps of every input");
    const T = tail?.cols ?? 0;
    sizes.expect("tail", y.rows, T, "B of y");
    sizes.expect("c", y.rows, h.cols + T, "B of y, D of h and T of tail");
  },
  cost: ({ h, y, tail }) =>
    costOf(sequencePoolRecord, { B: y.rows, S: y.cols, D: h.cols, T: tail?.cols ?? 0 }),
  examples: [(make, { inputs, steps, dim }) => ({
    h: make.read(inputs * (steps + 1), dim),
    steps: steps + 1,
    y: make.read(inputs, steps),
    tail: make.read(inputs, dim),
    c: make.written(inputs, 2 * dim),
  })],
};

/** dH = y ⊗ dc + da ⊗ x. */
export const sequenceBackwardOp: Op<"sequence-backward", SequenceBackwardArgs> = {
  name: "sequence-backward",
  operands: {
    y: "read",
    da: "read",
    x: "read",
    dc: "read",
    query: "read",
    steps: "setting",
    dh: "written",
  },
  check({ y, query, steps, dh }, sizes) {
    const [B, S, D] = [y.rows, y.cols, dh.cols];
    checkSteps("dh", steps, query === null ? S : S + 1, sizes);
    sizes.expect("dh", B * steps, D, "steps of every input");
    sizes.expect("da", B, S, "as y");
    sizes.expect("x", B, D, "B of y and D of dh");
    sizes.expect("query", B, D, "B of y and D of dh");
    if (query === null) sizes.expect("dc", B, D, "B of y and D of dh");
    else sizes.expect("dc", B, 2 * D, "B of y, and D of dh twice");
  },
  cost: ({ y, dh, query }) =>
    costOf(sequenceBackwardRecord, {
      B: y.rows,
      S: y.cols,
      D: dh.cols,
      query: query === null ? 0 : 1,
    }),
  examples: [(make, { inputs, steps, dim }) => ({
    y: make.read(inputs, steps),
    da: make.read(inputs, steps),
    x: make.read(inputs, dim),
    dc: make.read(inputs, 2 * dim),
    query: make.read(inputs, dim),
    steps: steps + 1,
    dh: make.written(inputs * (steps + 1), dim),
  })],
};

function checkSteps(
  name: string,
  steps: number,
  least: number,
  sizes: Pick<Sizes<never>, "fail">,
): void {
  if (!isCount(steps) || steps < least) {
    sizes.fail(`${name} has ${steps} steps an input, but must have at least ${least}`);
  }
}
