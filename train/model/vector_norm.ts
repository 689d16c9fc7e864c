/**
 * Normalising the embedding vectors before they meet: each is divided by the deviation of its coordinates, with a gain a
 * table that is trained (variance-only layer normalisation, Wang et al. 2020, arXiv 2006.12753).
 *
 * A small constant eps, as layer normalisation has it, would make a row that was seen once as long as one seen a hundred
 * thousand times, though its length is the model's measure of what it knows of the row. So eps is relative: of the
 * variance that trained rows have, or that the table's rows start with where that is more. Rows well below stay short. A
 * gain starts at sqrt(eps), so that short rows start out as they are without normalisation; that keeps dot products small,
 * which of vectors of unit variance would be up to dim.
 *
 * @module
 */

import { varianceNormBackwardOp, varianceNormForwardOp } from "../../kernels/variance_norm/op.ts";
import type { Device, Matrix, Recorder } from "../../kernels/types.ts";
import { type FlatParameters, type MakeMatrix, parameterFloats } from "./layers.ts";
import { firstRows, writeMatrix } from "./matrices.ts";
import type { ModelBuffer } from "./model.ts";

/** Variance of trained rows: a row that Adagrad at 0.02 has moved some times by its whole step. */
const TRAINED_VARIANCE = 1e-2;

/** Floats that the gains of so many tables take among the dense parameters. */
export function vectorNormFloats(tables: number): number {
  return parameterFloats(1, tables);
}

/** Vectors of the tables, and their gradients. */
export interface TableVectors {
  /** Rows × tables · dim. */
  readonly value: Matrix;
  /** Of the same size. */
  readonly gradient: Matrix;
}

/** The normalisation of the vectors of all tables. */
export class VectorNorm {
  /** What is added to each table's variances: fixed, and kept with the weights. */
  readonly buffers: readonly [eps: ModelBuffer];
  readonly #input: TableVectors;
  readonly #output: TableVectors;
  readonly #gain: { readonly value: Matrix; readonly gradient: Matrix };
  readonly #eps: readonly number[];
  readonly #shape: { readonly features: number; readonly dim: number };

  constructor(
    make: MakeMatrix,
    flat: FlatParameters,
    prefix: string,
    tableRows: readonly number[],
    dim: number,
    input: TableVectors,
    output: TableVectors,
  ) {
    const tables = tableRows.length;
    // Rows start as U(±√(1/rows)).
    this.#eps = tableRows.map((rows) => Math.max(TRAINED_VARIANCE, 1 / (3 * rows)));
    const name = `${prefix}norm.vectors`;
    this.#gain = flat.take(
      `${name}.gain`,
      [tables],
      1,
      tables,
      this.#eps.map(Math.sqrt),
    );
    this.buffers = [{ name: `${name}.eps`, value: make(1, tables, `${name} eps`) }];
    this.#shape = { features: tables, dim };
    this.#input = input;
    this.#output = output;
  }

  /** Writes what is fixed. */
  initialise(device: Device): void {
    writeMatrix(device, this.buffers[0].value, Float32Array.from(this.#eps));
  }

  /** Appends the normalising. */
  forward(ops: Recorder, rows: number): void {
    ops.add(varianceNormForwardOp, {
      x: firstRows(this.#input.value, rows),
      ...this.#shape,
      gain: this.#gain.value,
      eps: this.buffers[0].value,
      y: firstRows(this.#output.value, rows),
    });
  }

  /** Appends the backward pass, from the output's gradient to the input's and the gains'. */
  backward(ops: Recorder, rows: number): void {
    ops.add(varianceNormBackwardOp, {
      x: firstRows(this.#input.value, rows),
      ...this.#shape,
      gain: this.#gain.value,
      eps: this.buffers[0].value,
      dy: firstRows(this.#output.gradient, rows),
      dx: firstRows(this.#input.gradient, rows),
      dgain: this.#gain.gradient,
    });
  }
}
