/**
 * Keeping some inputs of a list and passing over the others, in order.
 *
 * @module
 */

import type { HostBatch, Route } from "../model/model.ts";
import { CLASSIFIER_INPUTS } from "./classifier.ts";
import type { Feed } from "./feed.ts";
import type { Verdict } from "./skipping.ts";

/** Says which of the feed's candidates to skip, and what the others weigh. */
type Judge = (positions: Uint32Array, left: Uint32Array) => Verdict | Promise<Verdict>;

/** The feed's candidates: those from place `from` of the list on, and what was said of them. */
interface Judged extends Verdict {
  readonly from: number;
  readonly count: number;
}

/** A minibatch of kept inputs, and what it took. */
interface KeptBatch {
  /** Null where too few inputs are left for a minibatch. */
  readonly batch: HostBatch | null;
  /** Inputs passed over. */
  readonly skipped: number;
  /** Place in the list of the next input. */
  readonly cursor: number;
}

/** Cuts the kept inputs of a list into minibatches. */
export class InputFilter {
  readonly #positions: Uint32Array;
  readonly #feed: Feed;
  readonly #judge: Judge;
  #candidates: Judged | null = null;

  /** @param positions The list, in the feed's order. */
  constructor(positions: Uint32Array, feed: Feed, judge: Judge) {
    this.#positions = positions;
    this.#feed = feed;
    this.#judge = judge;
  }

  /** Forgets the verdicts on inputs ahead, because the feed's candidates or the decision have changed. */
  forget(): void {
    this.#candidates = null;
  }

  /** The next `batch` kept inputs from place `cursor` on, or as many as are left. */
  async next(cursor: number, batch: number, route: Route, wholeOnly: boolean): Promise<KeptBatch> {
    const positions = this.#positions, feed = this.#feed;
    let filled = 0, skipped = 0;
    while (filled < batch && cursor < positions.length) {
      const { from, skip, weights, count } = await this.#look(cursor);
      let at = cursor - from;
      for (; at < count && filled < batch; at++) {
        if (skip[at] === 1) skipped++;
        else feed.copy(at, filled++, batch, weights?.[at] ?? 1);
      }
      cursor = from + at;
      if (at === count) this.#candidates = null;
    }
    if (filled === 0 || (wholeOnly && filled < batch)) return { batch: null, skipped, cursor };
    feed.finish(filled, batch);
    return { batch: feed.assembled(route), skipped, cursor };
  }

  async #look(cursor: number): Promise<Judged> {
    if (this.#candidates !== null) return this.#candidates;
    const left = this.#positions.subarray(cursor);
    const some = left.subarray(0, CLASSIFIER_INPUTS);
    await this.#feed.candidates(some);
    const { skip, weights } = await this.#judge(some, left);
    return this.#candidates = { from: cursor, skip, weights, count: some.length };
  }
}
