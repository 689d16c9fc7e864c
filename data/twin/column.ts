/**
 * A column made ready for drawing: from a cell and a place within it to an id, and from a parent's id to a child's.
 *
 * @module
 */

import type { TwinColumn } from "./parameters.ts";

const TWO_32 = 0x100000000;
/** Entries of the table that finds a law's segment: at least so many for each segment, and no more than so many in all. */
const GUIDE = { each: 4, most: 65_536 };
/** Entries of the table that finds a child's cell, for each cell of the parent. */
const CHILD_GUIDE = 64;
/** A frequent id of a parent is cut into so many strips, each shared out among the child's cells. */
const STRIPS = 64;
/** An id with at least this probability is frequent: its inputs may differ in child columns. */
const FREQUENT = 4e-4;
/**
 * An id takes whole ids of the parent as long as it is so many times as popular; else it takes parts of them, because whole
 * ones would leave some ids here without any. Ids rarer than `DEEP` take parts sooner: they matter for the number of
 * distinct ids in the full data set, and hardly ever occur twice in a sample.
 */
const WHOLE = { shallow: 1, deep: 2.5 };
const DEEP = 4e-6;
/** Multiples of these, without their whole part, are spread evenly over [0, 1) (Weyl). One a column, in turn. */
const STEPS = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29].map((prime) => Math.sqrt(prime) % 1);
/** Inputs that are drawn side by side, column by column: while they are, a column's tables stay in the fastest cache. */
export const SIDE_BY_SIDE = 64;
/** How many ids of a parent are tried for one that decides a given id. */
const NEIGHBOURS = 400;

/** A column, made ready for drawing. */
export class Column {
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
  readonly #guide: Uint16Array | Uint32Array;
  readonly #guideSize: number;
  /** Running sums of this column's shares for each of the parent's cells. */
  readonly #given: readonly Float64Array[];
  readonly #givenGuide: readonly Uint8Array[];
  /** Whether other columns follow from this one, and need the middle of a rare id. */
  readonly leads: boolean;
  /** Where inputs that are drawn side by side went: place, drawn and rank, and cell and segment. */
  readonly #placesKept: Float64Array;
  readonly #cellsKept: Int32Array;
  /** The part of each own cell that a parent's cell fills: where it begins, and how wide it is. */
  readonly #from: readonly Float64Array[];
  readonly #wide: readonly Float64Array[];
  readonly #step: number;
  readonly #choice: number;
  readonly #frequent: Uint8Array;
  cell = 0;
  /** Within the cell: the middle of the id if it is rare. */
  place = 0;
  /** Within the cell, as drawn. */
  drawn = 0;
  /** Probability of the parent's id that this one follows from, or 0. */
  #comprised = 0;
  segment = 0;
  /** Id drawn last, or -1 if it is frequent, so that inputs that share it may differ in children. */
  rank = 0;

