/**
 * The threshold below which inputs are skipped, from the combined scores of a sample: the one whose share is nearest to
 * what was asked for, or the one that the authors' bisection finds.
 *
 * An input is skipped iff its score is below the threshold (strictly, in float32). {@link NEVER}, and whatever is not
 * below it, is the score of inputs that are never skipped.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatCount } from "../../core/format.ts";
import { NEVER } from "./criterion.ts";
import type { DropPoint } from "./document.ts";

/** A threshold and what it does to the sample. */
export interface Threshold {
  /** T, a float32. */
  readonly threshold: number;
  /** Share of the sample that is skipped at T. */
  readonly share: number;
  /** If the share is 0 or misses the target by more than 0.01: which share can be reached, and why; else null. */
  readonly note: string | null;
}

/** What a bisection found. */
export interface Bisection {
  /** T, a float64; 0 where no probe came near enough. */
  readonly threshold: number;
  /** Share at T. */
  readonly share: number;
  /** Whether a probe came near enough. */
  readonly converged: boolean;
  /** Thresholds tried and their shares, in the order of trying. */
  readonly probes: readonly (readonly [threshold: number, share: number])[];
}

/** Limits of a bisection; the authors' by default. */
export interface BisectionOptions {
  /** No threshold from here on is tried. Default 0.1. */
  readonly upper?: number;
  /** Thresholds tried at most. Default 25. */
  readonly probes?: number;
}

/** The smallest normal float32. */
const SMALLEST_NORMAL = 2 ** -126;
/** How far from what was asked for a share may be without a note. */
const NEAR = 0.01;

/**
 * The share skipped against the threshold, both ascending: from no input skipped to all that can be, at about evenly
 * spaced shares. Empty for a sample without inputs that can be skipped.
 *
 * @param points Points at most, at least 2.
 */
export function dropCurve(scores: Float32Array | SortedSample, points = 64): DropPoint[] {
  if (!Number.isInteger(points) || points < 2) {
    throw new RangeError(`Cannot draw a curve of ${points} points: at least 2 are needed`);
  }
  const sample = SortedSample.of(scores);
  const curve: DropPoint[] = [];
  let last = -1;
  for (let k = 0; k < points && sample.possible > 0; k++) {
    const skipped = sample.atMost(Math.round(k / (points - 1) * sample.possible));
    if (skipped === last) continue;
    curve.push(sample.point(skipped));
    last = skipped;
  }
  return curve;
}

/**
 * The threshold whose share of the sample is nearest to a target; of two equally near the one that skips fewer. Equal
 * scores are skipped together, so not every share can be reached. The threshold is the next higher score of the sample,
 * or the next float32 above its highest, if need be the smallest normal one, because GPUs may take smaller ones for 0.
 * Where nothing is to be skipped it is 0 (or the lowest score if that is negative).
 *
 * @param target D, from 0 to 1.
 * @param what What the scores are of, for the note.
 * @throws UserError for an empty sample, RangeError for a target out of range.
 */
export function quantileThreshold(
  scores: Float32Array | SortedSample,
  target: number,
  what: "inputs" | "lookups" = "inputs",
): Threshold {
  if (!(target >= 0 && target <= 1)) {
    throw new RangeError(`Cannot skip a share of ${target}: it must be from 0 to 1`);
  }
  const sample = SortedSample.of(scores);
  if (sample.size === 0) {
    throw new UserError("Cannot find a threshold: no inputs are sampled; sample a larger share");
  }
  const wanted = target * sample.size;
  const fewer = sample.atMost(Math.floor(wanted)), more = sample.atLeast(Math.ceil(wanted));
  // The margin, of a billionth of an input, is for the rounding of the product: 0.3 · 10 may not be a tie of 2 and 4.
  const skipped = more === null || wanted - fewer <= more - wanted + 1e-9 ? fewer : more;
  const { threshold, share } = sample.point(skipped);
  const near = Math.abs(share - target) <= NEAR + 1e-12;
  const note = target === share || (near && skipped > 0)
    ? null
    : explain(sample, target, fewer, more, what);
  return { threshold, share, note };
}

/**
 * The authors' search: halves [0, upper] until the share lies within the tolerance of the target, and gives up, with
 * threshold 0, after so many probes. Given shares that do not fall as thresholds rise.
 *
 * @param share Share of the sample that is skipped at a threshold.
 * @param target D.
 * @param tolerance 0.08 in the authors' code for DLRM, 0.02 in that for TBSM.
 */
