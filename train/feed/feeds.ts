/**
 * What the loop and its plans read from: minibatches prepared in this thread or by others.
 *
 * @module
 */

import { mostThreads } from "../../data/shared_dataset.ts";
import type { Dataset, Inputs, Order, Split } from "../../data/types.ts";
import type { HostBatch, Route } from "../model/model.ts";
import { BatchSource } from "../run/batches.ts";
import { AheadFeed } from "./ahead_feed.ts";
import type { HotNumbers, Numbering } from "./preparer.ts";
import { FeedThreads } from "./threads.ts";
import { ThreadFeed } from "./thread_feed.ts";

/** Inputs of a split in one order, in minibatches. */
export interface Minibatches {
  /** Inputs in the split. */
  readonly count: number;
  /**
   * The inputs at positions [start, start + size), grouped; overwritten by the next call. Gives a promise only if it has
   * to wait. Throws a `LookupError` if an id is beyond its table.
   */
  prepare(start: number, size: number): HostBatch | Promise<HostBatch>;
  /** Lets go of what the minibatches were read with. */
  dispose(): void;
}

/** Inputs that are read to be looked at before they are trained. */
export interface Look {
  /** How many. */
  readonly size: number;
  /** The inputs, once they are ready. */
  readonly inputs: Inputs;
  /** Whether they are ready. */
  readonly arrived: boolean;
  /** Resolves, or returns at once, when they are. */
  ready(): void | Promise<void>;
  /** Writes the numbers of their rows among all hot rows to a classifier's list. */
  number(list: Uint32Array): void;
}

/** Inputs of the training split in one order, named by lists of positions, on either route. */
export interface InputFeed {
  /** Minibatches that it is worth putting together before they are trained; 0 where nobody prepares them meanwhile. */
  readonly ahead: number;
  /** Looks that can be had at the same time: each is overwritten by the one that comes so many after it. */
  readonly looks: number;
  /**
   * The inputs at places [start, start + size) of a list of positions, as one minibatch; overwritten by the next one. What
   * follows in the list is expected to be asked for next.
   */
  batch(
    list: Uint32Array,
    start: number,
    size: number,
    route: Route,
  ): HostBatch | Promise<HostBatch>;
  /**
   * Begins to read the inputs at places of a list: as many at most as the feed was made for.
   *
   * @param numbering How `Look.number` is to number rows; null where it will not be called.
   */
  look(list: Uint32Array, start: number, size: number, numbering: Numbering | null): Look;
  /** Makes room for a minibatch of at most `room` inputs that is put together from those looked at. */
  begin(room: number): void | Promise<void>;
  /** Copies input `from` of a look to place `to` of the minibatch. */
  copy(look: Look, from: number, to: number): void;
  /** Ends a minibatch of `size` inputs, and gives what waits for it: to be called when it is wanted. */
  finish(size: number, route: Route): () => HostBatch | Promise<HostBatch>;
  /** Lets go of what the inputs were read with. */
  dispose(): void;
}

/** Opens readers of a run's data set. */
export interface Feeds extends Disposable {
  /** Threads that prepare minibatches beside the one that trains. */
  readonly threads: number;
  /** How long the thread that trains has waited for them, in milliseconds. */
  readonly waitedMs: number;
  /**
   * Minibatches of a split in an order.
   *
   * @param capacity Inputs of the largest minibatch.
   * @param end Inputs that will be asked for; all by default.
   */
  minibatches(split: Split, order: Order, capacity: number, end?: number): Minibatches;
  /**
   * Inputs of the training split in an order.
   *
   * @param capacity Inputs of the largest minibatch.
   * @param chunk Inputs that are looked at at a time.
   */
  inputs(order: Order, hot: HotNumbers, capacity: number, chunk: number): InputFeed;
}

/** Splits that all runs read. What validates is read by few, and then in this thread. */
const SHARED_SPLITS: readonly Split[] = ["train", "test"];

/** What feeds read, and for which tables. */
export interface FeedsParts {
  readonly dataset: Dataset;
  /** Rows of the model's tables. */
  readonly tableRows: readonly number[];
  /** The hot rows of a plan that has some. */
  readonly hot: HotNumbers | null;
}

/** Feeds that prepare each minibatch in this thread, when it is asked for. */
export function openFeeds({ dataset, tableRows }: FeedsParts): Feeds {
  return {
    threads: 0,
    waitedMs: 0,
    minibatches: (split, order, capacity) => {
      const reader = dataset.reader(split, order);
      return new BatchSource(reader, dataset.schema, tableRows, capacity);
    },
    inputs: (order, hot, capacity, chunk) =>
      new ThreadFeed(dataset, order, hot, tableRows, capacity, chunk),
    [Symbol.dispose]: () => {},
  };
}

/**
 * Feeds whose minibatches other threads prepare ahead of training; null where they cannot have the data set. The same
 * bits as those of `openFeeds`, for any number of threads.
 *
 * @param wanted Threads, at least 1; fewer are started where each would take much memory.
 */
export async function openFeedsAhead(parts: FeedsParts, wanted: number): Promise<Feeds | null> {
  const { dataset, tableRows, hot } = parts;
  const shared = await dataset.share?.(SHARED_SPLITS) ?? null;
  if (shared === null) return null;
  const { schema } = dataset;
  const threads = await FeedThreads.open(
    { dataset: shared, schema, tableRows, hot },
    Math.min(wanted, mostThreads(shared, schema)),
  );
  const here = openFeeds(parts);
  return {
    threads: threads.count,
    get waitedMs() {
      return threads.waitedMs;
    },
    minibatches: (split, order, capacity, end = dataset.count(split)) => {
      if (!SHARED_SPLITS.includes(split)) return here.minibatches(split, order, capacity);
      const feed = new AheadFeed(schema, threads.line(split, order, capacity, 0));
      return {
        count: dataset.count(split),
        prepare: (start, size) => feed.prepare(start, size, end),
        dispose: () => feed.dispose(),
      };
    },
    inputs: (order, rows, capacity, chunk) =>
      // A driver may know of other hot rows than the threads do.
      rows === hot
        ? new AheadFeed(schema, threads.line("train", order, capacity, chunk))
        : here.inputs(order, rows, capacity, chunk),
    [Symbol.dispose]: () => threads[Symbol.dispose](),
  };
}