  constructor(
    all: readonly TwinColumn[],
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
    // A power of two, so that the product with it is exact.
    const size = 2 ** Math.ceil(Math.log2(Math.min(GUIDE.most, GUIDE.each * law.length)));
    this.#guideSize = size;
    this.#guide = law.length <= 2 ** 16 ? new Uint16Array(size) : new Uint32Array(size);
    for (let g = 0, s = 0; g < size; g++) {
      while (this.#start[s + 1]! <= g / size) s++;
      this.#guide[g] = s;
    }
    this.leads = all.some((one) => one.parent === number);
    const kept = this.leads ? SIDE_BY_SIDE : 0;
    this.#placesKept = new Float64Array(3 * kept);
    this.#cellsKept = new Int32Array(2 * kept);
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
    this.#givenGuide = this.#given.map((sums) => {
      let cell = 0;
      return Uint8Array.from({ length: CHILD_GUIDE }, (_, g) => {
        while (g / CHILD_GUIDE >= sums[cell]!) cell++;
        return cell;
      });
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
    let cell = this.#givenGuide[parent.cell]![Math.floor(within * CHILD_GUIDE)]!;
    while (within >= sums[cell]!) cell++;
    const from = this.#from[parent.cell]![cell]!, wide = this.#wide[parent.cell]![cell]!;
    const low = cell === 0 ? 0 : sums[cell - 1]!;
    const share = (cell === sums.length - 1 ? 1 : sums[cell]!) - low;
    if (!rare) {
      this.set(cell, below1(from + (strip + (within - low) / share) / STRIPS * wide));
      return;
    }
    this.cell = cell;
    this.place = below1(from + parent.place * wide);
    // Of the parent's ids only a share leads to this cell: each spreads into the gaps that the others leave.
    const spread = parent.place + (parent.drawn - parent.place) / share;
    this.drawn = Math.max(0, below1(from + Math.max(0, below1(spread)) * wide));
    this.#comprised = parent.popularity;
  }

  /** Goes to a place of its own. */
  set(cell: number, place: number): void {
    this.cell = cell;
    this.place = place;
    this.drawn = place;
    this.#comprised = 0;
  }

  /** Probability of the id drawn last. */
  get popularity(): number {
    return 1 / this.#density[this.segment]!;
  }

  /** The id at the cell and place. A rare id moves the place to its middle, where its children find it. */
  id(): number {
    const low = this.#low[this.cell]!, width = this.#width[this.cell]!;
    let u = low + this.place * width;
    let s = this.#segmentAt(u);
    const comprised = this.#comprised;
    if (
      comprised * this.#density[s]! * (comprised < DEEP ? WHOLE.deep : WHOLE.shallow) > 1
    ) {
      u = low + this.drawn * width;
      s = this.#segmentAt(u);
    }
    this.segment = s;
    const first = this.#first[s]!, density = this.#density[s]!;
    const id = Math.min(
      first + Math.floor((u - this.#start[s]!) * density),
      this.#first[s + 1]! - 1,
    );
    if (!this.leads) return id;
    if (this.#frequent[s] === 1) this.rank = -1;
    else {
      this.rank = id;
      this.place = this.#middle(this.cell, s, id);
    }
    return id;
  }

  /**
   * Draws the ids of inputs side by side, each at a cell and a place of its own, and keeps where they went.
   *
   * @param count How many, {@link SIDE_BY_SIDE} at most.
   * @param ids Set to the ids, from `first` on and `step` apart, as `segments` to theirs.
   */
  drawOwn(
    count: number,
    cells: Uint8Array,
    places: Float64Array,
    ids: Uint32Array,
    segments: Uint32Array,
    first: number,
    step: number,
  ): void {
    const lows = this.#low, widths = this.#width, starts = this.#start, firsts = this.#first;
    const densities = this.#density, guide = this.#guide, size = this.#guideSize;
    const { leads } = this;
    for (let k = 0, to = first; k < count; k++, to += step) {
      const cell = cells[k]!, place = places[k]!, low = lows[cell]!, width = widths[cell]!;
      const u = low + place * width;
      let s = guide[Math.min(size - 1, u * size | 0)]!;
      while (u >= starts[s + 1]!) s++;
      const id = Math.min(
        firsts[s]! + Math.floor((u - starts[s]!) * densities[s]!),
        firsts[s + 1]! - 1,
      );
      ids[to] = id;
      segments[to] = s;
      if (!leads) continue;
      const frequent = this.#frequent[s] === 1;
      const middle = frequent ? place : this.#middle(cell, s, id);
      this.#keep(k, cell, s, middle, place, frequent ? -1 : id);
    }
  }

  /** Where in a cell the middle of an id is. */
  #middle(cell: number, s: number, id: number): number {
    const u = this.#start[s]! + (id - this.#first[s]! + 0.5) / this.#density[s]!;
    return Math.max(0, below1((u - this.#low[cell]!) / this.#width[cell]!));
  }

  /** Keeps where number k of the inputs that are drawn side by side went, for the columns that follow. */
  keep(k: number): void {
    this.#keep(k, this.cell, this.segment, this.place, this.drawn, this.rank);
  }

  #keep(k: number, cell: number, segment: number, place: number, drawn: number, rank: number) {
    const places = this.#placesKept, cells = this.#cellsKept;
    places[3 * k] = place;
    places[3 * k + 1] = drawn;
    places[3 * k + 2] = rank;
    cells[2 * k] = cell;
    cells[2 * k + 1] = segment;
  }

  /** Goes where number k of these inputs went. */
  recall(k: number): void {
    const places = this.#placesKept, cells = this.#cellsKept;
    this.place = places[3 * k]!;
    this.drawn = places[3 * k + 1]!;
    this.rank = places[3 * k + 2]!;
    this.cell = cells[2 * k]!;
    this.segment = cells[2 * k + 1]!;
  }

  #segmentAt(u: number): number {
    const size = this.#guideSize;
    let s = this.#guide[Math.min(size - 1, Math.floor(u * size))]!;
    while (u >= this.#start[s + 1]!) s++;
    return s;
  }

  /** Goes to the middle of an id, wherever it was drawn. */
  locate(id: number): void {
    const s = lastAtMost(this.#first, id);
    const u = this.#start[s]! + (id - this.#first[s]! + 0.5) / this.#density[s]!;
    const c = Math.min(lastAtMost(this.#low, u), this.#low.length - 1);
    this.segment = s;
    this.rank = id;
    this.set(c, Math.max(0, below1((u - this.#low[c]!) / this.#width[c]!)));
  }

  /** The id that an id of the parent decides, however frequent it is. Moves both columns. */
  decidedBy(parent: Column, id: number): number {
    parent.locate(id);
    this.follow(parent);
    return this.id();
  }

  /**
   * An id of the parent, of those that decide an id here, about as likely as the law makes it among them. Where the ids of
   * the parent lie too far apart for this one to have any, the nearest.
   *
   * @param u In [0, 1).
   */
  parentOf(parent: Column, id: number, u: number): number {
    this.locate(id);
    const cell = this.cell, s = this.segment;
    const place = this.place + (u - 0.5) / this.#density[s]! / this.#width[cell]!;
    const x = Math.max(0, below1(place));
    let above = 0;
    while (
      above + 1 < this.#from.length &&
      !(x < this.#from[above]![cell]! + this.#wide[above]![cell]!)
    ) above++;
    const wide = this.#wide[above]![cell]!;
    parent.set(above, wide > 0 ? Math.max(0, below1((x - this.#from[above]![cell]!) / wide)) : 0);
    const middle = parent.id();
    for (let step = 0; step < NEIGHBOURS; step++) {
      // 0, 1, -1, 2, -2, …
      const candidate = middle + (step % 2 === 1 ? (step + 1) / 2 : -step / 2);
      if (candidate < 0 || candidate >= parent.ids) continue;
      if (this.decidedBy(parent, candidate) === id) return candidate;
    }
    return middle;
  }
}

/** The last of ascending entries that is not greater. */
export function lastAtMost(sorted: Float64Array, value: number): number {
  let low = 0, high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

function below1(x: number): number {
  return x < 1 ? x : 1 - 1 / TWO_32;
}
