/**
 * Walks a split of a prepared data set. The split is read in windows: all of it at once where it fits the memory
 * budget, otherwise a few blocks at a time.
 *
 * @module
 */

import { Permutation } from "../core/random.ts";
import type { BlockStore } from "./block_store.ts";
import { idsFromRow } from "./id_layout.ts";
import { checkRead, checkReadAt } from "./inputs.ts";
import type { Range } from "./split.ts";
import type { Inputs, Order, Reader } from "./types.ts";

/** Inputs of a window as rows, see {@link BlockStore.readRows}. */
interface Window {
  readonly index: number;
  readonly words: Uint32Array;
  readonly floats: Float32Array;
}

/** A piece of a split that lies within one block. */
interface Part {
  readonly block: number;
  readonly from: number;
  readonly to: number;
}

/** How a split is cut into windows. */
interface WindowPlan {
  /** Parts of each window, in the order in which they are laid out in memory. */
  readonly windows: readonly (readonly Part[])[];
  /** First position of each window, and the split's count at the end. */
  readonly starts: readonly number[];
}

/**
 * Cuts a split into windows of at most `windowBlocks` blocks (Infinity: one window), the blocks in sequence or, for a
 * shuffled order of more than one window, permuted.
 */
export function planWindows(
  split: Range,
  blockRows: number,
  windowBlocks: number,
  order: Order,
): WindowPlan {
  const first = Math.floor(split.start / blockRows);
  const end = split.start + split.count;
  const blocks = split.count === 0 ? 0 : Math.floor((end - 1) / blockRows) - first + 1;
  const permuted = order.kind === "shuffled" && blocks > windowBlocks
    ? new Permutation(blocks, order.seed, order.epoch)
    : null;
  const windows: Part[][] = [];
  const starts = [0];
  for (let i = 0; i < blocks; i += windowBlocks) {
    const parts: Part[] = [];
    let rows = 0;
    for (let j = i; j < Math.min(i + windowBlocks, blocks); j++) {
      const block = first + (permuted?.at(j) ?? j);
      const from = Math.max(split.start - block * blockRows, 0);
      const to = Math.min(end - block * blockRows, blockRows);
      parts.push({ block, from, to });
      rows += to - from;
    }
    windows.push(parts);
    starts.push(starts.at(-1)! + rows);
  }
  return { windows, starts };
}

