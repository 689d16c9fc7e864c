/**
 * Draws the inputs of a twin. Input i depends on (parameters, seed, i) alone.
 *
 * The first words of an input decide its latent class, its label, its level of popularity, and, by a byte for each column that
 * classes decide, which of these columns keep to that level. Then each of these columns takes one word for its cell and its
 * place within the cell, and, if it has a parent, one for whether it follows that instead. A column that keeps to the level
 * takes the word's highest bits from the level: it lies in the same eighth of what the class makes of it as the others that do,
 * so that popular ids occur together, and each column keeps its shares. A column that follows takes cell and place from
 * the parent's, so that equal rare ids of the parent give equal ids here. Dense columns come next, with a word each, then the
 * further lookups of bags. Only sums, products, quotients, square roots and comparisons of float64 occur, which are the same
 * on every machine.
 *
 * @module
 */

import type { Inputs } from "../types.ts";
import { ClickModel } from "./clicks.ts";
import { Column, SIDE_BY_SIDE } from "./column.ts";
import { Distributions } from "./distributions.ts";
import type { Drift } from "./drift.ts";
import type { TwinParameters } from "./parameters.ts";
import { inputWords } from "./words.ts";

const TWO_32 = 0x100000000;
/** Numbers of the first words. */
const CLASS = 0, LABEL = 1, LEVEL = 2, CHOICES = 3;
/** Which bits of a word a level of popularity decides: there are eight levels. */
const LEVEL_BITS = 0xe0000000, OWN_BITS = 0x1fffffff;
/** Of a byte of choices: a column keeps to the level if its byte is smaller than this times the coupling. */
const BYTE = 256;

/** How a column is drawn. */
interface Step {
  readonly column: Column;
  /** The column that it may follow from. */
  readonly parent: Column | null;
  /** Shares of its cells by class; null if it always follows. */
  readonly cells: Distributions | null;
  /** Where its first id stands among an input's, and how many there are. */
  readonly first: number;
  readonly lookups: number;
  /** Its words: for the cell and place, and for whether it follows. */
  readonly word: number;
  readonly led: number;
  /** Which byte of the words of choices is its. */
  readonly choice: number;
  /** Lookups of bags in columns before it that are not the first of theirs. */
  readonly further: number;
}

/** Draws inputs by position. Not for use by several readers at the same moment, but any number one after the other. */
export class TwinGenerator {
  /** Rows of each table: the ids that are possible. */
  readonly tableRows: readonly number[];
  /** Lookups of an input in each table. */
  readonly lookups: readonly number[];
  /** Lookups of an input in all tables. */
  readonly width: number;
  /** Lookups of an input in all tables before each, and in all of them. */
  readonly #firsts: readonly number[];
  readonly #parameters: TwinParameters;
  readonly #seed: number;
  /** Parents before children. */
  readonly #steps: readonly Step[];
  /** Those of several lookups. */
  readonly #bags: readonly Step[];
  readonly #classes: Distributions;
  readonly #ranges: readonly Distributions[];
  /** Of each dense column where its cells begin and end, in turn. */
  readonly #rangeEnds: readonly Float64Array[];
  readonly #clicks: ClickModel;
  readonly #drift: Drift | null;
  /** A byte of choices below this makes a column keep to the level. */
  readonly #coupled: number;
  /** Inputs that are drawn side by side: their numbers, classes, words, ids, segments of these, and dense values. */
  readonly #numbers = new Float64Array(SIDE_BY_SIDE);
  readonly #inputClasses = new Uint32Array(SIDE_BY_SIDE);
  /** Of a column: the words that decide, and the cells and places that they lead to. */
  readonly #ownWords = new Uint32Array(SIDE_BY_SIDE);
  readonly #cells = new Uint8Array(SIDE_BY_SIDE);
  readonly #places = new Float64Array(SIDE_BY_SIDE);
  readonly #words: Uint32Array;
  /** Words of an input, those of the ids alone, the first of dense columns, and the first of further lookups. */
  readonly #inputWords: number;
  readonly #idWords: number;
  readonly #denseWord: number;
  readonly #furtherWord: number;
  readonly #ids: Uint32Array;
  readonly #segments: Uint32Array;
  readonly #dense: Float64Array;

