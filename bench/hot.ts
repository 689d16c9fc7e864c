/**
 * The hot share of a twin's training inputs by counted accesses, on all cores.
 *
 * One pass counts the lookups of each row; another finds for each input whether all its rows are among the most used that
 * fill a budget. Rows are chosen by all counts, and again by those of one input in twenty, as FAE samples 5 % of them.
 *
 * @module
 */

import { TwinCounter } from "../data/twin/counter.ts";
import { occasionally } from "./occasionally.ts";

/** FAE's sampling rate of 5 %. */
const SAMPLE_EVERY = 20;

/** What to count. */
interface HotOptions {
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
interface HotShares {
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

/** Counts and classifies. Memory: 10 bytes a row of the tables, and a byte an input and budget. */
export async function countHot(options: HotOptions): Promise<HotCount> {
  const { twin, seed, inputs: wanted, threads, budgetsMib, dim, say, signal } = options;
  using counter = await TwinCounter.open({ twin, seed, inputs: wanted, threads, signal });
  const { source: { inputs, each } } = counter;
  const told = (pass: string) => {
    const tell = occasionally(say);
    return (done: number): void =>
      tell(`${twin}: ${(100 * done / inputs).toFixed(0)} % of ${inputs} inputs ${pass}`);
  };
  const sizes = budgetsMib.map((mib) => Math.floor(mib * 2 ** 20 / (4 * dim)));
  let seconds = 0;
  const timed = async <T>(body: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    try {
      return await body();
    } finally {
      seconds += (performance.now() - begun) / 1000;
    }
  };
  const all = await timed(() => counter.profile(1, told("counted")));
  const sampled = await counter.profile(SAMPLE_EVERY);
  const countSeconds = seconds;
  const used = all.reduce((sum, uses) => sum + (uses > 0 ? 1 : 0), 0);
  const sharesBy = async (uses: Uint32Array) => {
    const tiers = counter.rank(uses, sizes);
    const cold = await timed(() =>
      counter.classify(tiers, sizes.length, inputs, told("classified"))
    );
    return cold.map((found) => {
      let lookups = 0, hot = 0;
      for (const outside of found) {
        lookups += each - outside;
        if (outside === 0) hot++;
      }
      return { lookups: lookups / (inputs * each), inputs: hot / inputs };
    });
  };
  const byAll = await sharesBy(all);
  const classifySeconds = seconds - countSeconds;
  const bySample = await sharesBy(sampled);
  return {
    inputs,
    lookups: inputs * each,
    used,
    countSeconds,
    classifySeconds,
    shares: budgetsMib.map((budgetMib, k) => ({
      budgetMib,
      rows: sizes[k]!,
      byAll: byAll[k]!,
      bySample: bySample[k]!,
    })),
  };
}
