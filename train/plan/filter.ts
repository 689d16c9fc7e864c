/**
 * Keeping some inputs of a list and passing over the others, in order.
 *
 * @module
 */

import type { InputFeed } from "../feed/feeds.ts";
import type { Numbering } from "../feed/preparer.ts";
import type { HostBatch, Route } from "../model/model.ts";
import { CLASSIFIER_INPUTS } from "./classifier.ts";
import type { Verdict } from "./skipping.ts";

/** Inputs of a list, at places [start, start + size). */
export interface Looked {
  readonly list: Uint32Array;
  readonly start: number;
  readonly size: number;
}

/** Inputs that the feed has looked at, from place `from` of the list on, and what was said of them. */
interface Judged extends Verdict {
  readonly from: number;
  readonly count: number;
}

/** Which inputs to pass over, and what the others weigh. */
interface Judge {
  /** How the feed is to number the rows of inputs that are looked at; null where the verdict does not go by rows. */
  numbering(): Numbering | null;
  /** Judges the inputs that the feed has looked at. */
  verdict(looked: Looked): Promise<Verdict>;
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

/** A minibatch of kept inputs that has been put together. */
interface Assembled extends Omit<KeptBatch, "batch"> {
  /** Place in the list from which it was put together. */
  readonly from: number;
  readonly batch: (() => HostBatch | Promise<HostBatch>) | null;
}

/** Cuts the kept inputs of a list into minibatches. */
export class InputFilter {
  readonly #positions: Uint32Array;
  readonly #feed: InputFeed;
  readonly #judge: Judge;
  #looked: Judged | null = null;
  /** Minibatches that are prepared while others are trained, in order. */
  #assembled: Assembled[] = [];

  /** @param positions The list, in the feed's order. */
  constructor(positions: Uint32Array, feed: InputFeed, judge: Judge) {
    this.#positions = positions;
    this.#feed = feed;
    this.#judge = judge;
  }

  /** Forgets the verdicts on inputs ahead, because the inputs looked at or the decision have changed. */
  forget(): void {
    this.#looked = null;
    this.#assembled = [];
  }

  /** The next `batch` kept inputs from place `cursor` on, or as many as are left. */
  async next(cursor: number, batch: number, route: Route, wholeOnly: boolean): Promise<KeptBatch> {
    if (this.#assembled[0] !== undefined && this.#assembled[0].from !== cursor) this.forget();
    const ready = this.#assembled;
    while (ready.length <= this.#feed.ahead) {
      const last = ready.at(-1);
      if (last !== undefined && (last.batch === null || last.cursor >= this.#positions.length)) {
        break;
      }
      ready.push(await this.#assemble(last?.cursor ?? cursor, batch, route, wholeOnly));
    }
    const { batch: prepared, ...kept } = ready.shift()!;
    return { ...kept, batch: prepared === null ? null : await prepared() };
  }

  async #assemble(
    from: number,
    batch: number,
    route: Route,
    wholeOnly: boolean,
  ): Promise<Assembled> {
    const positions = this.#positions, feed = this.#feed;
    const waiting = feed.begin(batch);
    if (waiting !== undefined) await waiting;
    let filled = 0, skipped = 0, cursor = from;
    let weights: Float32Array | null = null;
    while (filled < batch && cursor < positions.length) {
      const { from: first, skip, weights: weigh, count } = this.#looked ??= await this.#look(
        cursor,
      );
      let at = cursor - first;
      for (; at < count && filled < batch; at++) {
        if (skip[at] === 1) {
          skipped++;
          continue;
        }
        const weight = weigh?.[at] ?? 1;
        if (weight !== 1) (weights ??= new Float32Array(batch).fill(1))[filled] = weight;
        feed.copy(at, filled++);
      }
      cursor = first + at;
      if (at === count) this.#looked = null;
    }
    const whole = filled > 0 && !(wholeOnly && filled < batch);
    if (!whole) return { from, skipped, cursor, batch: null };
    const prepared = feed.finish(filled, route), size = filled, weighed = weights;
    const inputs = weighed === null
      ? prepared
      : async () => ({ ...await prepared(), weights: weighed.subarray(0, size) });
    return { from, skipped, cursor, batch: inputs };
  }

  async #look(start: number): Promise<Judged> {
    const list = this.#positions;
    const size = Math.min(CLASSIFIER_INPUTS, list.length - start);
    const waiting = this.#feed.look(list, start, size, this.#judge.numbering());
    if (waiting !== undefined) await waiting;
    return { ...await this.#judge.verdict({ list, start, size }), from: start, count: size };
  }
}
