/**
 * Several distributions over the same few cells, made ready for drawing.
 *
 * @module
 */

const TWO_32 = 0x100000000;
/** Entries of the table that finds a cell, for each distribution: few, so that the tables of a column fit in the fastest cache. */
const GUIDE = 64;
/** A word's bits behind those that number the table's entries. */
const GUIDE_SHIFT = 26;

/**
 * Inverse distribution functions with guide tables (Chen and Asau 1974). One word decides both the cell and the place in it,
 * and a greater word never an earlier cell, so that words that agree in their high bits lead to about the same quantile of
 * different distributions.
 */
export class Distributions {
  /** Number of the cell that {@link draw} found. */
  cell = 0;
  /** Where in the cell, in [0, 1). */
  place = 0;
  readonly #size: number;
  /** The first cell that words with the same high 6 bits may lead to, of each distribution. */
  readonly #guide: Uint8Array;
  /** Of each distribution and cell where it begins, as a word, and 1 over how many words it has. */
  readonly #begins: Float64Array;

  /** @param distributions Shares of at most 256 cells each, which are divided by their sum. */
  constructor(distributions: readonly (readonly number[])[]) {
    const size = this.#size = distributions[0]!.length;
    this.#guide = new Uint8Array(distributions.length * GUIDE);
    // An entry more, so that the end of the last cell is there to be looked at.
    this.#begins = new Float64Array(2 * distributions.length * (size + 1));
    for (const [d, shares] of distributions.entries()) {
      const total = shares.reduce((a, b) => a + b, 0), first = 2 * d * (size + 1);
      let sum = 0;
      for (const [c, share] of shares.entries()) {
        this.#begins[first + 2 * c] = sum / total * TWO_32;
        this.#begins[first + 2 * c + 1] = share > 0 ? total / share / TWO_32 : 0;
        sum += share;
      }
      // Cells behind the last with a share are never found.
      for (let c = shares.findLastIndex((share) => share > 0) + 1; c <= size; c++) {
        this.#begins[first + 2 * c] = Infinity;
      }
      for (let g = 0, c = 0; g < GUIDE; g++) {
        while (this.#begins[first + 2 * (c + 1)]! <= g * (TWO_32 / GUIDE)) c++;
        this.#guide[d * GUIDE + g] = c;
      }
    }
  }

  /** Finds the cell and the place in it for a 32-bit word, by one of the distributions. */
  draw(distribution: number, word: number): void {
    const begins = this.#begins;
    let cell = this.#guide[distribution * GUIDE + (word >>> GUIDE_SHIFT)]!;
    let at = 2 * (distribution * (this.#size + 1) + cell);
    while (word >= begins[at + 2]!) {
      cell++;
      at += 2;
    }
    const place = (word - begins[at]!) * begins[at + 1]!;
    this.cell = cell;
    this.place = place < 1 ? place : 1 - 1 / TWO_32;
  }

  /**
   * As {@link draw} for several words at once.
   *
   * @param distributions Of each word its distribution.
   * @param count How many.
   * @param cells Set to the cells.
   * @param places Set to the places in them.
   */
  drawAll(
    distributions: Uint32Array,
    words: Uint32Array,
    count: number,
    cells: Uint8Array,
    places: Float64Array,
  ): void {
    const begins = this.#begins, guide = this.#guide, each = 2 * (this.#size + 1);
    for (let k = 0; k < count; k++) {
      const distribution = distributions[k]!, word = words[k]!;
      let cell = guide[distribution * GUIDE + (word >>> GUIDE_SHIFT)]!;
      let at = distribution * each + 2 * cell;
      while (word >= begins[at + 2]!) {
        cell++;
        at += 2;
      }
      const place = (word - begins[at]!) * begins[at + 1]!;
      cells[k] = cell;
      places[k] = place < 1 ? place : 1 - 1 / TWO_32;
    }
  }
}
