/**
 * A twin of user histories as a data set: sequences of 21 steps, made of drawn histories just as they are made of
 * Taobao's log (`build_sequences.ts`), with the same windows and negatives.
 *
 * Users are drawn one after the other until there are enough inputs. Of the log's users those with the latest last events
 * test, 30 % of them, and a tenth of the others validates; the twin knows no times, so that its users, who are all alike,
 * are dealt out by number in these shares. How many inputs a user gives follows from the length of the history alone, and
 * sums of these lead from an input to its user without the inputs before it.
 *
 * The label is 1 where the last step is the user's own next event, and 0 where it is an item that the user has not met,
 * drawn uniformly from the distinct items of all users drawn, as those of Taobao's log are from the pairs that occur in
 * it, so that an item of either kind may have been trained with. What is to be learned is repetition, loyalty to
 * categories and popularity. That pool is made when it is first needed, by drawing every user; it takes a byte for each
 * possible item while it is made and four for each distinct item after that, 21 MB for Taobao's at most.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { RowReader } from "../row_reader.ts";
import type { SharedDataset } from "../shared_dataset.ts";
import { TAOBAO_STEPS, TAOBAO_TABLES } from "../taobao.ts";
import { SPLITS } from "../split.ts";
import type { Dataset, DatasetSchema, Inputs, Order, Reader, Split } from "../types.ts";
import { LONGEST_HISTORY, type UserWindow, windowCount, WindowDraw } from "../user_windows.ts";
import { rangeNotes, takeModulo } from "./dataset.ts";
import type { TwinOptions } from "./open.ts";
import { HISTORY_VERSION, HistoryGenerator, type HistoryParameters } from "./histories.ts";

/** Users of each split out of a hundred. */
const SHARES = { test: 0.3, validation: 0.07 };
/** Multiples of this, without their whole part, spread users over the splits evenly from the first on (Weyl). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** The row of items and categories that stands for no event. */
const PADDING = 0;
const MOST_INPUTS = 2 ** 28;
/** Events of drawn histories that are kept: a shuffled order comes back to a user many times. */
const KEPT_EVENTS = 2 ** 25;

/** Users of a split and the number of its inputs up to and including each. */
interface UserList {
  readonly users: Uint32Array;
  readonly ends: Uint32Array;
}

