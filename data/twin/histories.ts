/**
 * The twin of a log of user histories (RM1, Taobao): items with categories that users met one after the other.
 *
 * Event j of user k depends on (parameters, seed, k) and the events before it. It repeats an item of the user's own past,
 * so many events ago as real users do; or it brings an item that is new to the user, of the category of a past event or of
 * any. Items and categories follow their laws, and an item has one category. Popularity is stationary.
 *
 * @module
 */

import {
  checked,
  checkSchema,
  inTurn,
  listOf,
  numberFrom,
  objectOf,
  objectWith,
  oneOf,
  type Schema,
  wholeFrom,
  words,
} from "../../core/schema.ts";
import { philox4x32, STREAMS } from "../../core/random.ts";
import { cellPopularity, cutCells, Observations } from "./cells.ts";
import { Column } from "./column.ts";
import { fitLaw, possibleIds } from "./law.ts";
import { fitGiven, type Link } from "./nesting.ts";
import { columnsOf, type TwinColumn } from "./parameters.ts";
import { countIds } from "./sample.ts";

/** Raised whenever the same file would give other histories, or other inputs made of them. */
export const HISTORY_VERSION = 2;

/** Statistics of user histories. */
export interface HistoryParameters {
  /** Version of the file's layout. */
  readonly version: typeof HISTORY_VERSION;
  /** Name of the twin. */
  readonly name: string;
  /** Users of the full data set. */
  readonly users: number;
  /** Events of the full data set. */
  readonly events: number;
  /** Items, then categories; the second follows from the first. Laws of (user, item) and (user, category) pairs. */
  readonly columns: readonly [TwinColumn, TwinColumn];
  /** Quantiles of the length of a history, evenly spaced from 0 to 1. */
  readonly lengths: readonly number[];
  /**
   * How often an event tries to repeat an item of the same user; quantiles of how many events ago; and with which
   * probability it does so if the item has occurred only once.
   */
  readonly repeats: {
    readonly share: number;
    readonly once: number;
    readonly lags: readonly number[];
  };
  /**
   * How often an event that repeats no item takes the category of a past event on purpose; quantiles of how many events
   * ago.
   */
  readonly stays: { readonly share: number; readonly lags: readonly number[] };
}

/** What the sample does not show. */
export interface HistoryFitOptions {
  /** Name of the twin. */
  readonly name: string;
  /** Users of the full data set. */
  readonly users: number;
  /** Events of the full data set. */
  readonly events: number;
  /** Distinct items of the full data set. */
  readonly items: number;
  /** Distinct categories of the full data set. */
  readonly categories: number;
}

/** One user's events in order of time. */
export interface History {
  /** Item of each event. */
  readonly items: Uint32Array;
  /** Category of each event. */
  readonly categories: Uint32Array;
}

const TWO_32 = 0x100000000;
const QUANTILES = 33;
/** A history is drawn whole, in memory. */
const MOST_EVENTS = 2 ** 24;
const CALIBRATION_ROUNDS = 12;
const CALIBRATION_USERS = 600;

/** Fits the twin of user histories. */
export function fitHistories(
  histories: readonly History[],
  options: HistoryFitOptions,
): HistoryParameters {
  const events = histories.reduce((sum, { items }) => sum + items.length, 0);
  const items: number[] = [], categories: number[] = [];
  const repeatLags: number[] = [], stayLags: number[] = [];
  for (const history of histories) {
    const lastItem = new Map<number, number>(), lastCategory = new Map<number, number>();
    for (const [j, item] of history.items.entries()) {
      const category = history.categories[j]!;
      const before = lastItem.get(item), met = lastCategory.get(category);
      if (before !== undefined) repeatLags.push(j - before);
      else {
        items.push(item);
        categories.push(category);
        if (met !== undefined) stayLags.push(j - met);
      }
      lastItem.set(item, j);
      lastCategory.set(category, j);
    }
  }
  const pairs = options.events * items.length / events;
  const itemIds = Uint32Array.from(items), categoryIds = Uint32Array.from(categories);
  const itemCounts = countIds(itemIds);
  const categoryCounts = countIds(categoryIds);
  const itemLaw = fitLaw({
    counts: Array.from(itemCounts),
    distinct: options.items,
    inputs: Math.round(pairs),
  });
  const categoryLaw = fitLaw({
    counts: Array.from(categoryCounts),
    distinct: options.categories,
    inputs: Math.round(pairs),
  });
  const observe = (law: typeof itemLaw, ids: Uint32Array, counts: Uint32Array) => {
    const total = counts.reduce((a, b) => a + b, 0);
    const cells = cutCells(law, total);
    const order = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]!);
    const ranks = new Uint32Array(counts.length);
    for (const [rank, id] of order.entries()) ranks[id] = rank;
    const observations = new Observations(law, cells, total);
    return {
      cells,
      kinds: Uint16Array.from(ids, (id) => observations.kind(ranks[id]!, counts[id]!)),
      given: observations.given,
      shares: cells.map((end, c) => end - (c === 0 ? 0 : cells[c - 1]!)),
      popularity: cellPopularity(law, cells),
    };
  };
  const parent = observe(itemLaw, itemIds, itemCounts);
  const child = observe(categoryLaw, categoryIds, categoryCounts);
  const link: Link = {
    parentKinds: parent.kinds,
    childKinds: child.kinds,
    parentGiven: parent.given,
    childGiven: child.given,
    parentShares: parent.shares,
    childShares: child.shares,
    parentPopularity: parent.popularity,
    childPopularity: child.popularity,
  };
  const given = fitGiven(link, Array.from(itemIds.keys()))
    .map((row) => row.map((share) => Number(share.toFixed(5))));
  const start: HistoryParameters = {
    version: HISTORY_VERSION,
    name: options.name,
    users: options.users,
    events: options.events,
    columns: [
      {
        name: "item",
        distinct: options.items,
        law: itemLaw,
        cells: parent.cells,
        parent: null,
        follows: 0,
        given: null,
      },
      {
        name: "category",
        distinct: options.categories,
        law: categoryLaw,
        cells: child.cells,
        parent: 0,
        follows: 1,
        given,
      },
    ],
    lengths: quantiles(histories.map((history) => history.items.length)),
    repeats: { share: 0.3, once: 0.7, lags: quantiles(repeatLags) },
    stays: { share: 0.5, lags: quantiles(stayLags) },
  };
  return calibrate(start, historyStatistics(histories));
}

