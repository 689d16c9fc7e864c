/**
 * The planted click model: what makes an input of a twin likely to be clicked.
 *
 * logit = bias + dense part + row part + pair part. The dense part is linear; the row part adds an effect for each id; the
 * pair part adds products of row effects of a few pairs of tables, which only an interaction can see. Effects come from a
 * hash of (table, id), so they need no memory, and shrink with popularity as (1 + p / p0)^-exponent, by default 1/4: popular
 * rows differ little from the average and are learned early. Clicks depend neither on time nor on training.
 *
 * @module
 */

import { SIDE_BY_SIDE } from "./column.ts";
import { hash } from "./hash.ts";
import { possibleIds } from "./law.ts";
import type { TwinClicks, TwinParameters } from "./parameters.ts";

/** Parts of the logit: dense, rows, pairs; and rows and pairs again from the learnable rows only. */
export const PARTS = 5;
const MOST_PAIRS = 6;
/** Popularity from which effects shrink. */
const SHRINK_FROM = 1e-4;
/** Rows with fewer expected uses in so many inputs are not counted as learnable. */
const LEARNABLE = { uses: 20, inputs: 2_000_000 };

/** What the model needs of the parameters. */
type Planted = Pick<TwinParameters, "columns" | "dense" | "clicks">;

/** Effects and probabilities of inputs. */
export class ClickModel {
  readonly #clicks: TwinParameters["clicks"];
  readonly #tables: number;
  /** Lookups of a bag in each table. */
  readonly #lookups: readonly number[];
  /** Lookups of an input in all tables. */
  readonly #width: number;
  /** Over which a bag's effects are summed to have the variance of one. */
  readonly #roots: readonly number[];
  /** For each segment of each table the scale of its effects, and that or, where the rows are too rare to be learned, 0. */
  readonly #scales: Float64Array;
  /** Segments of all tables before each. */
  readonly #firsts: readonly number[];
  readonly #denseWeights: Float64Array;
  readonly #denseMiddles: Float64Array;
  /** Of inputs side by side: sums of their effects, those of tables in pairs, pair after pair, and where a table's stand. */
  readonly #sums = new Float64Array(SIDE_BY_SIDE);
  readonly #effects: Float64Array;
  readonly #slots: Int32Array;

  constructor({ columns, dense, clicks }: Planted) {
    this.#clicks = clicks;
    this.#tables = columns.length;
    this.#lookups = columns.map(({ lookups = 1 }) => lookups);
    this.#width = this.#lookups.reduce((sum, some) => sum + some, 0);
    this.#roots = this.#lookups.map(Math.sqrt);
    const scales: number[] = [], firsts: number[] = [];
    for (const [t, { law }] of columns.entries()) {
      const weight = 0.5 + (hash(t, 0, 1) >>> 8) / 0x1000000;
      firsts.push(scales.length / 2);
      for (const { ids, mass } of law) {
        const each = mass / ids;
        const scale = weight / shrinking(1 + each / SHRINK_FROM, clicks.effectExponent);
        scales.push(scale, each * LEARNABLE.inputs < LEARNABLE.uses ? 0 : scale);
      }
    }
    this.#scales = Float64Array.from(scales);
    this.#firsts = firsts;
    // Pairs of the tables with the most and the fewest ids, outermost first.
    const bySize = columns.map((_, t) => t)
      .sort((a, b) => possibleIds(columns[a]!.law) - possibleIds(columns[b]!.law));
    const few = bySize.slice(Math.floor(bySize.length / 3));
    const pairs = Array.from(
      { length: Math.min(MOST_PAIRS, few.length >> 1) },
      (_, k) => [few[2 * k]!, few[2 * k + 1]!] as const,
    );
    this.#denseWeights = Float64Array.from(dense, (_, j) => normal(hash(j, 0, 2)));
    this.#denseMiddles = Float64Array.from(
      dense,
      ({ ranges }) => ranges.reduce((sum, [low, high]) => sum + low + high, 0) / 2 / ranges.length,
    );
    this.#slots = new Int32Array(columns.length).fill(-1);
    pairs.flat().forEach((t, i) => this.#slots[t] = SIDE_BY_SIDE * i);
    this.#effects = new Float64Array(2 * SIDE_BY_SIDE * pairs.length);
  }

