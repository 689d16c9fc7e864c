/**
 * Which copy of the hot rows is current, where a model has two, and moving those that have changed when that changes.
 *
 * @module
 */

import type { GroupedLookups } from "../../kernels/types.ts";
import type { Model, Route } from "../model/model.ts";
import type { HotRows } from "./hot_rows.ts";

/** The state of a `HotRowOwner` between minibatches; which rows have changed is kept separately. */
export interface HotRowOwnerState {
  readonly owner: Route;
  readonly bytes: number;
}

/** How an owner works. */
interface HotRowOwnerParts {
  readonly model: Model;
  readonly hot: HotRows;
  /** Whether optimizer state moves with its row. In the original it does not. */
  readonly withState: boolean;
  /**
   * Whether hot rows that cold minibatches change are noted one by one. Otherwise all count as changed, which costs nothing
   * per minibatch and loses nothing if the copies change places once an epoch.
   */
  readonly notesCold: boolean;
  /** Books time of moving, in milliseconds. */
  readonly book: (ms: number) => void;
}

/** Keeps the two copies of hot rows in step. */
export class HotRowOwner {
  readonly #parts: HotRowOwnerParts;
  #owner: Route = "full";
  /** Rows changed in the current copy since the copies changed places: 1 for each. At first all differ. */
  readonly #changed: Uint8Array;
  /** Of these, rows that the other copy does not have yet. */
  readonly #unmoved: Uint8Array;
  /** Moved since the minibatch before. */
  #bytes = 0;

  constructor(parts: HotRowOwnerParts) {
    this.#parts = parts;
    this.#changed = new Uint8Array(parts.hot.total).fill(1);
    this.#unmoved = this.#changed.slice();
  }

  /** The current copy. */
  get owner(): Route {
    return this.#owner;
  }

  /** Makes a copy the current one, before it is read, be it for a snapshot. */
  async take(route: Route): Promise<void> {
    if (route === this.#owner) return;
    await this.#move();
    // An evaluation or a checkpoint may have moved rows already: they are counted here, and once.
    const { model, withState, notesCold } = this.#parts;
    this.#bytes += countOf(this.#changed) * model.hot!.rowBytes(withState);
    this.#owner = route;
    const unknown = route === "full" && !notesCold ? 1 : 0;
    this.#changed.fill(unknown);
    this.#unmoved.fill(unknown);
  }

  /**
   * Called before the current copy is trained on.
   *
   * @param lookups Of the minibatch; they name rows of the current copy's tables.
   * @returns Bytes that changes of places moved since the last call.
   */
  train(lookups: GroupedLookups): number {
    if (this.#owner === "hot") this.#noteHot(lookups);
    else if (this.#parts.notesCold) this.#noteCold(lookups);
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  /** Brings the full tables up to date; the current copy stays what it is. */
  async settle(): Promise<void> {
    if (this.#owner === "hot") await this.#move();
  }

  /** What a checkpoint must hold, besides {@linkcode HotRowOwner.changed}. */
  state(): HotRowOwnerState {
    return { owner: this.#owner, bytes: this.#bytes };
  }

  /** Rows changed since the copies changed places, for a checkpoint. */
  get changed(): Uint8Array {
    return this.#changed;
  }

  /** Goes on from a state; the full tables are up to date. */
  async restore({ owner, bytes }: HotRowOwnerState, changed: Uint8Array): Promise<void> {
    const { model, withState } = this.#parts;
    if (owner === "hot") await model.hot!.load(null, withState);
    this.#owner = owner;
    this.#bytes = bytes;
    this.#changed.set(changed);
    // The hot copy is as it was made, unless it has just been loaded.
    this.#unmoved.fill(owner === "hot" ? 0 : 1);
  }

  /** Copies what the other copy does not have. */
  async #move(): Promise<void> {
    const { model, withState, book } = this.#parts;
    const unmoved = this.#unmoved;
    const count = countOf(unmoved);
    if (count === 0) return;
    let rows: Uint32Array | null = null;
    if (count < unmoved.length) {
      rows = new Uint32Array(count);
      for (let h = 0, at = 0; h < unmoved.length; h++) if (unmoved[h] === 1) rows[at++] = h;
    }
    const store = model.hot!;
    const { ms } =
      await (this.#owner === "hot" ? store.store(rows, withState) : store.load(rows, withState));
    book(ms);
    unmoved.fill(0);
  }

  #noteHot({ unique, uniqueRows }: GroupedLookups): void {
    const changed = this.#changed, unmoved = this.#unmoved;
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      changed[row] = 1;
      unmoved[row] = 1;
    }
  }

  #noteCold({ unique, uniqueRows }: GroupedLookups): void {
    const { model: { tables: { rowOffsets } }, hot } = this.#parts;
    const changed = this.#changed, unmoved = this.#unmoved;
    // Different rows stand table by table.
    let table = 0, first = 0, ids = hot.ids[0]!;
    for (let u = 0; u < unique; u++) {
      const row = uniqueRows[u]!;
      while (row >= rowOffsets[table + 1]!) {
        first += hot.rowsPerTable[table]!;
        ids = hot.ids[++table]!;
      }
      const id = ids[row - rowOffsets[table]!]!;
      if (id === 0) continue;
      changed[first + id - 1] = 1;
      unmoved[first + id - 1] = 1;
    }
  }
}

function countOf(flags: Uint8Array): number {
  let count = 0;
  for (let h = 0; h < flags.length; h++) count += flags[h]!;
  return count;
}
