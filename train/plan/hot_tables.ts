/**
 * Which copy of the hot rows is current, where a model has two, and moving them when that changes.
 *
 * @module
 */

import type { Model, Route } from "../model.ts";

/** Keeps the two copies of hot rows in step. */
export class HotRowOwner {
  readonly #model: Model;
  readonly #withState: boolean;
  readonly #book: (ms: number) => void;
  #owner: Route = "full";
  /** Whether the full tables have what the hot ones have. */
  #settled = true;
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

  /** Makes a copy the current one. Returns the bytes moved, those of `settle` since the last call included. */
  async take(route: Route): Promise<number> {
    if (route !== this.#owner) {
      if (route === "full") await this.settle();
      else {
        const { bytes, ms } = await this.#model.hot!.load(this.#withState);
        this.#bytes += bytes;
        this.#book(ms);
      }
      this.#owner = route;
    }
    if (route === "hot") this.#settled = false;
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  /** Brings the full tables up to date; the current copy stays what it is. */
  async settle(): Promise<void> {
    if (this.#owner === "full" || this.#settled) return;
    const { bytes, ms } = await this.#model.hot!.store(this.#withState);
    this.#bytes += bytes;
    this.#book(ms);
    this.#settled = true;
  }

  /** Goes on where the full tables are up to date and this copy was the current one. */
  async restore(owner: Route): Promise<void> {
    if (owner === "hot") await this.#model.hot!.load(this.#withState);
    this.#owner = owner;
    this.#settled = true;
  }
}
