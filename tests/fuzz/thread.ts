/** A thread with the subjects, and a watch over it. */

import type { FuzzAnswer, FuzzJob } from "./worker.ts";

/** An input that takes longer hangs. */
const HANG_MS = 5_000;
/** Time between looks at the thread. */
const LOOK_MS = 500;

/** What became of some inputs. */
export type FuzzOutcome = Exclude<FuzzAnswer, { readonly kind: "ready" }>;

/** Reads inputs apart from whoever waits for it, so that one that hangs is noticed. */
export class FuzzThread implements Disposable {
  readonly #worker: Worker;
  readonly #at = new SharedArrayBuffer(4);

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Starts a thread, which makes what its subjects need. */
  static async start(): Promise<FuzzThread> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    await nextMessage(worker);
    return new FuzzThread(worker);
  }

  /** Has some inputs read; an input that hangs is a failure without its bytes. */
  async run(job: Omit<FuzzJob, "at">): Promise<FuzzOutcome> {
    const answer = nextMessage(this.#worker);
    this.#worker.postMessage({ ...job, at: this.#at } satisfies FuzzJob);
    const cell = new Int32Array(this.#at);
    let last = -1, since = performance.now();
    while (true) {
      const { promise: look, resolve } = Promise.withResolvers<null>();
      const timer = setTimeout(() => resolve(null), LOOK_MS);
      const given = await Promise.race([answer, look]);
      clearTimeout(timer);
      if (given !== null) return given as FuzzOutcome;
      const now = Atomics.load(cell, 0);
      if (now !== last) {
        last = now;
        since = performance.now();
      } else if (performance.now() - since > HANG_MS) {
        const message = `${job.subject}, input ${now} hangs`;
        return { kind: "failed", message, number: now, input: new Uint8Array(0) };
      }
    }
  }

  /** Ends the thread, whatever it does. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function nextMessage(worker: Worker): Promise<FuzzAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<FuzzAnswer>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  return promise;
}
