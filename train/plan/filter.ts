/**
 * Keeping some inputs of a list and passing over the others, in order.
 *
 * @module
 */

import type { Pending } from "../../kernels/types.ts";
import type { InputFeed, Look } from "../feed/feeds.ts";
import type { Numbering } from "../feed/preparer.ts";
import type { HostBatch, Route } from "../model/model.ts";
import { CLASSIFIER_INPUTS } from "./classifier.ts";
import type { Places, Verdict } from "./skipping.ts";

/** Which inputs to pass over, and what the others weigh. */
interface Judge {
  /** Called before inputs from a place of the list on are judged, where none before them have been. */
  prepare?(start: number): Promise<void>;
  /** How the rows of inputs that are looked at are numbered; null where the verdict does not go by rows. */
  numbering(): Numbering | null;
  /** Judges inputs that have been looked at. */
  verdict(look: Look, places: Places): Pending<Verdict>;
}

/** Inputs that are looked at, from place `first` of the list on. */
interface Chunk extends Places {
  readonly look: Look;
  /** Null until the inputs have been read. */
  verdict: Pending<Verdict> | null;
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

/**
 * Cuts the kept inputs of a list into minibatches. Where a feed is prepared by other threads, inputs further on are read and
 * judged before those at hand have been trained.
 */
export class InputFilter {
  readonly #positions: Uint32Array;
  readonly #feed: InputFeed;
  readonly #judge: Judge;
  /** In order; the first is the one that minibatches are being put together from. */
  #chunks: Chunk[] = [];
  /** Place in the list after the last of them. */
  #next = 0;
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
    // A verdict that is on its way is taken from the device all the same, whatever becomes of it.
    for (const { verdict } of this.#chunks) verdict?.wait().catch(() => {});
    this.#chunks = [];
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
    const feed = this.#feed;
    const waiting = feed.begin(batch);
    if (waiting !== undefined) await waiting;
    let filled = 0, skipped = 0, cursor = from;
    let weights: Float32Array | null = null;
    while (filled < batch && cursor < this.#positions.length) {
      const { look, first, skip, weights: weigh } = await this.#judged(cursor);
      let at = cursor - first;
      for (; at < look.size && filled < batch; at++) {
        if (skip[at] === 1) {
          skipped++;
          continue;
        }
        const weight = weigh?.[at] ?? 1;
        if (weight !== 1) (weights ??= new Float32Array(batch).fill(1))[filled] = weight;
        feed.copy(look, at, filled++);
      }
      cursor = first + at;
      if (at === look.size) this.#chunks.shift();
    }
    const whole = filled > 0 && !(wholeOnly && filled < batch);
    if (!whole) return { from, skipped, cursor, batch: null };
    const prepared = feed.finish(filled, route), size = filled, weighed = weights;
    const inputs = weighed === null
      ? prepared
      : async () => ({ ...await prepared(), weights: weighed.subarray(0, size) });
    return { from, skipped, cursor, batch: inputs };
  }

  /** The first chunk with its verdict: that of the input at place `cursor`. */
  async #judged(cursor: number): Promise<Chunk & Verdict> {
    if (this.#chunks.length === 0) {
      this.#next = cursor;
      await this.#judge.prepare?.(cursor);
    }
    this.#lookAhead();
    const chunk = this.#chunks[0]!;
    if (chunk.verdict === null) {
      const waiting = chunk.look.ready();
      if (waiting !== undefined) await waiting;
      this.#lookAhead();
    }
    const verdict = chunk.verdict!;
    return { ...chunk, ...verdict.take() ?? await verdict.wait() };
  }

  /** Begins to read as many chunks as the feed can hold, and to judge those that have been read. */
  #lookAhead(): void {
    const list = this.#positions, chunks = this.#chunks;
    while (chunks.length < this.#feed.looks && this.#next < list.length) {
      const first = this.#next, size = Math.min(CLASSIFIER_INPUTS, list.length - first);
      const look = this.#feed.look(list, first, size, this.#judge.numbering());
      this.#next += size;
      chunks.push({ first, positions: list.subarray(first, this.#next), look, verdict: null });
    }
    for (const chunk of chunks) {
      if (chunk.verdict !== null) continue;
      if (!chunk.look.arrived) break;
      chunk.verdict = this.#judge.verdict(chunk.look, chunk);
    }
  }
}
