/**
 * Counting the lookups of a minibatch that go to cold rows, for traces.
 *
 * @module
 */

import type { GroupedLookups } from "../../kernels/types.ts";

/** Tells cold rows of the model's tables from hot ones. */
export class ColdCounter {
  /** A bit for each flat row of the model's tables, set where it is hot. */
  readonly #hot: Uint8Array;

  /** @param hotRows Flat rows of the hot rows in tables of `totalRows`. */
  constructor(totalRows: number, hotRows: Uint32Array) {
    this.#hot = new Uint8Array(Math.ceil(totalRows / 8));
    for (const row of hotRows) this.#hot[row >>> 3]! |= 1 << (row & 7);
  }

  /** Lookups of cold rows, and different cold rows. */
  count(
    { unique, uniqueRows, segments }: GroupedLookups,
  ): readonly [lookups: number, rows: number] {
    let lookups = 0, rows = 0;
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      if ((this.#hot[row >>> 3]! >>> (row & 7) & 1) === 1) continue;
      lookups += segments[u + 1]! - segments[u]!;
      rows++;
    }
    return [lookups, rows];
  }
}
