/**
 * A thread that prepares minibatches: reads or draws inputs into shared memory and groups their lookups there. Tasks are
 * done in the order in which they come; what they give depends on nothing else.
 *
 * @module
 */

import { workerScope } from "../../core/worker_scope.ts";
import { openShared, type SharedDataset } from "../../data/shared_dataset.ts";
import type { Dataset, Order, Reader, Split } from "../../data/types.ts";
import type { Route } from "../model/model.ts";
import { type HotNumbers, type Numbering, Preparer } from "./preparer.ts";
import { ANSWERED, Slot } from "./slot.ts";
import { type SentError, sentError } from "./sent_error.ts";

/** What a thread is to do. */
export type FeedTask =
  /** Opens the data set; answered by a message. */
  | {
    readonly kind: "open";
    readonly dataset: SharedDataset;
    readonly tableRows: readonly number[];
    readonly hot: HotNumbers | null;
  }
  /** Opens a reader, with the slots that its tasks name. */
  | {
    readonly kind: "line";
    readonly line: number;
    readonly split: Split;
    readonly order: Order;
    readonly capacity: number;
    readonly batches: readonly SharedArrayBuffer[];
    readonly chunk: number;
    readonly chunks: readonly SharedArrayBuffer[];
  }
  | { readonly kind: "close"; readonly line: number }
  | RequestTask;

/** A task that fills a slot, which says by its header when it is done. */
export type RequestTask =
  & {
    readonly line: number;
    readonly slot: number;
    /** Number of the request, from 1. */
    readonly request: number;
    readonly size: number;
  }
  & (
    /** Reads inputs and groups them: those from `start` on, or, where it is null, those at the slot's positions. */
    | { readonly kind: "read"; readonly start: number | null; readonly route: Route }
    /** Groups the inputs that are in the slot. */
    | { readonly kind: "group"; readonly route: Route }
    /** Reads the inputs at the slot's positions, to be looked at, and numbers their rows. */
    | { readonly kind: "look"; readonly numbering: Numbering | null }
  );

/** What a thread sends. */
export type FeedMessage =
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly error: SentError }
  | {
    readonly kind: "failed";
    readonly line: number;
    readonly request: number;
    readonly error: SentError;
  };

/** A reader and its slots. */
interface Line {
  readonly reader: Reader;
  readonly batches: readonly Slot[];
  readonly chunks: readonly Slot[];
}

class FeedThread {
  readonly #lines = new Map<number, Line>();
  #dataset: Dataset | null = null;
  #preparer: Preparer | null = null;

  async perform(task: FeedTask): Promise<FeedMessage | null> {
    switch (task.kind) {
      case "open":
        this.#dataset = await openShared(task.dataset);
        this.#preparer = new Preparer(this.#dataset.schema, task.tableRows, task.hot);
        return { kind: "opened" };
      case "line":
        this.#open(task);
        return null;
      case "close":
        this.#lines.delete(task.line);
        return null;
      default:
        return await this.#request(task);
    }
  }

  #open(
    { line, split, order, capacity, batches, chunk, chunks }: FeedTask & { kind: "line" },
  ): void {
    const { schema } = this.#dataset!;
    this.#lines.set(line, {
      reader: this.#dataset!.reader(split, order),
      batches: batches.map((memory) => new Slot({ schema, capacity, grouped: true }, memory)),
      chunks: chunks.map((memory) => new Slot({ schema, capacity: chunk, grouped: false }, memory)),
    });
  }

  async #request(task: RequestTask): Promise<FeedMessage | null> {
    const { line, request } = task;
    const { reader, batches, chunks } = this.#lines.get(line)!;
    const slot = (task.kind === "look" ? chunks : batches)[task.slot]!;
    let failed: FeedMessage | null = null;
    try {
      const waiting = fill(task, slot, reader, this.#preparer!);
      if (waiting !== undefined) await waiting;
    } catch (error) {
      failed = { kind: "failed", line, request, error: sentError(error) };
    }
    Atomics.store(slot.header, ANSWERED, failed === null ? request : -request);
    Atomics.notify(slot.header, ANSWERED);
    return failed;
  }
}

function fill(
  task: RequestTask,
  slot: Slot,
  reader: Reader,
  preparer: Preparer,
): void | Promise<void> {
  const { inputs } = slot, { size } = task;
  const finish = (): void => {
    if (task.kind === "look") {
      if (task.numbering !== null) {
        preparer.number(inputs, slot.numbers, slot.positions.length, task.numbering);
      }
    } else slot.fill(size, preparer.group(inputs, task.route, slot.room));
  };
  if (task.kind === "group") {
    inputs.size = size;
    return finish();
  }
  const waiting = task.kind === "read" && task.start !== null
    ? reader.read(task.start, size, inputs)
    : reader.readAt(slot.positions.subarray(0, size), inputs);
  return waiting === undefined ? finish() : waiting.then(finish);
}

if (import.meta.main) {
  const scope = workerScope<FeedTask>();
  const thread = new FeedThread();
  // A task that waits for the disk must not be overtaken by the next, which may use the same slot.
  let last: Promise<void> = Promise.resolve();
  scope.onmessage = ({ data }) => {
    last = last.then(async () => {
      let message: FeedMessage | null;
      try {
        message = await thread.perform(data);
      } catch (error) {
        message = { kind: "refused", error: sentError(error) };
      }
      if (message !== null) scope.postMessage(message);
    });
  };
}