  /**
   * @param seed An integer in [0, 2^32).
   * @param drift How ids come and go. Default null: they do not.
   */
  constructor(parameters: TwinParameters, seed: number, drift: Drift | null = null) {
    this.#parameters = parameters;
    this.#drift = drift;
    this.#seed = seed;
    const { columns, dense, classes } = parameters;
    this.lookups = columns.map(({ lookups = 1 }) => lookups);
    const firsts = [0];
    for (const some of this.lookups) firsts.push(firsts.at(-1)! + some);
    this.#firsts = firsts;
    const roots = columns.filter(({ follows }) => follows < 1).length;
    const { steps, word } = stepsOf(parameters, firsts, CHOICES + Math.ceil(roots / 4));
    this.#steps = parentsFirst(columns.map(({ parent }) => parent)).map((t) => steps[t]!);
    this.#bags = steps.filter((step) => step.lookups > 1);
    this.tableRows = steps.map(({ column }) => column.ids);
    this.#classes = new Distributions([classes.map((one) => one.weight)]);
    this.#ranges = dense.map((_, j) => new Distributions(classes.map((one) => one.dense[j]!)));
    this.#rangeEnds = dense.map(({ ranges }) => Float64Array.from(ranges.flat()));
    this.#clicks = new ClickModel(parameters);
    this.#coupled = Math.round(parameters.coupling * BYTE);
    const width = this.width = firsts.at(-1)!, further = width - columns.length;
    this.#denseWord = word;
    this.#furtherWord = word + dense.length;
    this.#inputWords = this.#furtherWord + further;
    this.#idWords = further === 0 ? word : this.#inputWords;
    this.#words = new Uint32Array(SIDE_BY_SIDE * this.#inputWords);
    this.#ids = new Uint32Array(SIDE_BY_SIDE * width);
    this.#segments = new Uint32Array(SIDE_BY_SIDE * width);
    this.#dense = new Float64Array(SIDE_BY_SIDE * dense.length);
  }

  /** Writes the inputs with the numbers `start + rows[b]` as a minibatch. */
  writeAll(rows: Float64Array, start: number, into: Inputs, size: number): void {
    const numbers = this.#numbers;
    for (let b = 0; b < size; b += SIDE_BY_SIDE) {
      const count = Math.min(SIDE_BY_SIDE, size - b);
      for (let k = 0; k < count; k++) numbers[k] = start + rows[b + k]!;
      this.#draw(count);
      this.#put(count, into, b, size);
    }
  }

  /** Writes only the ids of the first `count` of some inputs, one input after the other, each table by table. */
  writeAllIds(numbers: ArrayLike<number>, count: number, into: Uint32Array): void {
    for (let b = 0; b < count; b += SIDE_BY_SIDE) {
      const some = Math.min(SIDE_BY_SIDE, count - b);
      for (let k = 0; k < some; k++) {
        const number = this.#numbers[k] = numbers[b + k]!;
        inputWords(number, this.#seed, this.#words, this.#idWords, k * this.#inputWords);
      }
      this.#drawIds(some);
      const ids = this.#ids, words = some * this.width, at = b * this.width;
      for (let t = 0; t < words; t++) into[at + t] = ids[t]!;
    }
  }

  /** The parts of the logit before they are scaled, for {@link ClickModel} to be calibrated. */
  parts(i: number, into: Float64Array): void {
    this.#numbers[0] = i;
    this.#draw(1);
    this.#clicks.parts(this.#ids, this.#segments, this.#dense, into);
  }

  /** Writes the inputs that were drawn, from number b of a minibatch on. */
  #put(count: number, into: Inputs, b: number, size: number): void {
    const ids = this.#ids, dense = this.#dense, columns = this.#ranges.length, { width } = this;
    for (const [t, each] of this.lookups.entries()) {
      const first = this.#firsts[t]!;
      let to = first * size + b * each;
      for (let k = 0, at = first; k < count; k++, at += width) {
        for (let l = 0; l < each; l++) into.ids[to++] = ids[at + l]!;
      }
    }
    const values = count * columns, from = b * columns;
    for (let j = 0; j < values; j++) into.dense[from + j] = dense[j]!;
    this.#clicks.probabilities(ids, this.#segments, dense, count, this.#places);
    for (let k = 0; k < count; k++) {
      const word = this.#words[k * this.#inputWords + LABEL]!;
      into.labels[b + k] = word < this.#places[k]! * TWO_32 ? 1 : 0;
    }
  }

