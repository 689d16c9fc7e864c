/**
 * Draws the inputs of a twin. Input i depends on (parameters, seed, i) alone.
 *
 * Words of input i are the blocks of Philox with counter [i, floor(i / 2^32), stream `twin`, block number]. The first
 * decides the latent class; then each column that classes decide takes one for its cell, one for its place within the cell
 * and one for whether it follows a parent instead. A column that follows takes cell and place from the parent's, so that
 * equal rare ids of the parent give equal ids here. Further lookups of a bag take two words each, behind those of the dense
 * columns. Only sums, products, quotients, square roots and comparisons of float64 occur, which are
 * the same on every machine.
 *
 * @module
 */

import { philox4x32, STREAMS } from "../../core/random.ts";
import type { Inputs } from "../types.ts";
import { ClickModel } from "./clicks.ts";
import { Column } from "./column.ts";
import type { TwinParameters } from "./parameters.ts";

const TWO_32 = 0x100000000;
/** Alias tables (Walker 1977) of several distributions over the same number of cells. */
class AliasTables {
  readonly size: number;
  readonly #keep: Float64Array;
  readonly #other: Uint16Array;

  constructor(distributions: readonly (readonly number[])[]) {
    this.size = distributions[0]!.length;
    this.#keep = new Float64Array(distributions.length * this.size);
    this.#other = new Uint16Array(distributions.length * this.size);
    for (const [d, shares] of distributions.entries()) {
      const total = shares.reduce((a, b) => a + b, 0), offset = d * this.size;
      const left = shares.map((share) => share / total * this.size);
      const small: number[] = [], large: number[] = [];
      for (const [c, x] of left.entries()) (x < 1 ? small : large).push(c);
      while (small.length > 0 && large.length > 0) {
        const c = small.pop()!, rich = large.at(-1)!;
        this.#keep[offset + c] = left[c]!;
        this.#other[offset + c] = rich;
        left[rich]! -= 1 - left[c]!;
        if (left[rich]! < 1) small.push(large.pop()!);
      }
      for (const c of [...small, ...large]) {
        this.#keep[offset + c] = 1;
        this.#other[offset + c] = c;
      }
    }
  }

  /** The cell for a 32-bit word, from one of the distributions. */
  at(distribution: number, word: number): number {
    const x = word * this.size / TWO_32, slot = Math.floor(x);
    const entry = distribution * this.size + slot;
    return x - slot < this.#keep[entry]! ? slot : this.#other[entry]!;
  }
}

/** Draws inputs by position. Not for use by several readers at the same moment, but any number one after the other. */
export class TwinGenerator {
  /** Rows of each table: the ids that are possible. */
  readonly tableRows: readonly number[];
  /** Lookups of an input in each table. */
  readonly lookups: readonly number[];
  /** Lookups of an input in all tables before each, and in all of them. */
  readonly #firsts: readonly number[];
  readonly #parameters: TwinParameters;
  readonly #seed: number;
  readonly #columns: readonly Column[];
  /** Parents before children. */
  readonly #order: readonly number[];
  readonly #classes: AliasTables;
  readonly #cells: readonly AliasTables[];
  readonly #ranges: readonly AliasTables[];
  readonly #clicks: ClickModel;
  readonly #words: Uint32Array;
  readonly #block = new Uint32Array(4);
  readonly #ids: Float64Array;
  readonly #segments: Uint32Array;
  readonly #dense: Float64Array;

