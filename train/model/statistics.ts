/**
 * Standardising the dense features by statistics of the training set, which are taken once and frozen:
 * y = (x − mean) / sqrt(variance).
 *
 * @module
 */

import { standardiseOp } from "../../kernels/standardise/op.ts";
import type { Device, Matrix, Recorder } from "../../kernels/types.ts";
import type { MakeMatrix } from "./layers.ts";
import { firstRows, writeMatrix } from "./matrices.ts";
import type { ModelBuffer } from "./model.ts";

/** Means and variances of the dense columns of a training set. */
export interface DenseStatistics {
  /** One a dense column. */
  readonly mean: Float32Array;
  /** Biased variance of each; 1 for a column that never varies, which is then 0 throughout. */
  readonly variance: Float32Array;
}

/** A matrix, and what comes of it when its columns are standardised. */
export class StandardisedColumns {
  /** Mean and variance, for documents. */
  readonly buffers: readonly [mean: ModelBuffer, variance: ModelBuffer];
  /** The matrix standardised. */
  readonly output: Matrix;
  readonly #input: Matrix;

  /** @param name Before `mean` and `variance` in the names of the statistics. */
  constructor(make: MakeMatrix, name: string, input: Matrix) {
    const { rows, cols } = input;
    this.#input = input;
    const buffer = (what: string): ModelBuffer => ({
      name: `${name}.${what}`,
      value: make(1, cols, `${name} ${what}`),
    });
    this.buffers = [buffer("mean"), buffer("variance")];
    this.output = make(rows, cols, `${name} output`);
  }

  /** Writes the statistics; without any, those that change nothing. */
  initialise(device: Device, statistics: DenseStatistics | null): void {
    const [mean, variance] = this.buffers.map(({ value }) => value) as [Matrix, Matrix];
    writeMatrix(device, mean, statistics?.mean ?? new Float32Array(mean.cols));
    writeMatrix(device, variance, statistics?.variance ?? new Float32Array(mean.cols).fill(1));
  }

  /** Appends the standardising. */
  forward(ops: Recorder, rows: number): void {
    const [mean, variance] = this.buffers;
    ops.add(standardiseOp, {
      x: firstRows(this.#input, rows),
      mean: mean.value,
      variance: variance.value,
      // Columns that never vary have a variance of 1.
      eps: 0,
      y: firstRows(this.output, rows),
    });
  }
}
