/**
 * Putting a minibatch together from inputs that have been read.
 *
 * @module
 */

import { idLayout } from "../../data/id_layout.ts";
import type { DatasetSchema, Inputs } from "../../data/types.ts";

/** Copies single inputs of a data set from one set of arrays to another. */
export class InputCopier {
  readonly #layout: ReturnType<typeof idLayout>;
  readonly #columns: number;

  /** For inputs with these columns. */
  constructor(schema: DatasetSchema) {
    this.#layout = idLayout(schema);
    this.#columns = schema.dense.length * (schema.steps ?? 1);
  }

  /** Copies input `from` to place `to` of arrays that will hold `room` inputs. */
  copy(source: Inputs, from: number, target: Inputs, to: number, room: number): void {
    const { each, firsts } = this.#layout, columns = this.#columns;
    const { dense, ids, labels } = target;
    for (let j = 0; j < columns; j++) {
      dense[to * columns + j] = source.dense[from * columns + j]!;
    }
    for (let t = 0; t < each.length; t++) {
      const places = each[t]!;
      const first = firsts[t]! * source.size + from * places;
      const place = firsts[t]! * room + to * places;
      for (let l = 0; l < places; l++) ids[place + l] = source.ids[first + l]!;
    }
    labels[to] = source.labels[from]!;
  }

  /** Puts arrays that were filled with `size` inputs, with room for `room`, in order. */
  close(target: Inputs, size: number, room: number): void {
    // A table's ids stand `room` apart; of a last, smaller minibatch they must stand closer together.
    if (size < room) {
      const { ids } = target, { each, firsts } = this.#layout;
      for (let t = 1; t < each.length; t++) {
        const from = firsts[t]! * room;
        ids.copyWithin(firsts[t]! * size, from, from + size * each[t]!);
      }
    }
    target.size = size;
  }
}