export function bisectThreshold(
  share: (threshold: number) => number,
  target: number,
  tolerance: number,
  options: BisectionOptions = {},
): Bisection {
  const { upper = 0.1, probes: most = 25 } = options;
  const probes: [number, number][] = [];
  let low = 0, high = upper;
  for (let k = 0; k < most; k++) {
    const threshold = (low + high) / 2, reached = share(threshold);
    probes.push([threshold, reached]);
    if (target - tolerance <= reached && reached <= target + tolerance) {
      return { threshold, share: reached, converged: true, probes };
    }
    if (reached < target - tolerance) low = threshold;
    else high = threshold;
  }
  return { threshold: 0, share: share(0), converged: false, probes };
}

/** Scores in ascending order, for more than one threshold of the same sample. */
export class SortedSample {
  /** Inputs. */
  readonly size: number;
  /** Inputs that can be skipped at all. */
  readonly possible: number;
  readonly #sorted: Float32Array;

  private constructor(scores: Float32Array) {
    this.#sorted = scores.slice().sort();
    this.size = scores.length;
    // What is not a number comes last, and is never skipped either.
    this.possible = firstWhere(this.size, (i) => !(this.#sorted[i]! < NEVER));
  }

  /** Of scores in any order, which stay as they are. */
  static of(scores: Float32Array | SortedSample): SortedSample {
    return scores instanceof SortedSample ? scores : new SortedSample(scores);
  }

  /** Score number i. */
  at(i: number): number {
    return this.#sorted[i]!;
  }

  /** The largest number of inputs, up to `count`, that can be skipped without any other. */
  atMost(count: number): number {
    if (count >= this.possible) return this.possible;
    const score = this.#sorted[count]!;
    return firstWhere(this.possible, (i) => this.#sorted[i]! >= score);
  }

  /** The smallest such number from `count` on; null if it is more than can be skipped. */
  atLeast(count: number): number | null {
    if (count > this.possible) return null;
    if (count === 0) return 0;
    const score = this.#sorted[count - 1]!;
    return firstWhere(this.possible, (i) => this.#sorted[i]! > score);
  }

  /** The threshold at which so many are skipped; there must be one. */
  point(skipped: number): DropPoint {
    const share = this.size === 0 ? 0 : skipped / this.size;
    if (skipped === 0) {
      // 0 and not the lowest score: inputs outside the sample may have lower ones.
      return { threshold: this.possible === 0 ? 0 : Math.min(0, this.#sorted[0]!), share };
    }
    return {
      threshold: skipped < this.possible
        ? this.#sorted[skipped]!
        : above(this.#sorted[skipped - 1]!),
      share,
    };
  }
}

/** Why the share asked for cannot be reached. */
function explain(
  sample: SortedSample,
  target: number,
  fewer: number,
  more: number | null,
  what: string,
): string {
  const { size, possible } = sample;
  const percent = (count: number) => `${(100 * count / size).toFixed(1)} %`;
  const asked = `${(100 * target).toFixed(1)} % cannot be skipped`;
  if (possible === 0) {
    return `${asked}: none of the ${formatCount(size)} ${what} sampled can be, at any threshold`;
  }
  if (more === null) {
    return `${asked}, ${percent(possible)} at most: the others of the ${
      formatCount(size)
    } ${what} ` +
      `sampled never are, at any threshold`;
  }
  const between = `either ${percent(fewer)} or ${percent(more)} are`;
  if (more - fewer <= 1) return `${asked}: ${formatCount(size)} ${what} are sampled, so ${between}`;
  return `${asked}: ${formatCount(more - fewer)} of ${
    formatCount(size)
  } ${what} sampled share the ` +
    `score ${Number(sample.at(fewer).toPrecision(4))}, so ${between}`;
}

/** The next float32 above a finite one, of those that no device takes for 0. */
function above(value: number): number {
  if (value >= 0 && value < SMALLEST_NORMAL) return SMALLEST_NORMAL;
  const float = new Float32Array([value]), bits = new Int32Array(float.buffer);
  bits[0]! += value > 0 ? 1 : -1;
  return float[0]!;
}

/** The first of `count` numbers at which a condition holds that holds from some number on; `count` if at none. */
function firstWhere(count: number, holds: (i: number) => boolean): number {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
