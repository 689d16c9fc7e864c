/**
 * The threads that prepare minibatches, seen from the thread that trains.
 *
 * @module
 */

import type { SharedDataset } from "../../data/shared_dataset.ts";
import type { DatasetSchema, Order, Split } from "../../data/types.ts";
import type { HotNumbers } from "./preparer.ts";
import { receivedError } from "./sent_error.ts";
import { ANSWERED, Slot } from "./slot.ts";
import type { FeedMessage, FeedTask, RequestTask } from "./worker.ts";

/**
 * Chunks of inputs that can be looked at at the same time. A verdict on a chunk comes when the device has done what was
 * queued before; by then so many chunks' minibatches, some tens, keep it busy.
 */
const LOOKS = 12;

/** Bytes of a ring of slots from which on it is kept short. */
const MOST_BYTES = 2 ** 28;

/** What the threads read, and for which tables. */
export interface FeedThreadsParts {
  readonly dataset: SharedDataset;
  readonly schema: DatasetSchema;
  readonly tableRows: readonly number[];
  /** Null where a plan tells no hot rows from others. */
  readonly hot: HotNumbers | null;
}

/** One thread, and what it has said. */
interface Thread {
  readonly worker: Worker;
  /** Errors of requests by line and number. */
  readonly failures: Map<string, Error>;
  /** Called when it says anything. */
  said: () => void;
  /** What it ended with. */
  crash: Error | null;
}

/** Threads that all have the data set open. Dispose of them to end them, whatever they are doing. */
export class FeedThreads implements Disposable {
  readonly #schema: DatasetSchema;
  readonly #threads: readonly Thread[];
  #lines = 0;
  #waitedMs = 0;

  private constructor(schema: DatasetSchema, count: number) {
    this.#schema = schema;
    const module = new URL("./worker.ts", import.meta.url);
    this.#threads = Array.from({ length: count }, () => {
      const worker = new Worker(module.href, { type: "module" });
      const thread: Thread = { worker, failures: new Map(), said: () => {}, crash: null };
      worker.onmessage = ({ data }: MessageEvent<FeedMessage>) => {
        if (data.kind === "failed") {
          thread.failures.set(`${data.line} ${data.request}`, receivedError(data.error));
        } else if (data.kind === "refused") thread.crash = receivedError(data.error);
        thread.said();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        thread.crash = new Error(event.message);
        thread.said();
      };
      return thread;
    });
  }

  /**
   * Starts threads and has each open the data set.
   *
   * @throws What opening it throws.
   */
  static async open(parts: FeedThreadsParts, count: number): Promise<FeedThreads> {
    const threads = new FeedThreads(parts.schema, count);
    try {
      const { dataset, tableRows, hot } = parts;
      // Of the hot rows alone what reading needs: the message is copied, except for shared memory.
      const numbers = hot === null ? null : { ids: hot.ids, rowsPerTable: hot.rowsPerTable };
      await Promise.all(threads.#threads.map(async (thread) => {
        const opened = threads.#next(thread);
        thread.worker.postMessage(
          { kind: "open", dataset, tableRows, hot: numbers } satisfies FeedTask,
        );
        await opened;
      }));
      return threads;
    } catch (error) {
      threads[Symbol.dispose]();
      throw error;
    }
  }

  /** Number of threads. */
  get count(): number {
    return this.#threads.length;
  }

  /** How long the thread that trains has waited for these, in milliseconds. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /**
   * Opens a reader in every thread.
   *
   * @param capacity Inputs of the largest minibatch.
   * @param chunk Inputs that are looked at at a time; 0 where none are.
   */
  line(split: Split, order: Order, capacity: number, chunk: number): FeedLine {
    const line = this.#lines++, schema = this.#schema;
    const batches = [new Slot({ schema, capacity, grouped: true })];
    // Each thread has one minibatch at work and one that lies ready, or, where they are large, one at work.
    const all = 2 * this.count * batches[0]!.memory.byteLength;
    const depth = Math.max(3, all > MOST_BYTES ? this.count + 1 : 2 * this.count);
    while (batches.length < depth) batches.push(new Slot({ schema, capacity, grouped: true }));
    const chunks = Array.from(
      { length: chunk > 0 ? LOOKS : 0 },
      () => new Slot({ schema, capacity: chunk, grouped: false }),
    );
    const task: FeedTask = {
      ...{ kind: "line", line, split, order, capacity, chunk },
      batches: batches.map(({ memory }) => memory),
      chunks: chunks.map(({ memory }) => memory),
    };
    for (const { worker } of this.#threads) worker.postMessage(task);
    const headerOf = ({ kind, slot }: Asked): Int32Array =>
      (kind === "look" ? chunks : batches)[slot]!.header;
    const isAnswered = (asked: Asked): boolean =>
      Atomics.load(headerOf(asked), ANSWERED) === asked.request;
    return {
      batches,
      chunks,
      post: (request) => this.#threadOf(request).worker.postMessage({ ...request, line }),
      isAnswered,
      // What is there already costs no turn of the event loop.
      answered: (asked) =>
        isAnswered(asked) ? undefined : this.#wait(headerOf(asked), { ...asked, line }),
      close: () => {
        for (const { worker } of this.#threads) {
          worker.postMessage({ kind: "close", line } satisfies FeedTask);
        }
      },
    };
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const { worker } of this.#threads) worker.terminate();
  }

  /** A slot's requests go to one thread, which does them in turn: a later one never meets an earlier one in the slot. */
  #threadOf({ slot }: { readonly slot: number }): Thread {
    return this.#threads[slot % this.#threads.length]!;
  }

  async #wait(
    header: Int32Array,
    request: Pick<RequestTask, "line" | "slot" | "request">,
  ): Promise<void> {
    const begun = performance.now();
    const thread = this.#threadOf(request);
    try {
      for (;;) {
        const answered = Atomics.load(header, ANSWERED);
        if (answered === request.request) return;
        if (thread.crash !== null) throw thread.crash;
        if (answered === -request.request) {
          const failure = thread.failures.get(`${request.line} ${request.request}`);
          if (failure !== undefined) throw failure;
          await this.#next(thread);
          continue;
        }
        const changed = Atomics.waitAsync(header, ANSWERED, answered);
        if (changed.async) await Promise.race([changed.value, this.#next(thread)]);
      }
    } finally {
      thread.said = () => {};
      this.#waitedMs += performance.now() - begun;
    }
  }

  /** Resolves when a thread says anything; rejects if that is that it has ended. */
  #next(thread: Thread): Promise<void> {
    return new Promise((resolve, reject) => {
      thread.said = () => thread.crash === null ? resolve() : reject(thread.crash);
    });
  }
}

/** What names a request of a line. */
type Asked = Pick<RequestTask, "slot" | "request" | "kind">;

/** A reader that all threads have open, and the slots that it fills. */
export interface FeedLine {
  /** For minibatches. */
  readonly batches: readonly Slot[];
  /** For inputs that are looked at. */
  readonly chunks: readonly Slot[];
  /** Hands a request to the thread of its slot. */
  post(request: Distributed<RequestTask>): void;
  /** Whether a request has been answered, and has not failed. */
  isAnswered(asked: Asked): boolean;
  /** Resolves, or returns at once, when a request has been answered. Throws what it failed with. */
  answered(asked: Asked): void | Promise<void>;
  /** Lets go of the reader. */
  close(): void;
}

/** A request as the users of a line make it. */
type Distributed<Task> = Task extends unknown ? Omit<Task, "line"> : never;