/** The window that holds a position of the split. */
function windowOf(starts: readonly number[], position: number): number {
  let low = 0, high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Numbers of the positions, window by window, so that each window is visited once whatever their sequence; null where
 * they are so already.
 */
function byWindow(starts: readonly number[], positions: Uint32Array): Uint32Array | null {
  const windows = new Uint32Array(positions.length);
  const counts = new Uint32Array(starts.length);
  let sorted = true;
  for (let b = 0; b < positions.length; b++) {
    const window = windows[b] = windowOf(starts, positions[b]!);
    counts[window + 1]!++;
    if (b > 0 && window < windows[b - 1]!) sorted = false;
  }
  if (sorted) return null;
  for (let w = 1; w < counts.length; w++) counts[w]! += counts[w - 1]!;
  const numbers = new Uint32Array(positions.length);
  for (let b = 0; b < positions.length; b++) numbers[counts[windows[b]!]!++] = b;
  return numbers;
}

/** Loads windows, keeping the last one. */
export class WindowCache {
  readonly #store: BlockStore;
  readonly #shared: boolean;
  #current: Window | null = null;
  #loading: { readonly index: number; readonly window: Promise<Window> } | null = null;

  /**
   * Windows of a store.
   *
   * @param shared Whether they lie in memory that other threads can read.
   */
  constructor(store: BlockStore, shared = false) {
    this.#store = store;
    this.#shared = shared;
  }

  /** The only window of a split that another thread has loaded. */
  static of(store: BlockStore, words: Uint32Array): WindowCache {
    const cache = new WindowCache(store, true);
    cache.#current = { index: 0, words, floats: new Float32Array(words.buffer) };
    return cache;
  }

  /** The window if it is in memory. */
  peek(index: number): Window | null {
    return this.#current?.index === index ? this.#current : null;
  }

  /** The window, from the disk if need be. */
  load(plan: WindowPlan, index: number): Promise<Window> {
    if (this.#loading?.index === index) return this.#loading.window;
    // Letting go of the old window before the new one is allocated keeps to one window of memory.
    this.#current = null;
    const window = this.#read(plan, index);
    this.#loading = { index, window };
    return window;
  }

  async #read(plan: WindowPlan, index: number): Promise<Window> {
    try {
      const width = this.#store.rowWords;
      const length = (plan.starts[index + 1]! - plan.starts[index]!) * width;
      const words = this.#shared
        ? new Uint32Array(new SharedArrayBuffer(4 * length))
        : new Uint32Array(length);
      let at = 0;
      for (const { block, from, to } of plan.windows[index]!) {
        await this.#store.readRows(block, from, to, words, at);
        at += (to - from) * width;
      }
      return this.#current = { index, words, floats: new Float32Array(words.buffer) };
    } finally {
      this.#loading = null;
    }
  }
}

/** Reads inputs by position in an order. */
export class PreparedReader implements Reader {
  readonly count: number;
  readonly #store: BlockStore;
  readonly #plan: WindowPlan;
  readonly #cache: WindowCache;
  readonly #order: Order;
  #permutation: { readonly window: number; readonly of: Permutation } | null = null;

  /** @param cache Shared between readers only where the plan is one window in sequence. */
  constructor(store: BlockStore, plan: WindowPlan, cache: WindowCache, order: Order) {
    this.#store = store;
    this.#plan = plan;
    this.#cache = cache;
    this.#order = order;
    this.count = plan.starts.at(-1)!;
  }

  /** See {@link Reader.read}. */
  read(start: number, count: number, into: Inputs): void | Promise<void> {
    const { denseColumns, layout, steps } = this.#store;
    checkRead(this, start, count, into, denseColumns * steps, layout.width);
    into.size = count;
    if (count > 0) return this.#fill(start, 0, count, into);
  }

  /** See {@link Reader.readAt}. A window is loaded at most once a call. */
  readAt(positions: Uint32Array, into: Inputs): void | Promise<void> {
    const { denseColumns, layout, steps } = this.#store;
    checkReadAt(this, positions, into, denseColumns * steps, layout.width);
    into.size = positions.length;
    const { starts, windows } = this.#plan;
    const numbers = windows.length <= 1 ? null : byWindow(starts, positions);
    return this.#fillAt(positions, numbers, 0, into);
  }

  /** Goes on with number `done` of the positions in the sequence of `numbers`, as far as windows are in memory. */
  #fillAt(
    positions: Uint32Array,
    numbers: Uint32Array | null,
    done: number,
    into: Inputs,
  ): void | Promise<void> {
    const { starts } = this.#plan;
    while (done < positions.length) {
      const index = windowOf(starts, positions[numbers?.[done] ?? done]!);
      const window = this.#cache.peek(index);
      if (window === null) return this.#fillAtLater(index, positions, numbers, done, into);
      done = this.#copyAt(window, positions, numbers, done, into);
    }
  }

  async #fillAtLater(
    index: number,
    positions: Uint32Array,
    numbers: Uint32Array | null,
    done: number,
    into: Inputs,
  ): Promise<void> {
    const window = await this.#cache.load(this.#plan, index);
    // Not through the cache, which may hold another reader's window by now.
    done = this.#copyAt(window, positions, numbers, done, into);
    await this.#fillAt(positions, numbers, done, into);
  }

  /** Copies from a window until a position lies outside it; returns how many positions are done. */
  #copyAt(
    window: Window,
    positions: Uint32Array,
    numbers: Uint32Array | null,
    done: number,
    into: Inputs,
  ): number {
    const { rowWords } = this.#store;
    const { starts } = this.#plan;
    const { words, floats, index } = window;
    const first = starts[index]!, end = starts[index + 1]!;
    const permutation = this.#windowPermutation(index, words.length / rowWords);
    for (; done < positions.length; done++) {
      const b = numbers === null ? done : numbers[done]!;
      const position = positions[b]!;
      if (position < first || position >= end) break;
      const row = permutation === null ? position - first : permutation.at(position - first);
      this.#write(words, floats, row * rowWords, b, positions.length, into);
    }
    return done;
  }

  #fill(start: number, done: number, count: number, into: Inputs): void | Promise<void> {
    const { starts } = this.#plan;
    while (done < count) {
      const position = start + done;
      const index = windowOf(starts, position);
      const window = this.#cache.peek(index);
      if (window === null) return this.#fillLater(index, start, done, count, into);
      done += this.#copy(window, position - starts[index]!, done, count, into);
    }
  }

  async #fillLater(
    index: number,
    start: number,
    done: number,
    count: number,
    into: Inputs,
  ): Promise<void> {
    const { starts } = this.#plan;
    while (done < count) {
      const window = await this.#cache.load(this.#plan, index);
      done += this.#copy(window, start + done - starts[index]!, done, count, into);
      index++;
    }
  }

  /** Copies from a window what it holds of a read; returns how many inputs. */
  #copy(window: Window, first: number, done: number, size: number, into: Inputs): number {
    const { rowWords } = this.#store;
    const { words, floats } = window;
    const rows = words.length / rowWords;
    const count = Math.min(size - done, rows - first);
    const permutation = this.#windowPermutation(window.index, rows);
    for (let i = 0; i < count; i++) {
      const row = permutation === null ? first + i : permutation.at(first + i);
      this.#write(words, floats, row * rowWords, done + i, size, into);
    }
    return count;
  }

  /** Writes the row that begins at word `cell` as number b of a minibatch of `size`. */
  #write(
    words: Uint32Array,
    floats: Float32Array,
    cell: number,
    b: number,
    size: number,
    into: Inputs,
  ): void {
    const { denseColumns, tables, sequences, layout } = this.#store;
    if (sequences) {
      this.#writeSequence(words, floats, cell, b, size, into);
      return;
    }
    const { dense, ids, labels } = into;
    for (let j = b * denseColumns; j < (b + 1) * denseColumns; j++) dense[j] = floats[cell++]!;
    if (layout.single) {
      for (let t = 0; t < tables; t++) ids[t * size + b] = words[cell++]!;
    } else {
      idsFromRow(layout, words, cell, ids, size, b);
      cell += layout.width;
    }
    labels[b] = words[cell]!;
  }

  /** One input of several steps, see `storedColumns`: the first dense value at step s is s / steps. */
  #writeSequence(
    words: Uint32Array,
    floats: Float32Array,
    cell: number,
    b: number,
    size: number,
    into: Inputs,
  ): void {
    const { tables, steps, denseColumns, perStep, shift } = this.#store;
    const { dense, ids, labels } = into;
    for (let s = 0; s < steps; s++) {
      const row = (b * steps + s) * denseColumns;
      dense[row] = s / steps;
      for (let j = 1; j < denseColumns; j++) dense[row + j] = floats[cell + j - 1]!;
    }
    cell += denseColumns - 1;
    for (let t = 0; t < tables; t++) {
      const to = (t * size + b) * steps;
      if (perStep[t]) { for (let s = 0; s < steps; s++) ids[to + s] = words[cell++]! + shift; }
      else ids.fill(words[cell++]!, to, to + steps);
    }
    labels[b] = words[cell]!;
  }

  #windowPermutation(window: number, rows: number): Permutation | null {
    const order = this.#order;
    if (order.kind === "sequential") return null;
    if (this.#permutation?.window !== window) {
      // A single window is the seed's permutation of the split itself; several need one each.
      const sub = this.#plan.windows.length === 1
        ? order.epoch
        : Math.imul(order.epoch, 0x9e3779b1) + window + 1;
      this.#permutation = { window, of: new Permutation(rows, order.seed, sub) };
    }
    return this.#permutation!.of;
  }
}
