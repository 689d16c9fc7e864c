/**
 * Draws the inputs of a twin. Input i depends on (parameters, seed, i) alone.
 *
 * Words of input i are the blocks of Philox with counter [i, floor(i / 2^32), stream `twin`, block number]. The first
 * decides the latent class; then each column that classes decide takes one for its cell, one for its place within the cell
 * and one for whether it follows a parent instead. A column that follows takes cell and place from the parent's, so that
 * equal rare ids of the parent give equal ids here. Only sums, products, quotients, square roots and comparisons of float64 occur, which are
 * the same on every machine.
 *
 * @module
 */

import { philox4x32, STREAMS } from "../../core/random.ts";
import type { Inputs } from "../types.ts";
import { cellPopularity } from "./cells.ts";
import { ClickModel } from "./clicks.ts";
import type { TwinParameters } from "./parameters.ts";

const TWO_32 = 0x100000000;
/** Entries of the table that finds a law's segment. */
const GUIDE = 8192;
/** A frequent id of a parent is cut into so many strips, each shared out among the child's cells. */
const STRIPS = 64;
/** An id with at least this probability is frequent: its inputs may differ in child columns. */
const FREQUENT = 4e-4;
/** Of the parent's ids, so many for each id that they decide are enough to leave few out. */
const FEEDING = 1;
/** Multiples of these, without their whole part, are spread evenly over [0, 1) (Weyl). One a column, in turn. */
const STEPS = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29].map((prime) => Math.sqrt(prime) % 1);

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

/** A column, made ready for drawing. */
class Column {
  /** Ids that are possible. */
  readonly ids: number;
  readonly parent: number | null;
  /** Number among the columns that classes decide, wholly or in part, or -1. */
  readonly root: number;
  /** Share of the parent's ids that decide this column's. */
  readonly follows: number;
  readonly #low: Float64Array;
  readonly #width: Float64Array;
  /** Of the segments: first id, where it begins, ids per unit of mass, last id. */
  readonly #first: Float64Array;
  readonly #start: Float64Array;
  readonly #density: Float64Array;
  readonly #guide: Uint16Array;
  /** Running sums of this column's shares for each of the parent's cells. */
  readonly #given: readonly Float64Array[];
  /** The part of each own cell that a parent's cell fills: where it begins, and how wide it is. */
  readonly #from: readonly Float64Array[];
  readonly #wide: readonly Float64Array[];
  /** Whether too few of the parent's ids fill that part for each id here to have one. */
  readonly #sparse: readonly Uint8Array[];
  readonly #step: number;
  readonly #choice: number;
  readonly #frequent: Uint8Array;
  cell = 0;
  /** Within the cell: the middle of the id if it is rare. */
  place = 0;
  /** Within the cell, as drawn. */
  drawn = 0;
  segment = 0;
  /** Id drawn last, or -1 if it is frequent, so that inputs that share it may differ in children. */
  rank = 0;

