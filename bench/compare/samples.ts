/**
 * Repeated measurements of one thing in two runs: their ratio, how far it can be trusted, and what it says.
 *
 * The method. `timing` values vary from repeat to repeat, and the repeats of two runs have nothing to do with each other:
 * their logarithms are compared by Welch's t interval, which gives the ratio of the geometric means. Other values are made
 * by seeds, and one and the same seed makes the same data in both runs: they are compared pair by pair, by Student's t
 * interval of the differences of the logarithms. Where a value is not above zero the values themselves are compared, and the
 * result is a difference. Intervals hold 95 %. With a single value on a side there is none.
 *
 * The repeats of a run stand near each other in time, so they vary less than runs do. Times and rates get a verdict only
 * where the ratio also leaves the noise band: the spread of the single repeats of the side that varies more, half of the way
 * from the 10th to the 90th percentile, as a share of the median.
 *
 * @module
 */

import { quantile } from "../../core/npm/d3_array.ts";
import { summarise } from "../../core/statistics.ts";
import type { Sample } from "../experiment.ts";
import { type Estimate, estimate, t975 } from "../study/statistics.ts";

/** What can be said of B against A. */
export type Verdict = "better" | "worse" | "no difference shown" | "cannot tell";

/** A sample that both runs have. */
export interface ComparedSample {
  readonly name: string;
  readonly unit: string;
  readonly better: Sample["better"];
  readonly timing: boolean;
  readonly a: Side;
  readonly b: Side;
  /** Whether `effect` and `interval` are B over A, or, where a value is not above zero, B less A. */
  readonly scale: "ratio" | "difference";
  readonly effect: number;
  /** 95 %; null where a side has one value. */
  readonly interval: readonly [number, number] | null;
  /** Half the spread of single repeats, as a share of the median; null where a side has one value or a median of zero. */
  readonly noise: number | null;
  readonly verdict: Verdict;
  /** Why the verdict is none, in a few words; empty for `better` and `worse`. */
  readonly reason: string;
}

/** One run's values. */
export interface Side {
  readonly repeats: number;
  readonly median: number;
}

/** Fewest values of a side that a verdict is given on. */
const LEAST = 3;

/**
 * Compares the values of a sample in two runs.
 *
 * @param software Whether a software adapter took either side's times, which then say nothing.
 */
export function compareSamples(a: Sample, b: Sample, software: boolean): ComparedSample {
  const positive = [...a.values, ...b.values].every((value) => value > 0);
  const scale: ComparedSample["scale"] = positive ? "ratio" : "difference";
  const change = positive ? Math.log : Number;
  const [from, to] = [a.values.map(change), b.values.map(change)];
  const paired = !a.timing && from.length === to.length;
  const { mean, half } = paired
    ? estimate(to.map((value, i) => value - from[i]!))
    : welch(from, to);
  const back = positive ? Math.exp : Number;
  const effect = back(mean);
  const interval = half === null ? null : [back(mean - half), back(mean + half)] as const;
  const noise = noiseOf(a.values, b.values);
  const { name, unit, better, timing } = a;
  const known = {
    name,
    unit,
    better,
    timing,
    a: side(a),
    b: side(b),
    scale,
    effect,
    interval,
    noise,
  };
  const identical = paired && a.values.every((value, i) => value === b.values[i]);
  const judged = (verdict: Verdict, reason: string): ComparedSample => ({
    ...known,
    verdict,
    reason,
  });
  if (timing && software) return judged("cannot tell", "software adapter");
  if (identical) return judged("no difference shown", "identical");
  if (interval === null || Math.min(a.values.length, b.values.length) < LEAST) {
    return judged("cannot tell", "too few repeats");
  }
  const none = positive ? 1 : 0;
  if (interval[0] <= none && interval[1] >= none) return judged("no difference shown", "");
  if (timing && noise !== null && positive && Math.abs(mean) <= Math.log1p(noise)) {
    return judged("no difference shown", "within the noise band");
  }
  const higher = mean > 0;
  return judged(higher === (better === "higher") ? "better" : "worse", "");
}

function side({ values }: Sample): Side {
  return { repeats: values.length, median: summarise(values).median };
}

/** The difference of two means, b - a, of unequal variances. */
function welch(a: readonly number[], b: readonly number[]): Pick<Estimate, "mean" | "half"> {
  const first = moments(a), second = moments(b);
  const mean = second.mean - first.mean;
  if (a.length < 2 || b.length < 2) return { mean, half: null };
  const u = first.variance / a.length, v = second.variance / b.length;
  if (u + v === 0) return { mean, half: 0 };
  const degrees = (u + v) ** 2 / (u ** 2 / (a.length - 1) + v ** 2 / (b.length - 1));
  return { mean, half: t975(degrees) * Math.sqrt(u + v) };
}

/** Mean and unbiased variance; a variance of 0 for one value. */
function moments(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: n < 2 ? 0 : squares / (n - 1) };
}

function noiseOf(...sides: (readonly number[])[]): number | null {
  if (sides.some((values) => values.length < 2 || summarise(values).median === 0)) return null;
  return Math.max(
    ...sides.map((values) =>
      (quantile(values, 0.9)! - quantile(values, 0.1)!) / 2 / Math.abs(summarise(values).median)
    ),
  );
}
