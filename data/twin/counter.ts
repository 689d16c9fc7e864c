/**
 * Counts over the training inputs of a twin on all cores: how often each row is looked up, which rows are hot, and how many
 * lookups of each input go to rows that are not. Inputs are drawn, never stored.
 *
 * @module
 */

import { WorkerPool } from "../../core/worker_pool.ts";
import { hotTiers } from "../access_counts.ts";
import { BLOCK, type CountAnswer, type CountTask } from "./count_worker.ts";
import { openTwinLookups, type TwinLookups } from "./lookups.ts";

/** How often a pass is looked at, in milliseconds. */
const REPORT_MS = 500;

/** What is counted over. */
export interface TwinCounterOptions {
  /** A shipped twin. */
  readonly twin: string;
  /** Seed of the twin. */
  readonly seed: number;
  /** Training inputs, at most those of the full data set. */
  readonly inputs: number;
  /** Threads. */
  readonly threads: number;
  /** Ends a pass; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** How far a pass is: inputs done. Called a few times a second and once at its end. */
export type PassProgress = (done: number) => void;

/** Workers that count over one twin. Memory: what the passes allocate, and no input. */
export class TwinCounter implements Disposable {
  readonly #pool: WorkerPool<CountTask, CountAnswer>;
  /** The lookups that are counted. */
  readonly source: TwinLookups;
  /** Rows of all tables. */
  readonly rows: number;

  private constructor(source: TwinLookups, pool: WorkerPool<CountTask, CountAnswer>) {
    this.source = source;
    this.rows = source.tableRows.reduce((a, b) => a + b, 0);
    this.#pool = pool;
  }

  /** Opens the twin in every worker. */
  static async open(
    { twin, seed, inputs, threads, signal }: TwinCounterOptions,
  ): Promise<TwinCounter> {
    signal?.throwIfAborted();
    const source = await openTwinLookups(twin, seed, inputs);
    const module = new URL("./count_worker.ts", import.meta.url);
    const pool = new WorkerPool<CountTask, CountAnswer>(module, { threads, signal });
    try {
      await pool.all({ kind: "open", twin, seed, inputs: source.inputs });
    } catch (error) {
      pool[Symbol.dispose]();
      throw error;
    }
    return new TwinCounter(source, pool);
  }

  /** Lookups of each row by one input in `every`: 4 bytes a row. */
  async profile(every: number, progress: PassProgress = () => {}): Promise<Uint32Array> {
    const { inputs } = this.source;
    const counts = new SharedArrayBuffer(4 * this.rows);
    await this.#pass(Math.ceil(inputs / every), progress, (cursor) => ({
      kind: "profile",
      inputs,
      every,
      cursor,
      counts,
    }));
    return new Uint32Array(counts);
  }

  /** The tier of each row by its uses, as `hotTiers` has it: a byte a row, to be shared. `uses` stays. */
  rank(uses: Uint32Array, sizes: readonly number[]): SharedArrayBuffer {
    const tiers = new SharedArrayBuffer(this.rows);
    const [tier] = hotTiers([uses], sizes);
    new Uint8Array(tiers).set(tier!);
    return tiers;
  }

  /**
   * For each set of hot rows, how many lookups of each of the first `inputs` inputs go to rows outside it: a byte a set and
   * input of the twin. Inputs after those are 0.
   *
   * @param sets Number of sets that the tiers tell apart.
   */
  async classify(
    tiers: SharedArrayBuffer,
    sets: number,
    inputs: number,
    progress: PassProgress = () => {},
  ): Promise<Uint8Array[]> {
    const all = this.source.inputs;
    const shared = new SharedArrayBuffer(sets * all);
    const cold = Array.from({ length: sets }, (_, k) => new Uint8Array(shared, k * all, all));
    await this.#pass(inputs, progress, (cursor) => ({
      kind: "classify",
      inputs,
      cursor,
      tiers,
      cold,
    }));
    return cold;
  }

  /** Different rows of some minibatches of inputs, and those of them outside a set of hot rows: sums over the minibatches. */
  async unique(
    minibatches: readonly Uint32Array[],
    tiers: SharedArrayBuffer,
    set: number,
  ): Promise<readonly [unique: number, uniqueCold: number]> {
    const [sums] = await this.#pool.each([{ kind: "unique", minibatches, tiers, set }]);
    return sums!;
  }

  async #pass(
    inputs: number,
    progress: PassProgress,
    task: (cursor: SharedArrayBuffer) => CountTask,
  ): Promise<void> {
    const cursor = new SharedArrayBuffer(4), view = new Int32Array(cursor);
    const timer = setInterval(
      () => progress(Math.min(inputs, Atomics.load(view, 0) * BLOCK)),
      REPORT_MS,
    );
    try {
      await this.#pool.all(task(cursor));
    } finally {
      clearInterval(timer);
    }
    progress(inputs);
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}
