/**
 * The statistics of a data set: label rate, cardinalities, skew, reuse, and how much of it is hot under a memory budget.
 *
 * The inputs are read twice: once to count how often each row is looked up, once to find the lookups and inputs that use
 * only the most used rows. Memory is 4 bytes a row of the tables (then 1), whatever the number of inputs.
 *
 * @module
 */

import { eventTurns } from "../core/events.ts";
import { RandomStream } from "../core/random.ts";
import { AccessCounts, hotTiers, type ReuseBin } from "./access_counts.ts";
import { idLayout, NO_LOOKUP } from "./id_layout.ts";
import { createInputs } from "./inputs.ts";
import { SPLITS } from "./split.ts";
import type { Dataset, Inputs, Reader, Split } from "./types.ts";

/** What to profile. */
export interface ProfileOptions {
  /** Which inputs. Default all: the training split, then test and validation. */
  readonly split?: Split | "all" | undefined;
  /** Look at this many inputs only, drawn from all parts of the data set. Default: all inputs. */
  readonly sample?: number | undefined;
  /** Seed of the sample, an integer in [0, 2^32). Default 1. */
  readonly seed?: number | undefined;
  /** Memory for hot rows, in MiB. Default 64, 128, 256, 512. */
  readonly budgetsMib?: readonly number[] | undefined;
  /** Floats in a row, which takes 4 bytes each. Default 16. */
  readonly dim?: number | undefined;
  /** Called at intervals with the inputs read so far, of both passes together. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Stops the pass; `profileDataset` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A number, and its standard error where it comes from a sample. */
export interface Estimate {
  /** The number. */
  readonly value: number;
  /** Null where every input was looked at. */
  readonly error: number | null;
}

/** One table. */
export interface TableProfile {
  /** The column. */
  readonly name: string;
  /** Rows of the table. */
  readonly rows: number;
  /** Rows that were looked up. */
  readonly distinct: number;
  /** Share of those that were looked up once. */
  readonly once: number;
  /** Share of the lookups that go to the most used hundredth of the rows looked up, at least one row. */
  readonly top1: Estimate;
  /** The same of the most used tenth. */
  readonly top10: Estimate;
}

/** How many distinct rows have occurred after a number of inputs. */
export interface GrowthPoint {
  /** Inputs walked so far. */
  readonly inputs: number;
  /** Distinct ids met so far in each table. */
  readonly distinct: readonly number[];
}

/** What a budget of memory makes hot. */
export interface HotProfile {
  /** The budget, in MiB. */
  readonly budgetMib: number;
  /** Rows that fit, at most as many as were looked up. */
  readonly rows: number;
  /** Share of the lookups that go to them. */
  readonly lookups: Estimate;
  /** Share of the inputs all of whose lookups go to them. */
  readonly inputs: Estimate;
}

/** What a data set looks like. */
export interface Profile {
  /** Version of this document. */
  readonly version: 1;
  /** The data set's. */
  readonly format: string;
  /** The data set's. */
  readonly hash: string;
  /** Which inputs. */
  readonly split: Split | "all";
  /** Inputs there are. */
  readonly inputs: number;
  /** Inputs that were counted. */
  readonly counted: number;
  /** Seed of the sample; null if all inputs were counted. */
  readonly seed: number | null;
  /** Floats in a row. */
  readonly dim: number;
  /** Lookups of an input; their mean over the inputs counted where bags are of different lengths. */
  readonly lookupsPerInput: number;
  /** False where inputs have no labels (all are 0); absent if they have. */
  readonly labelled?: false;
  /** Share of ones among the labels. */
  readonly labelRate: Estimate;
  /** In the order of the schema. */
  readonly tables: readonly TableProfile[];
  /** After 1, 2, 5, 10, 20, 50, … inputs and all of them. */
  readonly growth: readonly GrowthPoint[];
  /** Rows of all tables by the number of their uses. */
  readonly reuse: readonly ReuseBin[];
  /** For each budget, the smallest first. */
  readonly hot: readonly HotProfile[];
}

const DEFAULT_BUDGETS: readonly number[] = [64, 128, 256, 512];
const CHUNK = 4096;
/** Of the stream `sampling`: a sample to count, and another to see what is hot. */
const SUBS = [3, 4] as const;

/**
 * Profiles a data set: exactly, or on a sample, with standard errors.
 *
 * A sample has one input of each of equal parts of the data set, in their order. Which rows are hot is then decided on one
 * sample, and the hot shares are measured on a second, separate one: measured on the sample that was counted, they would be
 * too high. Cardinalities, reuse and the rows of the top shares are those of the sample. Standard errors are those of
 * independent draws.
 *
 * @throws RangeError for options out of range.
 * @category Data: profiles
 */
export async function profileDataset(
  dataset: Dataset,
  options: ProfileOptions = {},
): Promise<Profile> {
  const { split = "all", seed = 1, dim = 16, signal, onProgress } = options;
  const budgets = [...options.budgetsMib ?? DEFAULT_BUDGETS].sort((a, b) => a - b);
  check("dim", dim, Number.isInteger(dim) && dim >= 1);
  check("sample", options.sample, options.sample === undefined || isCount(options.sample));
  for (const budget of budgets) check("budget", budget, budget > 0 && Number.isFinite(budget));
  if (budgets.length > 255) throw new RangeError("Cannot profile: there are more than 255 budgets");

  const { schema } = dataset;
  const splits: readonly Split[] = split === "all" ? SPLITS : [split];
  const inputs = splits.reduce((sum, name) => sum + dataset.count(name), 0);
  if (inputs === 0) throw new RangeError(`Cannot profile: the split ${split} has no inputs`);
  const sampled = options.sample !== undefined && options.sample < inputs;
  const counted = sampled ? options.sample! : inputs;
  const layout = idLayout(schema), turn = eventTurns(signal);
  const walk = (sub: number, visit: (inputs: Inputs) => void) => {
    const readers = splits.map((name) => dataset.reader(name, { kind: "sequential" }));
    const into = createInputs(schema, sampled ? 1 : CHUNK);
    let sinceReport = 0, done = sub === SUBS[0] ? 0 : counted;
    const seen = (size: number): Promise<void> | undefined => {
      visit(into);
      done += size;
      sinceReport += size;
      if (sinceReport < CHUNK) return undefined;
      sinceReport = 0;
      onProgress?.(done, 2 * counted);
      // Whoever is told may end it; a turn for signals comes only every so often.
      signal?.throwIfAborted();
      return turn();
    };
    return sampled
      ? walkSample(readers, into, inputs, counted, new RandomStream(seed, "sampling", sub), seen)
      : walkAll(readers, into, seen);
  };

  let ones = 0, walked = 0;
  const counts = new AccessCounts(schema.tables.map((table) => table.rows));
  const growth: GrowthPoint[] = [];
  const marks = growthMarks(counted);
  await walk(SUBS[0], ({ size, ids, labels }) => {
    for (let b = 0; b < size; b++) ones += labels[b]!;
    for (let from = 0; from < size;) {
      const to = Math.min(size, from + (marks[growth.length] ?? Infinity) - walked);
      counts.add(ids, layout, size, from, to);
      walked += to - from;
      from = to;
      if (walked === marks[growth.length]) {
        growth.push({ inputs: walked, distinct: counts.distinct() });
      }
    }
  });

  const proportion = (value: number, draws: number): Estimate => ({
    value,
    error: sampled ? Math.sqrt(value * (1 - value) / draws) : null,
  });
  const perTable = counts.lookups();
  const lookups = layout.variable
    ? perTable.reduce((sum, count) => sum + count, 0) / counted
    : layout.width;
  const distinct = counts.distinct();
  const tables = schema.tables.map(({ name, rows }, t) => {
    const { once, top1, top10 } = counts.skew(t);
    return {
      name,
      rows,
      distinct: distinct[t]!,
      once,
      top1: proportion(top1, perTable[t]!),
      top10: proportion(top10, perTable[t]!),
    };
  });
  const reuse = counts.reuse();
  const used = distinct.reduce((sum, count) => sum + count, 0);
  const rows = budgets.map((mib) => Math.min(used, Math.floor(mib * 2 ** 20 / (4 * dim))));
  const tiers = hotTiers(counts.release(), rows);

  // How many lookups and inputs become hot with each budget, and the squares of an input's hot lookups.
  const hotLookups = new Float64Array(budgets.length + 1);
  const hotInputs = new Float64Array(budgets.length + 1);
  const squares = new Float64Array(budgets.length);
  const hits = new Uint32Array(budgets.length + 1);
  await walk(SUBS[1], ({ size, ids }) => {
    const { each, firsts } = layout;
    for (let b = 0; b < size; b++) {
      hits.fill(0);
      let coldest = 0;
      for (const [t, tier] of tiers.entries()) {
        const from = firsts[t]! * size + b * each[t]!;
        for (let at = from; at < from + each[t]!; at++) {
          if (ids[at] === NO_LOOKUP) continue;
          const level = tier[ids[at]!]!;
          hits[level]!++;
          if (level > coldest) coldest = level;
        }
      }
      hotInputs[coldest]!++;
      for (let k = 0, hot = 0; k < budgets.length; k++) {
        hot += hits[k]!;
        hotLookups[k]! += hot;
        squares[k]! += hot * hot;
      }
    }
  });
  let allHot = 0;
  const hot = budgets.map((budgetMib, k) => {
    allHot += hotInputs[k]!;
    const mean = hotLookups[k]! / counted;
    // Lookups of one input go together, so an input is one draw.
    const variance = Math.max(0, squares[k]! / counted - mean * mean);
    return {
      budgetMib,
      rows: rows[k]!,
      lookups: {
        value: mean / lookups,
        error: sampled ? Math.sqrt(variance / counted) / lookups : null,
      },
      inputs: proportion(allHot / counted, counted),
    };
  });
  onProgress?.(2 * counted, 2 * counted);
  return {
    version: 1,
    format: schema.format,
    hash: dataset.hash,
    split,
    inputs,
    counted,
    seed: sampled ? seed : null,
    dim,
    lookupsPerInput: lookups,
    ...(schema.labelled === false ? { labelled: false as const } : {}),
    labelRate: proportion(ones / counted, counted),
    tables,
    growth,
    reuse,
    hot,
  };
}

async function walkAll(
  readers: readonly Reader[],
  into: Inputs,
  seen: (size: number) => Promise<void> | undefined,
): Promise<void> {
  for (const reader of readers) {
    for (let at = 0; at < reader.count; at += CHUNK) {
      const size = Math.min(CHUNK, reader.count - at);
      const waiting = reader.read(at, size, into);
      if (waiting !== undefined) await waiting;
      await seen(size);
    }
  }
}

/** One input of each of `count` equal parts, in their order. */
async function walkSample(
  readers: readonly Reader[],
  into: Inputs,
  inputs: number,
  count: number,
  words: RandomStream,
  seen: (size: number) => Promise<void> | undefined,
): Promise<void> {
  let r = 0, before = 0;
  for (let i = 0; i < count; i++) {
    const from = Math.floor(i * inputs / count), to = Math.floor((i + 1) * inputs / count);
    const position = from + Math.floor(words.uint32(i) / 2 ** 32 * (to - from));
    while (position - before >= readers[r]!.count) before += readers[r++]!.count;
    const waiting = readers[r]!.read(position - before, 1, into);
    if (waiting !== undefined) await waiting;
    const turn = seen(1);
    if (turn !== undefined) await turn;
  }
}

/** 1, 2, 5, 10, 20, 50, … and the last. */
function growthMarks(last: number): number[] {
  const marks: number[] = [];
  for (let power = 1; power < last; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power < last) marks.push(factor * power);
  }
  return [...marks, last];
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function check(name: string, value: unknown, holds: boolean): void {
  if (!holds) throw new RangeError(`Cannot profile: ${name} is ${value}, not a positive number`);
}