  /** @param seed An integer in [0, 2^32). */
  constructor(parameters: TwinParameters, seed: number) {
    this.#parameters = parameters;
    this.#seed = seed;
    const { columns, dense, classes } = parameters;
    let root = 0;
    this.#columns = columns.map((column, t) =>
      new Column(columns, t, column.follows < 1 ? root++ : -1)
    );
    this.tableRows = this.#columns.map((column) => column.ids);
    this.#order = parentsFirst(columns.map((column) => column.parent));
    this.#classes = new AliasTables([classes.map((one) => one.weight)]);
    this.#cells = Array.from(
      { length: root },
      (_, c) => new AliasTables(classes.map((one) => one.columns[c]!)),
    );
    this.#ranges = dense.map((_, j) => new AliasTables(classes.map((one) => one.dense[j]!)));
    this.#clicks = new ClickModel(parameters);
    this.lookups = columns.map(({ lookups = 1 }) => lookups);
    const firsts = [0];
    for (const some of this.lookups) firsts.push(firsts.at(-1)! + some);
    this.#firsts = firsts;
    const width = firsts.at(-1)!, further = 2 * (width - columns.length);
    this.#words = new Uint32Array(4 * Math.ceil((2 + 3 * root + dense.length + further) / 4));
    this.#ids = new Float64Array(width);
    this.#segments = new Uint32Array(width);
    this.#dense = new Float64Array(dense.length);
  }

  /** Writes input i as number b of a minibatch of `size` and returns its true probability. */
  write(i: number, into: Inputs, b: number, size: number): number {
    this.#draw(i);
    const ids = this.#ids, dense = this.#dense;
    const firsts = this.#firsts, lookups = this.lookups;
    for (let t = 0, at = 0; t < lookups.length; t++) {
      const each = lookups[t]!, to = firsts[t]! * size + b * each;
      for (let l = 0; l < each; l++) into.ids[to + l] = ids[at++]!;
    }
    for (let j = 0; j < dense.length; j++) into.dense[b * dense.length + j] = dense[j]!;
    const p = this.#clicks.probability(ids, this.#segments, dense);
    into.labels[b] = this.#words[1]! < p * TWO_32 ? 1 : 0;
    return p;
  }

  /** Writes only the ids of input i, at `at`, table by table. */
  writeIds(i: number, into: Uint32Array, at: number): void {
    const single = this.#ids.length === this.lookups.length;
    this.#drawWords(i, single ? 2 + 3 * this.#cells.length : this.#words.length);
    this.#drawIds();
    for (let t = 0; t < this.#ids.length; t++) into[at + t] = this.#ids[t]!;
  }

  /** The parts of the logit before they are scaled, for {@link ClickModel} to be calibrated. */
  parts(i: number, into: Float64Array): void {
    this.#draw(i);
    this.#clicks.parts(this.#ids, this.#segments, this.#dense, into);
  }

  #drawWords(i: number, count: number): void {
    const words = this.#words, block = this.#block;
    const low = i % TWO_32, high = Math.floor(i / TWO_32);
    for (let w = 0; w < count; w += 4) {
      philox4x32(low, high, STREAMS.twin, w >>> 2, this.#seed, 0, block);
      words[w] = block[0]!;
      words[w + 1] = block[1]!;
      words[w + 2] = block[2]!;
      words[w + 3] = block[3]!;
    }
  }

  #drawIds(): number {
    const words = this.#words;
    const one = this.#classes.at(0, words[0]!);
    for (const t of this.#order) {
      const column = this.#columns[t]!;
      const word = 2 + 3 * column.root;
      const parent = column.parent === null ? null : this.#columns[column.parent]!;
      if (parent !== null && (column.root < 0 || column.isLed(parent, words[word + 2]!))) {
        column.follow(parent);
      } else {
        column.set(this.#cells[column.root]!.at(one, words[word]!), words[word + 1]! / TWO_32);
      }
      const at = this.#firsts[t]!;
      this.#ids[at] = column.id();
      this.#segments[at] = column.segment;
    }
    if (this.#ids.length > this.lookups.length) this.#drawFurther(one);
    return one;
  }

  /** The lookups of bags behind their first. */
  #drawFurther(one: number): void {
    let word = 2 + 3 * this.#cells.length + this.#dense.length;
    for (const [t, column] of this.#columns.entries()) {
      for (let at = this.#firsts[t]! + 1; at < this.#firsts[t + 1]!; at++, word += 2) {
        const cell = this.#cells[column.root]!.at(one, this.#words[word]!);
        column.set(cell, this.#words[word + 1]! / TWO_32);
        this.#ids[at] = column.id();
        this.#segments[at] = column.segment;
      }
    }
  }

  #draw(i: number): void {
    this.#drawWords(i, this.#words.length);
    const one = this.#drawIds();
    const first = 2 + 3 * this.#cells.length;
    for (const [j, column] of this.#parameters.dense.entries()) {
      if (column.clock !== null) {
        const { inputs, steps } = column.clock;
        this.#dense[j] = Math.floor(i / inputs) % steps / steps;
        continue;
      }
      const word = this.#words[first + j]!;
      const [low, high] = column.ranges[this.#ranges[j]!.at(one, word)]!;
      // The word's low bits are as good as new: the cell is decided by the high ones.
      this.#dense[j] = low + (high - low) * ((word & 0xffff) / 0x10000);
    }
  }
}

function parentsFirst(parents: readonly (number | null)[]): number[] {
  const order: number[] = [], done = new Set<number>();
  const visit = (t: number) => {
    if (done.has(t)) return;
    const parent = parents[t]!;
    if (parent !== null) visit(parent);
    done.add(t);
    order.push(t);
  };
  for (let t = 0; t < parents.length; t++) visit(t);
  return order;
}