  constructor(
    all: TwinParameters["columns"],
    number: number,
    root: number,
  ) {
    const { law, cells, parent, follows, given } = all[number]!;
    this.parent = parent;
    this.follows = follows;
    this.root = root;
    this.#low = Float64Array.from(cells, (_, c) => c === 0 ? 0 : cells[c - 1]!);
    this.#width = Float64Array.from(cells, (end, c) => end - this.#low[c]!);
    const total = law.reduce((sum, segment) => sum + segment.mass, 0);
    this.#first = new Float64Array(law.length + 1);
    this.#start = new Float64Array(law.length + 1);
    this.#density = new Float64Array(law.length);
    for (const [s, { ids, mass }] of law.entries()) {
      this.#first[s + 1] = this.#first[s]! + ids;
      this.#start[s + 1] = this.#start[s]! + mass / total;
      this.#density[s] = mass > 0 ? ids / (mass / total) : 0;
    }
    this.#start[law.length] = Infinity;
    this.ids = this.#first[law.length]!;
    this.#guide = new Uint16Array(GUIDE);
    for (let g = 0, s = 0; g < GUIDE; g++) {
      while (this.#start[s + 1]! <= g / GUIDE) s++;
      this.#guide[g] = s;
    }
    this.#step = STEPS[number % STEPS.length]!;
    this.#choice = STEPS[(number + 1) % STEPS.length]!;
    this.#frequent = Uint8Array.from(
      law,
      ({ ids, mass }) => mass / ids >= FREQUENT ? 1 : 0,
    );
    this.#given = (given ?? []).map((shares) => {
      const sums = new Float64Array(shares.length);
      const all = shares.reduce((a, b) => a + b, 0);
      let sum = 0;
      for (const [c, share] of shares.entries()) sums[c] = sum += share / all;
      sums[shares.length - 1] = Infinity;
      return sums;
    });
    const filled = new Float64Array(cells.length);
    const above = parent === null ? [] : all[parent]!.cells;
    const amounts = (given ?? []).map((shares, a) =>
      shares.map((share) => share * (above[a]! - (a === 0 ? 0 : above[a - 1]!)))
    );
    for (const row of amounts) for (const [c, amount] of row.entries()) filled[c]! += amount;
    const before = new Float64Array(cells.length);
    this.#from = amounts.map((row) =>
      Float64Array.from(row, (amount, c) => {
        const from = before[c]!;
        before[c]! += amount / filled[c]!;
        return from;
      })
    );
    this.#wide = amounts.map((row) => Float64Array.from(row, (amount, c) => amount / filled[c]!));
    const own = idsOfCells(all[number]!), theirs = parent === null ? [] : idsOfCells(all[parent]!);
    this.#sparse = (given ?? []).map((shares, a) =>
      Uint8Array.from(
        shares,
        (share, c) => theirs[a]! * share < FEEDING * own[c]! * this.#wide[a]![c]! ? 1 : 0,
      )
    );
  }

  /** Whether the parent's id decides here; for a frequent one the word does, input by input. */
  isLed(parent: Column, word: number): boolean {
    if (parent.rank < 0) return word / TWO_32 < this.follows;
    const x = parent.rank * this.#choice;
    return x - Math.floor(x) < this.follows;
  }

  /**
   * Takes cell and place from the parent's. Each of the parent's cells fills its own part of a cell here, the popular
   * first. A rare id of the parent always gives the same id: evenly spread multiples of its number choose the cell, and its
   * order among the parent's ids the place, so that ids of the parent lie side by side as wide as they are. For a frequent
   * id the place decides both.
   */
  follow(parent: Column): void {
    const sums = this.#given[parent.cell]!;
    const rare = parent.rank >= 0;
    const x = rare ? parent.rank * this.#step : parent.place * STRIPS;
    const strip = Math.floor(x), within = x - strip;
    let cell = 0;
    while (within >= sums[cell]!) cell++;
    let place = this.#sparse[parent.cell]![cell] === 1 ? parent.drawn : parent.place;
    if (!rare) {
      const low = cell === 0 ? 0 : sums[cell - 1]!;
      const high = cell === sums.length - 1 ? 1 : sums[cell]!;
      place = (strip + (within - low) / (high - low)) / STRIPS;
    }
    this.cell = cell;
    this.place = this.#from[parent.cell]![cell]! + place * this.#wide[parent.cell]![cell]!;
    if (this.place >= 1) this.place = 1 - 1 / TWO_32;
  }

  /** The id at the cell and place. A rare id moves the place to its middle, where its children find it. */
  id(): number {
    const low = this.#low[this.cell]!, width = this.#width[this.cell]!;
    this.drawn = this.place;
    const u = low + this.place * width;
    let s = this.#guide[Math.min(GUIDE - 1, Math.floor(u * GUIDE))]!;
    while (u >= this.#start[s + 1]!) s++;
    this.segment = s;
    const first = this.#first[s]!, density = this.#density[s]!;
    const id = Math.min(
      first + Math.floor((u - this.#start[s]!) * density),
      this.#first[s + 1]! - 1,
    );
    if (this.#frequent[s] === 1) this.rank = -1;
    else {
      this.rank = id;
      const middle = (this.#start[s]! + (id - first + 0.5) / density - low) / width;
      this.place = middle < 0 ? 0 : middle >= 1 ? 1 - 1 / TWO_32 : middle;
    }
    return id;
  }
}

/** Draws inputs by position. Not for use by several readers at the same moment, but any number one after the other. */
export class TwinGenerator {
  /** Rows of each table: the ids that are possible. */
  readonly tableRows: readonly number[];
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
  readonly #segments: Uint16Array;
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
    this.#words = new Uint32Array(4 * Math.ceil((2 + 3 * root + dense.length) / 4));
    this.#ids = new Float64Array(columns.length);
    this.#segments = new Uint16Array(columns.length);
    this.#dense = new Float64Array(dense.length);
  }

  /** Writes input i as number b of a minibatch of `size` and returns its true probability. */
  write(i: number, into: Inputs, b: number, size: number): number {
    this.#draw(i);
    const ids = this.#ids, dense = this.#dense;
    for (let t = 0; t < ids.length; t++) into.ids[t * size + b] = ids[t]!;
    for (let j = 0; j < dense.length; j++) into.dense[b * dense.length + j] = dense[j]!;
    const p = this.#clicks.probability(ids, this.#segments, dense);
    into.labels[b] = this.#words[1]! < p * TWO_32 ? 1 : 0;
    return p;
  }

  /** Writes only the ids of input i, at `at`, one a table. */
  writeIds(i: number, into: Uint32Array, at: number): void {
    this.#drawWords(i, 2 + 3 * this.#cells.length);
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
        column.cell = this.#cells[column.root]!.at(one, words[word]!);
        column.place = words[word + 1]! / TWO_32;
      }
      this.#ids[t] = column.id();
      this.#segments[t] = column.segment;
    }
    return one;
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

function idsOfCells({ law, cells }: TwinParameters["columns"][number]): number[] {
  return cellPopularity(law, cells).map((each, c) =>
    (cells[c]! - (c === 0 ? 0 : cells[c - 1]!)) / each
  );
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
