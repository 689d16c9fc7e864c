/**
 * The hot share of a twin's training inputs by counted accesses, on all cores.
 *
 * A first pass counts the lookups of each row; a second finds for each input whether all its rows are among the most used
 * that fill a budget. Rows are chosen by all counts, and again by those of one input in twenty, as FAE samples 5 % of them.
 *
 * @module
 */

import { hotTiers } from "../data/access_counts.ts";
import { BLOCK, type HotDone, type HotTask } from "./hot_worker.ts";
import { openTwinLookups } from "../data/twin/lookups.ts";

/** FAE's sampling rate of 5 %. */
const SAMPLE_EVERY = 20;
const REPORT_MS = 15_000;

/** What to count. */
export interface HotOptions {
  /** A shipped twin. */
  readonly twin: string;
  /** Training inputs, at most those of the full data set. */
  readonly inputs: number;
  /** Budgets in MiB, ascending. */
  readonly budgetsMib: readonly number[];
  /** Floats in a row. */
  readonly dim: number;
  readonly threads: number;
  readonly seed: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Shares at one budget. */
export interface HotShares {
  readonly budgetMib: number;
  /** Rows that fit. */
  readonly rows: number;
  /** By all counts, then by one input in twenty: shares of lookups and of inputs. */
  readonly byAll: { readonly lookups: number; readonly inputs: number };
  readonly bySample: { readonly lookups: number; readonly inputs: number };
}

/** What was counted, and how long it took. */
export interface HotCount {
  readonly inputs: number;
  readonly lookups: number;
  /** Rows of all tables that were looked up. */
  readonly used: number;
  readonly countSeconds: number;
  readonly classifySeconds: number;
  readonly shares: readonly HotShares[];
}

/** Counts and classifies. Memory: 10 bytes a row of the tables, whatever the number of inputs. */
export async function countHot(options: HotOptions): Promise<HotCount> {
  const { twin, seed, budgetsMib, dim, signal } = options;
  const source = await openTwinLookups(twin, seed, options.inputs);
  const { inputs } = source;
  const rows = source.tableRows.reduce((a, b) => a + b, 0);
  using pool = new Pool(options.threads, signal);
  await pool.run({ kind: "open", twin, seed, inputs: options.inputs });

  const counts = [4 * rows, 4 * rows].map((bytes) => new SharedArrayBuffer(bytes));
  const begun = performance.now();
  const [all, sampled] = counts as [SharedArrayBuffer, SharedArrayBuffer];
  await pass(options, pool, inputs, "counted", (cursor) => ({
    kind: "count",
    inputs,
    cursor,
    all,
    sampled,
    sampleEvery: SAMPLE_EVERY,
  }));
  const counted = performance.now();
  const used = new Uint32Array(all).reduce((sum, uses) => sum + (uses > 0 ? 1 : 0), 0);
  const sizes = budgetsMib.map((mib) => Math.floor(mib * 2 ** 20 / (4 * dim)));
  const tiers = counts.map((buffer) => {
    const [found] = hotTiers([new Uint32Array(buffer)], sizes);
    const shared = new SharedArrayBuffer(rows);
    new Uint8Array(shared).set(found!);
    return shared;
  });
  const levels = sizes.length + 1;
  const classifyBegun = performance.now();
  const parts = await pass(options, pool, inputs, "classified", (cursor) => ({
    kind: "classify",
    inputs,
    cursor,
    tiers,
    levels,
  }));
  const classified = performance.now();
  const shareUpTo = (of: "lookups" | "inputs", set: number, level: number): number => {
    let hot = 0;
    for (const part of parts) for (let k = 0; k <= level; k++) hot += part[of][set]![k]!;
    return hot / (of === "inputs" ? inputs : inputs * source.each);
  };
  const shares = (set: number, level: number) => ({
    lookups: shareUpTo("lookups", set, level),
    inputs: shareUpTo("inputs", set, level),
  });
  return {
    inputs,
    lookups: inputs * source.each,
    used,
    countSeconds: (counted - begun) / 1000,
    classifySeconds: (classified - classifyBegun) / 1000,
    shares: budgetsMib.map((budgetMib, k) => ({
      budgetMib,
      rows: sizes[k]!,
      byAll: shares(0, k),
      bySample: shares(1, k),
    })),
  };
}

async function pass(
  { twin, say }: HotOptions,
  pool: Pool,
  inputs: number,
  done: string,
  task: (cursor: SharedArrayBuffer) => HotTask,
): Promise<HotDone[]> {
  const cursor = new SharedArrayBuffer(4), view = new Int32Array(cursor);
  const timer = setInterval(() => {
    const reached = Math.min(inputs, Atomics.load(view, 0) * BLOCK);
    say(`${twin}: ${(100 * reached / inputs).toFixed(0)} % of ${inputs} inputs ${done}`);
  }, REPORT_MS);
  try {
    return await pool.run(task(cursor));
  } finally {
    clearInterval(timer);
  }
}

/** Workers that all do the same task. */
class Pool implements Disposable {
  readonly #workers: readonly Worker[];
  readonly #signal: AbortSignal;

  constructor(threads: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(new URL("./hot_worker.ts", import.meta.url).href, { type: "module" }),
    );
  }

  /** Gives the task to every worker and waits for all; throws what a worker throws, and the signal's reason. */
  run(task: HotTask): Promise<HotDone[]> {
    this.#signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(this.#signal.reason);
      this.#signal.addEventListener("abort", stop, { once: true });
      const answers = this.#workers.map((worker) =>
        new Promise<HotDone>((answer, fail) => {
          worker.onmessage = ({ data }) => answer(data);
          worker.onerror = (event) => {
            event.preventDefault();
            fail(new Error(event.message));
          };
          worker.postMessage(task);
        })
      );
      Promise.all(answers).then(resolve, reject)
        .finally(() => this.#signal.removeEventListener("abort", stop));
    });
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}