/** Finds the three shares by drawing users and comparing; lags that reach too far back make them no plain counts. */
function calibrate(start: HistoryParameters, wanted: HistoryStatistics): HistoryParameters {
  let parameters = start;
  for (let round = 0; round < CALIBRATION_ROUNDS; round++) {
    const generator = new HistoryGenerator(parameters, 0);
    const drawn = historyStatistics(
      Array.from({ length: CALIBRATION_USERS }, (_, k) => generator.user(k)),
    );
    // Steps in the odds, which stay between 0 and 1.
    const step = (share: number, is: number, should: number) => {
      const odds = share / (1 - share) * (should / (1 - should)) / (is / (1 - is));
      return short(Math.max(0.001, Math.min(0.999, odds / (1 + odds))));
    };
    const { repeats, stays } = parameters;
    parameters = {
      ...parameters,
      repeats: {
        ...repeats,
        share: step(repeats.share, drawn.repeats, wanted.repeats),
        once: step(repeats.once, drawn.repeatsOfOnce, wanted.repeatsOfOnce),
      },
      stays: { ...stays, share: step(stays.share, drawn.met, wanted.met) },
    };
  }
  return parameters;
}

/** What repeats in histories. */
interface HistoryStatistics {
  /** Share of events whose item the user has met before. */
  readonly repeats: number;
  /** Share of those whose item the user had met once. */
  readonly repeatsOfOnce: number;
  /** Share of events whose category the user has met before. */
  readonly met: number;
}

/** Counts what repeats. */
export function historyStatistics(histories: readonly History[]): HistoryStatistics {
  let events = 0, repeats = 0, ofOnce = 0, met = 0;
  for (const { items, categories } of histories) {
    const times = new Map<number, number>(), seen = new Set<number>();
    for (const [j, item] of items.entries()) {
      const before = times.get(item) ?? 0;
      events++;
      if (before > 0) repeats++;
      if (before === 1) ofOnce++;
      if (seen.has(categories[j]!)) met++;
      times.set(item, before + 1);
      seen.add(categories[j]!);
    }
  }
  return {
    repeats: repeats / events,
    repeatsOfOnce: ofOnce / Math.max(1, repeats),
    met: met / events,
  };
}

/** Quantiles of numbers of events. */
const TABLE: Schema<number[]> = checked(
  listOf(wholeFrom(1, MOST_EVENTS), QUANTILES, QUANTILES),
  (table) => table.every((x, k) => k === 0 || x >= table[k - 1]!) ? null : "must not fall",
);

const SHARE = numberFrom(0, 1);
const VERSION = oneOf([HISTORY_VERSION]);

const HISTORIES: Schema<HistoryParameters> = checked(
  objectOf<HistoryParameters>({
    version: VERSION,
    name: words,
    users: wholeFrom(1, 2 ** 32 - 1),
    events: wholeFrom(1, 2 ** 40),
    columns: columnsOf(2, 2),
    lengths: TABLE,
    repeats: objectOf<HistoryParameters["repeats"]>({ share: SHARE, once: SHARE, lags: TABLE }),
    stays: objectOf<HistoryParameters["stays"]>({ share: SHARE, lags: TABLE }),
  }),
  ({ columns: [items, categories] }) =>
    items.parent === null && categories.parent === 0 && categories.follows === 1
      ? null
      : "has columns that are not items and categories that follow from them",
);

