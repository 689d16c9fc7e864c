/**
 * Whether anything else uses the machine: fixed work, timed again and again.
 *
 * Other programs, and other guests of the same processor that no counter of this one shows, make everything slower for
 * seconds at a time. What is measured then says nothing, so it is measured again.
 *
 * @module
 */

import { quantileSorted } from "../../core/npm/d3_array.ts";
import { pause } from "../../core/events.ts";
import type { Reference } from "../runtime/rates.ts";
import type { Bench } from "./bench.ts";
import type { Timed } from "./cases.ts";
import { referenceProduct } from "./op_cases.ts";

/** Slower than the reference by more than this: something else was at work. */
const DISTURBED = 1.12;
/** Samples of a check, whose least counts, and those before them: threads that have slept take a while to be quick again. */
const SAMPLES = 3, WAKE_UP = 2;
/** Checks before the first that counts, for the engine to finish compiling. */
const WARM_UP = 20;
/** Of a machine's checks as many are quicker than its own reference. */
const QUANTILE = 0.1;
/** Milliseconds between checks while waiting. */
const PAUSE_MS = 200;

/** Times fixed work. */
export class Watch implements Disposable {
  readonly #bench: Bench;
  readonly #product: Timed;
  readonly #known: Reference | null;
  readonly #products: number[] = [];
  readonly #copies: number[] = [];

  private constructor(bench: Bench, product: Timed, known: Reference | null) {
    this.#bench = bench;
    this.#product = product;
    this.#known = known;
  }

  /**
   * Sets the work up and warms it.
   *
   * @param known Times of the undisturbed machine; null to find them on the way.
   */
  static async open(bench: Bench, known: Reference | null): Promise<Watch> {
    const watch = new Watch(bench, await referenceProduct(bench), known);
    for (let i = 0; i < WARM_UP; i++) await watch.#time();
    for (let i = 0; i < WARM_UP; i++) await watch.slowdown();
    return watch;
  }

  /** Times of the machine when nothing else is at work, as far as is known. */
  get reference(): Reference {
    const low = (times: readonly number[]): number =>
      quantileSorted([...times].sort((a, b) => a - b), QUANTILE)!;
    return this.#known ?? { product_us: low(this.#products), copy_us: low(this.#copies) };
  }

  /** How much slower than the reference the machine is now: 1 for not at all. */
  async slowdown(): Promise<number> {
    const { product_us, copy_us } = await this.#time();
    this.#products.push(product_us);
    this.#copies.push(copy_us);
    const { reference } = this;
    return Math.max(product_us / reference.product_us, copy_us / reference.copy_us);
  }

  /** Waits until the machine is quiet, for so many milliseconds at most. Says whether it is. */
  async settle(limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const begun = performance.now();
    while (await this.slowdown() > DISTURBED) {
      if (performance.now() - begun > limitMs) return false;
      await pause(PAUSE_MS, signal);
    }
    return true;
  }

  async #time(): Promise<Reference> {
    const products: number[] = [], copies: number[] = [];
    for (let k = 0; k < WAKE_UP; k++) await this.#product.sample();
    for (let k = 0; k < SAMPLES; k++) products.push(await this.#product.sample());
    for (let k = 0; k < SAMPLES; k++) {
      const begun = performance.now();
      this.#bench.evict();
      copies.push(1000 * (performance.now() - begun));
    }
    return { product_us: Math.min(...products), copy_us: Math.min(...copies) };
  }

  [Symbol.dispose](): void {
    this.#product.dispose?.();
  }
}
