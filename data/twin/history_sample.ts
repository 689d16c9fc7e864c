/**
 * Users of a log of events, as the fit of histories takes them.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { Permutation } from "../../core/random.ts";
import { readEvents } from "../build_sequences.ts";
import type { PreparationOptions } from "../manifest.ts";
import { findTextFiles } from "../prepare.ts";
import { recognise } from "../recognise.ts";
import { type PreparationHooks, SourceScan } from "../source_scan.ts";
import type { History } from "./histories.ts";

/** Some users' histories, and the size of the log they are from. */
interface HistorySample {
  /** In order of time. Items and categories are numbered in order of first appearance. */
  readonly histories: readonly History[];
  /** Of the log. */
  readonly users: number;
  /** Of the log. */
  readonly events: number;
  /** Distinct ones of the log. */
  readonly items: number;
  /** Distinct ones of the log. */
  readonly categories: number;
}

/** What to read of a log in Taobao's format. */
interface HistorySampleOptions extends PreparationHooks {
  /** Files in order, plain or gzip. */
  readonly data: readonly string[];
  /** Only the first so many events. Default: all. */
  readonly limit?: number | undefined;
  /** A bad row ends the reading, or is left out. Default `error`. */
  readonly badRows?: "error" | "skip" | undefined;
  /** At most so many users, drawn from all. */
  readonly users: number;
  /** Of which users, an integer in [0, 2^32). */
  readonly seed: number;
}

/**
 * Reads a log of events into memory and draws users. An item keeps the category that it first comes with.
 *
 * @throws UserError for files or rows that are wrong, and for a log without events.
 */
export async function sampleHistories(options: HistorySampleOptions): Promise<HistorySample> {
  const files = await findTextFiles(options.data);
  const { events } = await recognise(files, "taobao");
  const preparation: PreparationOptions = {
    format: "taobao",
    limit: options.limit ?? null,
    maxIndexRange: 0,
    minCount: 0,
    badRows: options.badRows ?? "error",
    seed: options.seed,
    leak: false,
    schema: null,
    events,
    heldOut: null,
  };
  const scan = new SourceScan(files, preparation, options, true);
  const { log } = await readEvents(scan, preparation, files[0]!.path);
  if (log.length === 0) {
    throw new UserError(`Cannot fit a twin to ${files[0]!.path}: it has no events`);
  }
  const order = new Permutation(log.users.size, options.seed);
  const chosen = Array.from(
    { length: Math.min(options.users, log.users.size) },
    (_, i) => order.at(i),
  ).sort((a, b) => a - b);
  const items = new Map<number, { item: number; category: number }>();
  const categories = new Map<number, number>();
  const histories = chosen.map((user): History => {
    const pairs = log.history(user);
    const history = {
      items: new Uint32Array(pairs.length),
      categories: new Uint32Array(pairs.length),
    };
    for (const [j, pair] of pairs.entries()) {
      const item = log.pairs.first(pair), category = log.pairs.second(pair);
      if (!categories.has(category)) categories.set(category, categories.size);
      if (!items.has(item)) {
        items.set(item, { item: items.size, category: categories.get(category)! });
      }
      const known = items.get(item)!;
      history.items[j] = known.item;
      history.categories[j] = known.category;
    }
    return history;
  });
  return {
    histories,
    users: log.users.size,
    events: log.length,
    items: log.items.size,
    categories: log.categories.size,
  };
}