/** Sequences of drawn users. */
export class SequenceTwin implements Dataset {
  readonly schema: DatasetSchema;
  readonly hash: string;
  readonly notes: readonly string[];
  readonly bayes = null;
  readonly #generator: HistoryGenerator;
  readonly #seed: number;
  readonly #options: TwinOptions;
  /** Users drawn, those too short for an input included. */
  readonly #users: number;
  readonly #longest: number;
  #draw: WindowDraw | null = null;
  readonly #lists: Readonly<Record<Split, UserList>>;
  readonly #range: number;
  readonly #kept = new Map<number, Uint32Array>();
  #keptEvents = 0;
  /** In sequence a user comes many times in turn. A user has one split alone. */
  #last: { readonly user: number; readonly windows: readonly UserWindow[] } = {
    user: -1,
    windows: [],
  };

  /**
   * @param inputs Of all splits together; undefined for those of all users of the full data set.
   * @param range Ids are taken modulo this; 0 leaves them as they are.
   */
  constructor(
    parameters: HistoryParameters,
    inputs: number | undefined,
    seed: number,
    range: number,
  ) {
    if (inputs !== undefined && inputs > MOST_INPUTS) {
      throw new UsageError(
        `Cannot draw a twin: ${inputs} sequences are more than the ${MOST_INPUTS} that are possible`,
      );
    }
    this.#options = { twin: parameters, inputs, seed, maxIndexRange: range };
    this.#generator = new HistoryGenerator(parameters, seed);
    this.#seed = seed;
    this.#range = range;
    this.#longest = parameters.lengths.at(-1)!;
    const { itemRows, categoryRows } = this.#generator;
    if (itemRows < 2 * parameters.lengths.at(-1)!) {
      throw new UserError(
        `Cannot draw a twin: it has ${itemRows} items, too few to find some that a user with ${
          parameters.lengths.at(-1)
        } events has not met`,
      );
    }
    if (windowCount(parameters.lengths.at(-1)!) === 0) {
      throw new UserError(
        `Cannot draw a twin: no user has more than ${
          parameters.lengths.at(-1)
        } events, too few for an input`,
      );
    }
    const { lists, users } = dealUsers(this.#generator, parameters.users, inputs);
    this.#lists = lists;
    this.#users = users;
    for (const split of SPLITS) {
      if (this.count(split) > 0) continue;
      throw new UsageError(
        `Cannot draw a twin: ${inputs} sequences are too few for users that train, test and validate`,
      );
    }
    const rows = [Math.max(parameters.users, users), itemRows + 1, categoryRows + 1];
    this.schema = {
      format: `twin-${parameters.name}`,
      dense: ["step"],
      tables: TAOBAO_TABLES.map((name, t) => ({
        name,
        rows: range > 0 ? Math.min(range, rows[t]!) : rows[t]!,
      })),
      steps: TAOBAO_STEPS,
    };
    this.hash = new Sha256().update(
      JSON.stringify(["history-twin", HISTORY_VERSION, parameters, inputs ?? null, seed, range]),
    ).hex();
    const [train, test, validation] = SPLITS.map((split) =>
      `${lists[split].users.length} users ${split} (${this.count(split)} inputs)`
    );
    this.notes = [
      `Twin ${parameters.name}: histories of ${users} users of ${parameters.users}, seed ${seed}`,
      `${train}, ${test}, ${validation}`,
      "Popularity is stationary; the label says whether the last item is the user's own or drawn from all that these " +
      "users have met; what is the best possible AUC is not known",
      ...rangeNotes(range),
    ];
  }

  count(split: Split): number {
    return this.#lists[split].ends.at(-1) ?? 0;
  }

  share(): Promise<SharedDataset> {
    return Promise.resolve({ kind: "twin", options: this.#options });
  }

  reader(split: Split, order: Order): Reader {
    const range = this.#range;
    return new RowReader(this.schema, order, {
      count: this.count(split),
      write: (row, into, b, size) => this.#write(split, row, into, b, size),
      finish(into: Inputs): void {
        if (range > 0) {
          takeModulo(into.ids, into.size * TAOBAO_TABLES.length * TAOBAO_STEPS, range);
        }
      },
    });
  }

  close(): void {
    this.#kept.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(split: Split, position: number, into: Inputs, b: number, size: number): void {
    const { users, ends } = this.#lists[split];
    const place = firstAbove(ends, position);
    const user = users[place]!, history = this.#history(user);
    const items = history.subarray(Math.max(0, history.length - LONGEST_HISTORY));
    const number = position - (place === 0 ? 0 : ends[place - 1]!);
    if (this.#last.user !== user) {
      this.#last = { user, windows: this.#windows(split, user, history, items.length) };
    }
    const { end, negative, label } = this.#last.windows[number]!;
    const shift = negative === null ? TAOBAO_STEPS - 1 : TAOBAO_STEPS - 2;
    const table = size * TAOBAO_STEPS, first = b * TAOBAO_STEPS;
    for (let s = 0; s < TAOBAO_STEPS; s++) {
      const at = end - shift + s;
      const item = s === TAOBAO_STEPS - 1 && negative !== null ? negative : items[at];
      into.dense[first + s] = s / TAOBAO_STEPS;
      into.ids[first + s] = user;
      into.ids[table + first + s] = item === undefined ? PADDING : item + 1;
      into.ids[2 * table + first + s] = item === undefined
        ? PADDING
        : this.#generator.categoryOf(item) + 1;
    }
    into.labels[b] = label;
  }

  #windows(
    split: Split,
    user: number,
    history: Uint32Array,
    events: number,
  ): readonly UserWindow[] {
    const draw = this.#draw ??= new WindowDraw(this.#seed, this.#drawnItems());
    if (split === "test") {
      const last = history.at(-1)!;
      return draw.test(user, events, (item) => item === last);
    }
    const items = new Set(history), met = (item: number) => items.has(item);
    return split === "train" ? draw.train(user, events, met) : draw.heldOut(user, events, met);
  }

  /**
   * Distinct items of all users drawn, in ascending order. The most popular others fill it up where they are so few that
   * one user might have met most of them, and would find no negative.
   */
  #drawnItems(): Uint32Array {
    const occurs = new Uint8Array(this.#generator.itemRows);
    let distinct = 0;
    const add = (item: number) => {
      distinct += 1 - occurs[item]!;
      occurs[item] = 1;
    };
    for (let user = 0; user < this.#users; user++) {
      for (const item of this.#history(user)) add(item);
    }
    for (let item = 0; distinct < 2 * this.#longest; item++) add(item);
    const pool = new Uint32Array(distinct);
    for (let item = 0, size = 0; size < distinct; item++) {
      if (occurs[item] === 1) pool[size++] = item;
    }
    return pool;
  }

  #history(user: number): Uint32Array {
    const kept = this.#kept.get(user);
    if (kept !== undefined) return kept;
    const items = this.#generator.items(user);
    if (this.#keptEvents + items.length <= KEPT_EVENTS) {
      this.#kept.set(user, items);
      this.#keptEvents += items.length;
    }
    return items;
  }
}

/** Deals users out to splits until they give so many inputs, the last user's cut to fit. */
function dealUsers(
  generator: HistoryGenerator,
  allUsers: number,
  inputs: number | undefined,
): { lists: Record<Split, UserList>; users: number } {
  const lists = { train: newList(), test: newList(), validation: newList() };
  let total = 0, users = 0;
  for (; inputs === undefined ? users < allUsers : total < inputs; users++) {
    const x = users * GOLDEN % 1;
    const split: Split = x < SHARES.test
      ? "test"
      : x < SHARES.test + SHARES.validation
      ? "validation"
      : "train";
    const windows = windowCount(generator.length(users));
    if (windows === 0) continue;
    const gives = split === "train" ? 2 * windows : split === "test" ? 1 : 2;
    const taken = Math.min(gives, (inputs ?? Infinity) - total);
    total += taken;
    lists[split].users.push(users);
    lists[split].ends.push((lists[split].ends.at(-1) ?? 0) + taken);
  }
  return {
    lists: { train: pack(lists.train), test: pack(lists.test), validation: pack(lists.validation) },
    users,
  };
}

function newList(): { users: number[]; ends: number[] } {
  return { users: [], ends: [] };
}

function pack({ users, ends }: { users: number[]; ends: number[] }): UserList {
  return { users: Uint32Array.from(users), ends: Uint32Array.from(ends) };
}

/** The first entry that is greater. */
function firstAbove(sorted: Uint32Array, value: number): number {
  let low = 0, high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
