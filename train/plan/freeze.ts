/**
 * Leaves frozen rows out of a minibatch's updates while its lookups still read them.
 *
 * @module
 */

import type { GroupedLookups } from "../../kernels/types.ts";
import type { Route } from "../model/model.ts";
import type { StalenessBlocks } from "./blocks.ts";

/** Lookups without updates of frozen rows. */
export interface FrozenLookups {
  /**
   * The lookups, of which `unique`, `uniqueRows`, `segments` and `positions` no longer cover frozen rows. `lookups`, `rows`
   * and `offsets` are as they were: the gather needs them all.
   */
  readonly lookups: GroupedLookups;
  /** Different rows left out. */
  readonly frozen: number;
  /** Lookups of these. */
  readonly frozenLookups: number;
}

/** Reusable arrays for lookups of which some rows are frozen; the result's are overwritten by the next call. */
export class RowFreezer {
  #uniqueRows = new Uint32Array(0);
  #segments = new Uint32Array(1);
  #positions = new Uint32Array(0);

  /**
   * Leaves the frozen of the different rows out, so that the backward op neither sums their gradients nor touches their
   * weights and state; all other rows get exactly the update that they would have got, because their segments keep the
   * order of their positions. Gives the lookups back as they are where none of their rows is frozen.
   *
   * Devices copy as many positions as there are lookups, but read only those that segments name, so that the rest of
   * `positions` may be anything.
   *
   * @param frozen 1 for a frozen row, 0 for any other, by flat row of the tables.
   * @throws RangeError for a row beyond `frozen`: devices take the highest row from the different rows, so that one that
   * does not exist must not be left out.
   */
  withoutRows(lookups: GroupedLookups, frozen: Uint8Array): FrozenLookups {
    const { unique, uniqueRows, segments, positions } = lookups;
    let count = 0;
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      if (row >= frozen.length) {
        throw new RangeError(
          `Cannot freeze rows: lookups name flat row ${row}, but ${frozen.length} rows are said to be frozen or not`,
        );
      }
      if (frozen[row] !== 0) count++;
    }
    if (count === 0) return { lookups, frozen: 0, frozenLookups: 0 };
    this.#reserve(lookups.lookups);
    const keptRows = this.#uniqueRows, keptSegments = this.#segments;
    const keptPositions = this.#positions;
    let kept = 0, at = 0;
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      if (frozen[row] !== 0) continue;
      keptRows[kept] = row;
      keptSegments[kept++] = at;
      for (let i = segments[u]!; i < segments[u + 1]!; i++) keptPositions[at++] = positions[i]!;
    }
    keptSegments[kept] = at;
    return {
      lookups: {
        ...lookups,
        unique: kept,
        uniqueRows: keptRows,
        segments: keptSegments,
        positions: keptPositions,
      },
      frozen: count,
      frozenLookups: segments[unique]! - at,
    };
  }

  #reserve(lookups: number): void {
    if (this.#positions.length >= lookups) return;
    this.#uniqueRows = new Uint32Array(lookups);
    this.#segments = new Uint32Array(lookups + 1);
    this.#positions = new Uint32Array(lookups);
  }
}

/** Freezes the rows that the last decision found stale, on either route. */
export class StaleRowFreezer {
  readonly #blocks: StalenessBlocks;
  readonly #flatRows: Uint32Array;
  readonly #freezer = new RowFreezer();
  /** By flat row of the model's tables. */
  readonly #full: Uint8Array;
  #decisions = 0;

  /**
   * @param flatRows Flat row of each hot row in the model's tables.
   * @param totalRows Rows of the model's tables.
   */
  constructor(blocks: StalenessBlocks, flatRows: Uint32Array, totalRows: number) {
    this.#blocks = blocks;
    this.#flatRows = flatRows;
    this.#full = new Uint8Array(totalRows);
  }

  /** Leaves stale rows out of a minibatch's updates; nothing before the first decision. */
  freeze(lookups: GroupedLookups, route: Route): FrozenLookups {
    const { stale, decisions } = this.#blocks;
    if (stale === null) return { lookups, frozen: 0, frozenLookups: 0 };
    if (this.#decisions !== decisions) {
      this.#decisions = decisions;
      stale.forEach((is, h) => this.#full[this.#flatRows[h]!] = is);
    }
    const left = this.#freezer.withoutRows(lookups, route === "full" ? this.#full : stale);
    this.#blocks.accountFrozen(lookups.lookups, left.frozenLookups);
    return left;
  }
}