  /** Draws classes and ids of the first `count` inputs of `#numbers`, whose words are there, column by column. */
  #drawIds(count: number): void {
    const words = this.#words, each = this.#inputWords, classes = this.#inputClasses;
    for (let k = 0; k < count; k++) {
      this.#classes.draw(0, words[k * each + CLASS]!);
      classes[k] = this.#classes.cell;
    }
    for (const step of this.#steps) this.#drawColumn(step, count);
    for (const step of this.#bags) this.#drawFurther(step, count);
    if (this.#drift === null) return;
    for (let k = 0; k < count; k++) {
      this.#drift.move(this.#numbers[k]!, this.#ids, this.#segments, k * this.width);
    }
  }

  #drawColumn(step: Step, count: number): void {
    const { column, parent, cells, first, led } = step;
    const ids = this.#ids, segments = this.#segments, { width } = this;
    const words = this.#words, each = this.#inputWords;
    const ownCells = this.#cells, ownPlaces = this.#places;
    if (cells !== null) this.#drawCells(step, cells, count);
    if (parent === null) {
      column.drawOwn(count, ownCells, ownPlaces, ids, segments, first, width);
      return;
    }
    for (let k = 0, at = led, to = first; k < count; k++, at += each, to += width) {
      parent.recall(k);
      if (cells === null || column.isLed(parent, words[at]!)) column.follow(parent);
      else column.set(ownCells[k]!, ownPlaces[k]!);
      ids[to] = column.id();
      segments[to] = column.segment;
      if (column.leads) column.keep(k);
    }
  }

  /** Cells and places of a column's own, whether or not it follows. */
  #drawCells({ word, choice }: Step, cells: Distributions, count: number): void {
    const words = this.#words, each = this.#inputWords, coupled = this.#coupled;
    const own = this.#ownWords, choices = CHOICES + (choice >>> 2), shift = 8 * (choice & 3);
    for (let k = 0, at = 0; k < count; k++, at += each) {
      own[k] = (words[at + choices]! >>> shift & 0xff) < coupled
        ? words[at + LEVEL]! & LEVEL_BITS | words[at + word]! & OWN_BITS
        : words[at + word]!;
    }
    cells.drawAll(this.#inputClasses, own, count, this.#cells, this.#places);
  }

  /** The lookups of a bag behind its first. */
  #drawFurther({ column, cells, first, lookups, further }: Step, count: number): void {
    for (let k = 0; k < count; k++) {
      let word = k * this.#inputWords + this.#furtherWord + further;
      const from = k * this.width + first;
      for (let at = from + 1; at < from + lookups; at++) {
        cells!.draw(this.#inputClasses[k]!, this.#words[word++]!);
        column.set(cells!.cell, cells!.place);
        this.#ids[at] = column.id();
        this.#segments[at] = column.segment;
      }
    }
  }

  /** Draws all of the first `count` inputs of `#numbers`. */
  #draw(count: number): void {
    const words = this.#words, each = this.#inputWords, columns = this.#parameters.dense;
    for (let k = 0; k < count; k++) {
      inputWords(this.#numbers[k]!, this.#seed, words, each, k * each);
    }
    this.#drawIds(count);
    for (const [j, { clock }] of columns.entries()) {
      if (clock === null) {
        this.#drawDense(j, count);
        continue;
      }
      for (let k = 0, at = j; k < count; k++, at += columns.length) {
        this.#dense[at] = Math.floor(this.#numbers[k]! / clock.inputs) % clock.steps /
          clock.steps;
      }
    }
  }

  #drawDense(j: number, count: number): void {
    const ranges = this.#rangeEnds[j]!;
    const words = this.#words, each = this.#inputWords, own = this.#ownWords;
    const cells = this.#cells, places = this.#places, dense = this.#dense;
    for (let k = 0, at = this.#denseWord + j; k < count; k++, at += each) own[k] = words[at]!;
    this.#ranges[j]!.drawAll(this.#inputClasses, own, count, cells, places);
    for (let k = 0, at = j; k < count; k++, at += this.#ranges.length) {
      const cell = cells[k]!, low = ranges[2 * cell]!;
      dense[at] = low + (ranges[2 * cell + 1]! - low) * places[k]!;
    }
  }
}

/** The steps of all columns, in the order of columns, and the first word that they leave. */
function stepsOf(
  { columns, classes }: TwinParameters,
  firsts: readonly number[],
  firstWord: number,
): { steps: Step[]; word: number } {
  const made: Column[] = [];
  let root = 0, word = firstWord, further = 0;
  for (const [t, { follows }] of columns.entries()) {
    made.push(new Column(columns, t, follows < 1 ? root++ : -1));
  }
  const steps = made.map((column, t): Step => {
    const { root } = column, parent = column.parent === null ? null : made[column.parent]!;
    const cells = root < 0 ? null : new Distributions(classes.map((one) => one.columns[root]!));
    const own = cells === null ? -1 : word++;
    const led = cells === null || parent === null ? -1 : word++;
    const { lookups = 1 } = columns[t]!, before = further;
    further += lookups - 1;
    return {
      ...{ column, parent, cells, first: firsts[t]!, lookups, word: own, led, choice: root },
      further: before,
    };
  });
  return { steps, word };
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
