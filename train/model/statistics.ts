/**
 * Standardising columns by running statistics: y = (x - mean) / sqrt(variance + 1e-5), with mean and variance over the
 * minibatches seen so far. The gradient takes the statistics as constants.
 *
 * @module
 */

import { columnStatisticsOp, standardiseOp } from "../../kernels/standardise/op.ts";
import type { Matrix, Recorder, Scalar } from "../../kernels/types.ts";
import type { MakeMatrix } from "./layers.ts";
import { firstRows } from "./matrices.ts";

/** Added to running variances, which may be 0, before their roots are taken. */
const EPS = 1e-5;

/** Least weight of a minibatch: about the last thousand count. */
const LEAST_WEIGHT = 1e-3;

/**
 * Weight of a minibatch in the running statistics, so that they are the plain mean over all minibatches at first.
 *
 * @param step Minibatches trained before it.
 */
export function statisticsWeight(step: number): number {
  return Math.max(1 / (step + 1), LEAST_WEIGHT);
}

/** Running statistics of the columns of a matrix, and the matrix standardised by them. */
export class RunningStatistics {
  /** Name of both, for documents: `norm.dense`, … */
  readonly name: string;
  /** 1 × columns. */
  readonly mean: Matrix;
  /** 1 × columns. */
  readonly variance: Matrix;
  /** The matrix standardised. */
  readonly output: Matrix;
  /** Its gradient; null if it is not needed. */
  readonly outputGradient: Matrix | null;
  readonly #input: Matrix;
  readonly #inputGradient: Matrix | null;

  constructor(
    make: MakeMatrix,
    makeGradient: MakeMatrix,
    name: string,
    input: Matrix,
    inputGradient: Matrix | null,
  ) {
    const { rows, cols } = input;
    this.name = name;
    this.#input = input;
    this.#inputGradient = inputGradient;
    this.mean = make(1, cols, `${name} mean`);
    this.variance = make(1, cols, `${name} variance`);
    this.output = make(rows, cols, `${name} output`);
    this.outputGradient = inputGradient === null
      ? null
      : makeGradient(rows, cols, `${name} output gradient`);
  }

  /** Appends the standardising; with a weight, the minibatch first enters the statistics. */
  forward(ops: Recorder, rows: number, weight: Scalar | null): void {
    const { mean, variance } = this;
    const x = firstRows(this.#input, rows);
    if (weight !== null) ops.add(columnStatisticsOp, { x, mean, variance, weight });
    ops.add(standardiseOp, { x, mean, variance, eps: EPS, y: firstRows(this.output, rows) });
  }

  /** Appends the backward pass, from the output's gradient to the input's. */
  backward(ops: Recorder, rows: number): void {
    if (this.outputGradient === null || this.#inputGradient === null) return;
    ops.add(standardiseOp, {
      x: firstRows(this.outputGradient, rows),
      mean: null,
      variance: this.variance,
      eps: EPS,
      y: firstRows(this.#inputGradient, rows),
    });
  }
}
