/**
 * Data sets of which some inputs alone are trained.
 *
 * @module
 */

import { Permutation } from "../core/random.ts";
import type { Dataset, Inputs, Order, Reader, Split } from "./types.ts";

/** A data set of which some inputs train, by their positions in the training split, ascending. */
export function withTrainInputs(dataset: Dataset, kept: Uint32Array): Dataset {
  const { schema, hash, notes, bayes, keys, scales, share } = dataset;
  return {
    ...{ schema, hash, notes, bayes },
    ...(scales === undefined ? {} : { scales }),
    ...(keys === undefined ? {} : { keys: () => keys.call(dataset) }),
    ...(share === undefined ? {} : {
      share: async (splits: readonly Split[]) => {
        const of = await share.call(dataset, splits);
        return of === null ? null : { kind: "subset" as const, of, kept };
      },
    }),
    count: (split) => split === "train" ? kept.length : dataset.count(split),
    reader: (split, order) =>
      split === "train" ? new SubsetReader(dataset, kept, order) : dataset.reader(split, order),
    close: () => dataset.close(),
    [Symbol.dispose]: () => dataset.close(),
  };
}

/** Walks some inputs of the training split. */
class SubsetReader implements Reader {
  readonly count: number;
  readonly #reader: Reader;
  readonly #kept: Uint32Array;
  readonly #permutation: Permutation | null;

  constructor(dataset: Dataset, kept: Uint32Array, order: Order) {
    this.count = kept.length;
    this.#kept = kept;
    this.#reader = dataset.reader("train", { kind: "sequential" });
    this.#permutation = order.kind === "shuffled"
      ? new Permutation(kept.length, order.seed, order.epoch)
      : null;
  }

  read(start: number, count: number, into: Inputs): void | Promise<void> {
    return this.readAt(Uint32Array.from({ length: count }, (_, i) => start + i), into);
  }

  readAt(positions: Uint32Array, into: Inputs): void | Promise<void> {
    const permutation = this.#permutation;
    const rows = positions.map((position) => {
      if (position >= this.count) {
        throw new RangeError(`Cannot read input ${position}: there are ${this.count}`);
      }
      return this.#kept[permutation === null ? position : permutation.at(position)]!;
    });
    return this.#reader.readAt(rows, into);
  }
}
