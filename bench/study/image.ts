/**
 * A model's numbers in host memory, to return to again and again.
 *
 * @module
 */

import { readMatrix, writeMatrix } from "../../train/model/matrices.ts";
import type { Model } from "../../train/model/model.ts";

/** Everything of a model that training changes; not the second copy of hot rows. */
export class ModelImage {
  readonly #matrices: readonly Float32Array[];
  readonly #rows: Float32Array;
  readonly #state: Float32Array;

  private constructor(
    matrices: readonly Float32Array[],
    rows: Float32Array,
    state: Float32Array,
  ) {
    this.#matrices = matrices;
    this.#rows = rows;
    this.#state = state;
  }

  /** Copies a model's numbers. */
  static async of(model: Model): Promise<ModelImage> {
    const matrices: Float32Array[] = [];
    for (const matrix of matricesOf(model)) matrices.push(await readMatrix(model.device, matrix));
    const { tables } = model;
    return new ModelImage(
      matrices,
      await tables.readRows(0, tables.totalRows),
      await tables.readState(0, tables.totalRows),
    );
  }

  /** Puts the numbers back into the same model. */
  async restore(model: Model): Promise<void> {
    matricesOf(model).forEach((matrix, i) => writeMatrix(model.device, matrix, this.#matrices[i]!));
    await model.tables.writeRows(0, this.#rows);
    if (this.#state.length > 0) await model.tables.writeState(0, this.#state);
  }
}

function matricesOf({ parameters, buffers }: Model) {
  return [
    ...parameters.flatMap(({ value, state }) => state === null ? [value] : [value, state]),
    ...buffers.map(({ value }) => value),
  ];
}