  /**
   * The probabilities of a click of the first `count` inputs, {@link SIDE_BY_SIDE} at most. Ids and segments are those of
   * {@link parts}, inputs one after the other.
   */
  probabilities(
    ids: Uint32Array,
    segments: Uint32Array,
    dense: Float64Array,
    count: number,
    into: Float64Array,
  ): void {
    this.#sumEffects(ids, segments, count, 0);
    const sums = this.#sums, width = this.#denseWeights.length;
    for (let k = 0; k < count; k++) {
      const linear = this.#linear(dense, k * width);
      into[k] = logistic(logitOf(this.#clicks, linear, sums[k]!, this.#pairsOf(k)));
    }
  }

  /** The unscaled parts of an input's logit. Its ids and their segments stand table by table, those of a bag side by side. */
  parts(ids: Uint32Array, segments: Uint32Array, dense: Float64Array, into: Float64Array): void {
    into[0] = this.#linear(dense, 0);
    for (const learnable of [0, 1] as const) {
      this.#sumEffects(ids, segments, 1, learnable);
      into[1 + 2 * learnable] = this.#sums[0]!;
      into[2 + 2 * learnable] = this.#pairsOf(0);
    }
  }

  /** Sums the effects of the ids of inputs, table by table; of learnable rows alone, or of all. */
  #sumEffects(ids: Uint32Array, segments: Uint32Array, count: number, learnable: 0 | 1): void {
    this.#sums.fill(0, 0, count);
    for (let t = 0, offset = 0; t < this.#tables; offset += this.#lookups[t++]!) {
      this.#addEffects(ids, segments, count, learnable, t, offset);
    }
  }

  /** Adds the effects of a table's ids to the sums, and keeps those that pairs need. */
  #addEffects(
    ids: Uint32Array,
    segments: Uint32Array,
    count: number,
    learnable: 0 | 1,
    t: number,
    offset: number,
  ): void {
    const scales = this.#scales, sums = this.#sums, effects = this.#effects;
    const width = this.#width, some = this.#lookups[t]!, root = this.#roots[t]!;
    const first = 2 * this.#firsts[t]! + learnable, slot = this.#slots[t]!;
    for (let k = 0, at = offset; k < count; k++, at += width) {
      let effect = scales[first + 2 * segments[at]!]! * normal(hash(ids[at]!, t, 3));
      for (let l = at + 1; l < at + some; l++) {
        effect += scales[first + 2 * segments[l]!]! * normal(hash(ids[l]!, t, 3));
      }
      effect /= root;
      sums[k]! += effect;
      if (slot >= 0) effects[slot + k] = effect;
    }
  }

  /** The products of the effects of tables in pairs, of number k of the inputs that were summed. */
  #pairsOf(k: number): number {
    const effects = this.#effects;
    let pairs = 0;
    for (let p = k; p < effects.length; p += 2 * SIDE_BY_SIDE) {
      pairs += effects[p]! * effects[p + SIDE_BY_SIDE]!;
    }
    return pairs;
  }

  #linear(dense: Float64Array, at: number): number {
    const weights = this.#denseWeights, middles = this.#denseMiddles;
    let linear = 0;
    for (let j = 0; j < weights.length; j++) {
      linear += weights[j]! * (dense[at + j]! - middles[j]!);
    }
    return linear;
  }
}

/** A number from 1 on to the power of an exponent; the same on every machine, as `Math.pow` need not be. */
function shrinking(x: number, exponent: TwinClicks["effectExponent"]): number {
  return exponent === 0 ? 1 : exponent === 0.5 ? Math.sqrt(x) : Math.sqrt(Math.sqrt(x));
}

/** What of the model scales the parts of a logit. */
type Scales = Pick<TwinParameters["clicks"], "bias" | "strength">;

/** The logit of an input's parts; of the learnable rows only, or of all. */
export function logit(clicks: Scales, parts: Float64Array, learnable: boolean): number {
  const first = learnable ? 3 : 1;
  return logitOf(clicks, parts[0]!, parts[first]!, parts[first + 1]!);
}

function logitOf({ bias, strength }: Scales, dense: number, rows: number, pairs: number): number {
  return bias + strength.dense * dense + strength.rows * rows + strength.pairs * pairs;
}

/**
 * 1 / (1 + e^-x) from sums and products only: `Math.exp` may differ in its last bit between machines. Ten squarings of
 * a Taylor polynomial; the relative error is below 1e-9 for |x| below 20.
 */
export function logistic(x: number): number {
  const small = -Math.max(-30, Math.min(30, x)) / 1024;
  let power = 1 + small * (1 + small / 2 * (1 + small / 3 * (1 + small / 4 * (1 + small / 5))));
  for (let k = 0; k < 10; k++) power *= power;
  return 1 / (1 + power);
}

/** Nearly standard normal: the sum of four bytes, centred, over its standard deviation. */
function normal(word: number): number {
  // Two bytes at a time.
  const halves = (word & 0xff00ff) + (word >>> 8 & 0xff00ff);
  const sum = (halves & 0xffff) + (halves >>> 16);
  return (sum - 510) / 147.8;
}
