/**
 * All events of a Taobao log in memory: user, item, category and time.
 *
 * Memory: 8 bytes an event (pair, time), and 4 to 24 bytes a user, item, category and pair for dictionaries. Where a file is
 * not grouped by user, 8 bytes for each run of events of one user and 4 for each event more: for the 100 million events of
 * the full log about 1 GB grouped and 2.3 GB in any order.
 *
 * @module
 */

import { UserError } from "../core/errors.ts";
import { PairList } from "./pair_list.ts";
import type { RowBlock } from "./row_block.ts";
import { Vocabulary } from "./vocabulary.ts";

const MAX_EVENTS = 2 ** 32 - 1;
/** Events of a user whose places and times are sorted as one number. */
const MAX_KEYED = 2 ** 21;

/** Events of a log, by user. */
export class EventLog {
  readonly users = new Vocabulary();
  readonly items = new Vocabulary();
  readonly categories = new Vocabulary();
  /** The distinct pairs of item and category. An item that comes with two categories makes two pairs. */
  readonly pairs = new PairTable();
  /** Pair and time of each event. */
  readonly #events = new PairList();
  /** A run is a stretch of events of one user: the user, and where the run begins. */
  readonly #runs = new PairList();
  #lastUser = -1;
  readonly #maxIndexRange: number;
  /** Where the events of each user begin, and the end; in `#order` or, of a grouped log, among the events themselves. */
  #starts = new Float64Array(0);
  #order: Uint32Array | null = null;
  #lastTimes = new Uint32Array(0);

  /** @param maxIndexRange Ids are first taken modulo this; 0 for as they are. */
  constructor(maxIndexRange: number) {
    this.#maxIndexRange = maxIndexRange;
  }

  /** How many events there are. */
  get length(): number {
    return this.#events.length;
  }

  /** Whether all events of a user stand together; known after `group`. */
  get grouped(): boolean {
    return this.#order === null;
  }

  /** Adds the events of a block, whose ids become indices. */
  add(block: RowBlock): void {
    if (this.length + block.rows > MAX_EVENTS) {
      throw new UserError(`Cannot hold the log: it has more than ${MAX_EVENTS} events`);
    }
    const columns = [this.users, this.items, this.categories];
    for (const [t, column] of columns.entries()) {
      column.replace(block.idColumn(t), this.#maxIndexRange);
    }
    const users = block.idColumn(0), items = block.idColumn(1), categories = block.idColumn(2);
    const times = block.idColumn(3);
    for (let r = 0; r < block.rows; r++) {
      const user = users[r]!;
      if (user !== this.#lastUser) {
        this.#runs.push(user, this.length);
        this.#lastUser = user;
      }
      this.#events.push(this.pairs.index(items[r]!, categories[r]!), times[r]!);
    }
  }

  /** Finds the events of each user. Call it once, after the last `add`. */
  group(): void {
    const runs = this.#runs.length, users = this.users.size;
    const end = (run: number) => run + 1 < runs ? this.#runs.second(run + 1) : this.length;
    const starts = this.#starts = new Float64Array(users + 1);
    const lastTimes = this.#lastTimes = new Uint32Array(users);
    for (let run = 0; run < runs; run++) {
      const user = this.#runs.first(run), stop = end(run);
      starts[user + 1]! += stop - this.#runs.second(run);
      for (let event = this.#runs.second(run); event < stop; event++) {
        lastTimes[user] = Math.max(lastTimes[user]!, this.#events.second(event));
      }
    }
    for (let user = 0; user < users; user++) starts[user + 1]! += starts[user]!;
    // With one run each, users are numbered in the order of their runs.
    if (runs === users) return;
    const order = this.#order = new Uint32Array(this.length);
    const next = starts.slice();
    for (let run = 0; run < runs; run++) {
      const user = this.#runs.first(run), stop = end(run);
      for (let event = this.#runs.second(run); event < stop; event++) order[next[user]!++] = event;
    }
  }

  /** Events of a user. */
  count(user: number): number {
    return this.#starts[user + 1]! - this.#starts[user]!;
  }

  /** The time of a user's last event. */
  lastTime(user: number): number {
    return this.#lastTimes[user]!;
  }

  /** The pairs of a user's events in the order of their times, those of one second as they stand in the file. */
  history(user: number): Uint32Array {
    const start = this.#starts[user]!, count = this.count(user);
    const eventAt = (k: number) => this.#order?.[start + k] ?? start + k;
    const timeOf = (k: number) => this.#events.second(eventAt(k));
    let places: Iterable<number> & ArrayLike<number>;
    if (count <= MAX_KEYED) {
      // A time and a place among the user's events fit a float64 together: 32 bits and 21.
      const keys = Float64Array.from({ length: count }, (_, k) => timeOf(k) * MAX_KEYED + k);
      if (keys.some((key, k) => k > 0 && key < keys[k - 1]!)) keys.sort();
      places = keys.map((key) => key % MAX_KEYED);
    } else {
      places = Uint32Array.from({ length: count }, (_, k) => k)
        .sort((a, b) => timeOf(a) - timeOf(b) || a - b);
    }
    return Uint32Array.from(places, (k) => this.#events.first(eventAt(k)));
  }
}

const FIRST_SLOTS = 1024;

/** Numbers pairs of numbers in order of first appearance. 8 bytes a pair, and 4 for each slot of a map at most half full. */
export class PairTable {
  readonly #pairs = new PairList();
  /** Index of a pair + 1; 0 means empty. */
  #slots = new Uint32Array(FIRST_SLOTS);

  /** Different pairs so far. */
  get size(): number {
    return this.#pairs.length;
  }

  /** The first number of a pair. */
  first(index: number): number {
    return this.#pairs.first(index);
  }

  /** The second number of a pair. */
  second(index: number): number {
    return this.#pairs.second(index);
  }

  /** The index of a pair, the next one if it is new. */
  index(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(first, second) & mask;
    for (;;) {
      const found = this.#slots[slot]!;
      if (found === 0) break;
      if (
        this.#pairs.first(found - 1) === first && this.#pairs.second(found - 1) === second
      ) return found - 1;
      slot = (slot + 1) & mask;
    }
    this.#pairs.push(first, second);
    this.#slots[slot] = this.size;
    if (2 * this.size > this.#slots.length) this.#grow();
    return this.size - 1;
  }

  #grow(): void {
    const slots = new Uint32Array(2 * this.#slots.length), mask = slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = hash(this.first(index), this.second(index)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

function hash(first: number, second: number): number {
  let h = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 1, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 13), 0x297a2d39);
  return (h ^ (h >>> 16)) >>> 0;
}
