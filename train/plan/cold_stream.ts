/**
 * The cold inputs of an epoch: all of them, or, once rows are known to be stale, those that the plan keeps.
 *
 * @module
 */

import type { HostBatch } from "../model/model.ts";
import type { StalenessBlocks } from "./blocks.ts";
import { whenCome } from "../../kernels/pending.ts";
import type { InputFeed } from "../feed/feeds.ts";
import { InputFilter } from "./filter.ts";

/** A minibatch of a stream. */
export interface StreamBatch {
  readonly batch: HostBatch;
  /** Inputs passed over since the minibatch before. */
  readonly skipped: number;
}

/** How an epoch's cold inputs are walked. */
export interface ColdStreamParts {
  readonly positions: Uint32Array;
  readonly feed: InputFeed;
  readonly batch: number;
  /** Minibatches at most; the original stops before the last ones. */
  readonly most: number;
  /** Decide which inputs are stale, where the plan skips those; else null. */
  readonly blocks: StalenessBlocks | null;
}

/** Walks the cold inputs of one epoch. */
export class ColdStream {
  readonly #parts: ColdStreamParts;
  readonly #filter: InputFilter;
  #cursor = 0;
  #minibatches = 0;
  #decisions = 0;
  #passed = 0;

  constructor(parts: ColdStreamParts) {
    const { positions, feed, blocks } = parts;
    this.#parts = parts;
    this.#filter = new InputFilter(positions, feed, {
      numbering: () => blocks!.coldNumbering,
      prepare: (start) => blocks!.prepareCold(feed, positions.subarray(start)),
      verdict: (look) => whenCome(blocks!.classifyCold(look), (skip) => ({ skip, weights: null })),
    });
  }

  /** Inputs trained or passed over. */
  get done(): number {
    return this.#cursor;
  }

  /** Whether nothing is left. */
  get ended(): boolean {
    const { positions, most } = this.#parts;
    return this.#cursor >= positions.length || this.#minibatches >= most;
  }

  /** Inputs passed over since the last minibatch, where `next` found none; once. */
  takePassed(): number {
    const passed = this.#passed;
    this.#passed = 0;
    return passed;
  }

  /** The next minibatch; null where the inputs left are all skipped. */
  async next(): Promise<StreamBatch | null> {
    const { positions, feed, batch, blocks } = this.#parts;
    if (blocks === null || blocks.decisions === 0) {
      const size = Math.min(batch, positions.length - this.#cursor);
      const inputs = await feed.batch(positions, this.#cursor, size, "full");
      this.#cursor += size;
      this.#minibatches++;
      return { batch: inputs, skipped: 0 };
    }
    if (blocks.decisions !== this.#decisions) this.#filter.forget();
    this.#decisions = blocks.decisions;
    const before = this.#cursor;
    const kept = await this.#filter.next(before, batch, "full", false);
    this.#cursor = kept.cursor;
    blocks.account(kept.cursor - before, kept.skipped);
    if (kept.batch === null) {
      this.#passed += kept.skipped;
      return null;
    }
    this.#minibatches++;
    return { batch: kept.batch, skipped: kept.skipped };
  }

  /** Lets go of what its inputs were read with. */
  dispose(): void {
    this.#parts.feed.dispose();
  }

  /** Where the stream is, between minibatches. */
  state(): ColdStreamState {
    return { cursor: this.#cursor, minibatches: this.#minibatches };
  }

  /** Goes on from a state. */
  restore({ cursor, minibatches }: ColdStreamState): void {
    this.#cursor = cursor;
    this.#minibatches = minibatches;
    this.#filter.forget();
  }
}

/** Where a stream of cold inputs is; enough to go on from there. */
export interface ColdStreamState {
  /** Place in the list of the next input that is neither trained nor skipped. */
  readonly cursor: number;
  /** Cold minibatches trained. */
  readonly minibatches: number;
}
