/**
 * Which copy of the hot rows is current, where a model has two, and moving them when that changes.
 *
 * @module
 */

import type { Model, Route } from "../model.ts";

/** Where an owner is, between minibatches. */
export interface HotRowOwnerState {
  readonly owner: Route;
  readonly changed: boolean;
  readonly bytes: number;
}

/** Keeps the two copies of hot rows in step. */
export class HotRowOwner {
  readonly #model: Model;
  readonly #withState: boolean;
  readonly #book: (ms: number) => void;
  #owner: Route = "full";
  /** Whether the full tables have what the hot ones have. */
  #settled = true;
  /** Whether the hot copy has been trained on since it became the current one. */
  #changed = false;
  /** Moved since the minibatch before. */
  #bytes = 0;

  /** @param withState Whether optimizer state moves with its row: the original leaves it where it is. */
  constructor(model: Model, withState: boolean, book: (ms: number) => void) {
    this.#model = model;
    this.#withState = withState;
    this.#book = book;
  }

  /** The current copy. */
  get owner(): Route {
    return this.#owner;
  }

  /** Makes a copy the current one, before it is read, be it for a snapshot. */
  async take(route: Route): Promise<void> {
    if (route === this.#owner) return;
    if (route === "full") {
      await this.settle();
      // An evaluation or a checkpoint may have brought the rows back already: they are counted here, and once.
      if (this.#changed) this.#bytes += this.#model.hot!.bytes(this.#withState);
      this.#changed = false;
    } else {
      const { bytes, ms } = await this.#model.hot!.load(this.#withState);
      this.#bytes += bytes;
      this.#book(ms);
    }
    this.#owner = route;
  }

  /** Says that the current copy is about to be trained on. Returns the bytes that its changes moved since the last call. */
  train(): number {
    if (this.#owner === "hot") {
      this.#settled = false;
      this.#changed = true;
    }
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  /** Brings the full tables up to date; the current copy stays what it is. */
  async settle(): Promise<void> {
    if (this.#owner === "full" || this.#settled) return;
    const { ms } = await this.#model.hot!.store(this.#withState);
    this.#book(ms);
    this.#settled = true;
  }

  /** What a checkpoint must hold. */
  state(): HotRowOwnerState {
    return { owner: this.#owner, changed: this.#changed, bytes: this.#bytes };
  }

  /** Goes on from a state; the full tables are up to date. */
  async restore({ owner, changed, bytes }: HotRowOwnerState): Promise<void> {
    if (owner === "hot") await this.#model.hot!.load(this.#withState);
    this.#owner = owner;
    this.#settled = true;
    this.#changed = changed;
    this.#bytes = bytes;
  }
}