/**
 * The value as parameters of user histories.
 *
 * @throws UserError if it is not one of this version.
 */
export function checkHistoryParameters(value: unknown, source: string): HistoryParameters {
  // Another version has other fields.
  return checkSchema(
    inTurn(objectWith<HistoryParameters>({ version: VERSION }), HISTORIES),
    value,
    `Cannot read twin ${source}`,
  );
}

/** Draws users' histories by position. */
export class HistoryGenerator {
  /** Possible items. */
  readonly itemRows: number;
  /** Possible categories. */
  readonly categoryRows: number;
  readonly #parameters: HistoryParameters;
  readonly #seed: number;
  readonly #item: Column;
  readonly #category: Column;
  readonly #words = new Uint32Array(4);

  /**
   * Makes the laws ready for drawing.
   *
   * @param seed An integer in [0, 2^32).
   */
  constructor(parameters: HistoryParameters, seed: number) {
    this.#parameters = parameters;
    this.#seed = seed;
    this.#item = new Column(parameters.columns, 0, 0);
    this.#category = new Column(parameters.columns, 1, -1);
    this.itemRows = possibleIds(parameters.columns[0].law);
    this.categoryRows = possibleIds(parameters.columns[1].law);
  }

  /** How many events a user has. */
  length(number: number): number {
    this.#draw(number, 0);
    return at(this.#parameters.lengths, this.#words[0]! / TWO_32);
  }

  /** All events of a user. */
  user(number: number): History {
    const items = this.items(number);
    return { items, categories: items.map((item) => this.categoryOf(item)) };
  }

  /** Items of all events of a user. */
  items(number: number): Uint32Array {
    const { repeats, stays } = this.#parameters;
    const items = new Uint32Array(this.length(number));
    const words = this.#words;
    for (let j = 0; j < items.length; j++) {
      this.#draw(number, j + 1);
      const kind = words[0]! / TWO_32, lag = words[1]! / TWO_32;
      const place = words[2]! / TWO_32, choice = words[3]! / TWO_32;
      const again = kind < repeats.share;
      const repeated = again ? j - at(repeats.lags, lag) : -1;
      const before = repeated < 0 ? 0 : occurrences(items, j, items[repeated]!);
      // The kind's place within its range is as good as a new number.
      const second = again ? kind / repeats.share : (kind - repeats.share) / (1 - repeats.share);
      if (before > 1 || before === 1 && second < repeats.once) items[j] = items[repeated]!;
      else {
        const stayed = choice < stays.share ? j - at(stays.lags, lag) : -1;
        items[j] = stayed < 0
          ? this.itemAt(place, second)
          : this.#category.parentOf(this.#item, this.categoryOf(items[stayed]!), place);
      }
    }
    return items;
  }

  /** An item of the law, for two numbers in [0, 1): the second sharpens the first. */
  itemAt(u: number, sharper: number): number {
    const { cells } = this.#parameters.columns[0];
    const x = Math.min(1 - 2 ** -53, u + sharper / TWO_32);
    let c = 0;
    while (x >= cells[c]!) c++;
    const low = c === 0 ? 0 : cells[c - 1]!;
    this.#item.set(c, (x - low) / (cells[c]! - low));
    return this.#item.id();
  }

  /** The category of an item: always the same. */
  categoryOf(item: number): number {
    return this.#category.decidedBy(this.#item, item);
  }

  #draw(user: number, event: number): void {
    philox4x32(event, user, STREAMS.twin, 0x80000000, this.#seed, 0, this.#words);
  }
}

/** How often an item occurs among the first so many: 0, 1, or 2 for more. */
function occurrences(items: Uint32Array, size: number, item: number): number {
  let found = 0;
  for (let j = 0; j < size && found < 2; j++) if (items[j] === item) found++;
  return found;
}

/** Evenly spaced quantiles. The ends are moved in to the fifth smallest and largest, so that no single value shows. */
function quantiles(values: readonly number[]): number[] {
  const sorted = values.slice().sort((a, b) => a - b), most = sorted.length - 1;
  const edge = Math.min(4, most >> 1);
  if (most < 0) return new Array<number>(QUANTILES).fill(1);
  return Array.from(
    { length: QUANTILES },
    (_, k) =>
      sorted[Math.max(edge, Math.min(most - edge, Math.round(most * k / (QUANTILES - 1))))]!,
  );
}

/** The whole number at a share of a table of quantiles, between entries in proportion. */
function at(table: readonly number[], u: number): number {
  const x = u * (table.length - 1), k = Math.floor(x);
  return Math.floor(table[k]! + (x - k) * (table[k + 1]! - table[k]! + 1) * 0.999999);
}

function short(value: number): number {
  return Number(value.toFixed(5));
}
