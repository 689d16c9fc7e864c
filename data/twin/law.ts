/**
 * The popularity law of one column: how many ids there are at each level of popularity.
 *
 * A law is a list of segments from the most to the least popular; the ids of a segment are equally likely. Frequent ids
 * have a segment each. The rest is a histogram over levels of popularity spaced evenly in the logarithm. Seen so, a power
 * law p ∝ r^-s is a straight line (ids at level λ ∝ λ^(-1/s) per unit of ln λ), and everything that can be observed is
 * linear in the numbers of ids: the distinct ids after n inputs, and how many of them are seen once, twice, k times. The
 * fit bends the line only as far as the counts ask.
 *
 * @module
 */

/** Equally likely ids. */
export interface Segment {
  /** How many ids, at least 1. */
  readonly ids: number;
  /** Their probability together. */
  readonly mass: number;
}

/** Segments from the most popular on; masses sum to 1. */
export type Law = readonly Segment[];

/** Expected number of distinct ids in n independent draws: Σ 1 - (1 - p)^n. */
export function expectedDistinct(law: Law, n: number): number {
  let sum = 0;
  for (const { ids, mass } of law) {
    sum -= ids * Math.expm1(n * Math.log1p(-Math.min(1, mass / ids)));
  }
  return sum;
}

/** Ids that the law knows, whether or not they ever appear. */
export function possibleIds(law: Law): number {
  return law.reduce((sum, segment) => sum + segment.ids, 0);
}

/** Ids that are seen at least so often in the sample have a segment of their own. */
const HEAD_COUNT = 20;
/** Ratio of neighbouring levels. */
const LEVEL_RATIO = 1.35;
/** How far ln(ids at a level) may bend from one level to the next: a standard deviation. */
const BEND = 0.2;
/** Expected uses in the full data set of the rarest possible id; the largest that serves is taken. */
const RAREST_USES = [12, 8, 6, 4, 3, 2, 1.5, 1];

/** What a law is fitted to. */
interface LawTarget {
  /** Uses of each id in the sample; order does not matter. */
  readonly counts: readonly number[];
  /** Distinct ids in the full data set. */
  readonly distinct: number;
  /** Inputs of the full data set. */
  readonly inputs: number;
}

/**
 * Fits a law to the counts of a sample and the number of distinct ids in the full data set. Of several ranges of levels
 * that fit as well, the one with the rarest ids cut off soonest is taken, so that a table has few ids that never appear.
 */
export function fitLaw(target: LawTarget): Law {
  const counts = target.counts.slice().sort((a, b) => b - a);
  const n = counts.reduce((sum, count) => sum + count, 0);
  const head = counts.filter((count) => count >= HEAD_COUNT).slice(0, target.distinct);
  const tail = counts.slice(head.length);
  const headLaw = head.map((count) => ({ ids: 1, mass: count / n }));
  const rest = target.distinct - head.length;
  if (rest <= 0 || n >= target.inputs) {
    const seen = n >= target.inputs
      ? counts.map((count) => ({ ids: 1, mass: count / n }))
      : headLaw;
    return normalised(seen);
  }
  const goal: TailGoal = {
    n,
    inputs: target.inputs,
    mass: tail.reduce((sum, count) => sum + count, 0) / n,
    seen: tail.length,
    distinct: rest,
    times: Array.from({ length: HEAD_COUNT - 1 }, (_, k) => tail.filter((c) => c === k + 1).length),
  };
  const fits = RAREST_USES.filter((uses) => uses / target.inputs < 1 / n)
    .map((uses) => fitTail(goal, uses));
  if (fits.length === 0) fits.push(fitTail(goal, target.inputs / n / 2));
  const best = Math.min(...fits.map((fit) => fit.loss));
  const chosen = fits.find((fit) => fit.loss <= best + 1)!;
  return normalised([...headLaw, ...chosen.segments]);
}

interface TailGoal {
  n: number;
  inputs: number;
  mass: number;
  seen: number;
  distinct: number;
  /** Ids seen once, twice, … */
  times: number[];
}

/** Damped Gauss-Newton in ln(ids at each level), from a straight line. */
function fitTail(goal: TailGoal, rarestUses: number): { segments: Segment[]; loss: number } {
  const { n, inputs } = goal;
  const top = 1.4 * HEAD_COUNT / n, bottom = rarestUses / inputs;
  const size = Math.max(3, Math.ceil(Math.log(top / bottom) / Math.log(LEVEL_RATIO)) + 1);
  const level = Array.from({ length: size }, (_, j) => top * (bottom / top) ** (j / (size - 1)));
  // Rows: seen k times, distinct in the sample, distinct in full, mass. Columns: levels.
  const rows: number[][] = [], wanted: number[] = [], spread: number[] = [];
  for (const [k, seen] of goal.times.entries()) {
    rows.push(level.map((p) => poisson(k + 1, n * p)));
    wanted.push(seen);
    spread.push(Math.sqrt(seen + 1));
  }
  rows.push(level.map((p) => -Math.expm1(-n * p)));
  wanted.push(goal.seen);
  spread.push(0.002 * goal.seen + 0.2);
  rows.push(level.map((p) => -Math.expm1(-inputs * p)));
  wanted.push(goal.distinct);
  spread.push(0.001 * goal.distinct + 0.02);
  rows.push(level);
  wanted.push(goal.mass);
  spread.push(0.001 * goal.mass + 0.2 / n);

  const y = level.map((p) => -Math.log(p));
  const shift = Math.log(
    Math.max(goal.mass, 0.2 / n) / level.reduce((sum, p, j) => sum + p * Math.exp(y[j]!), 0),
  );
  for (let j = 0; j < size; j++) y[j]! += shift;
  const residuals = (at: number[]) => {
    const ids = at.map(Math.exp), out: number[] = [];
    for (const [i, row] of rows.entries()) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += row[j]! * ids[j]!;
      out.push((sum - wanted[i]!) / spread[i]!);
    }
    for (let j = 1; j + 1 < size; j++) out.push((at[j - 1]! - 2 * at[j]! + at[j + 1]!) / BEND);
    return out;
  };
  const square = (r: number[]) => r.reduce((sum, x) => sum + x * x, 0);
  let r = residuals(y), loss = square(r), damping = 1e-2;
  for (let step = 0; step < 300 && damping < 1e9; step++) {
    const normal = Array.from({ length: size }, () => new Float64Array(size));
    const slope = new Float64Array(size);
    for (const [i, row] of rows.entries()) {
      const jac = row.map((x, j) => x * Math.exp(y[j]!) / spread[i]!);
      for (let a = 0; a < size; a++) {
        slope[a]! += jac[a]! * r[i]!;
        for (let b = 0; b < size; b++) normal[a]![b]! += jac[a]! * jac[b]!;
      }
    }
    for (let j = 1; j + 1 < size; j++) {
      const value = r[rows.length + j - 1]!, bend = [1 / BEND, -2 / BEND, 1 / BEND];
      for (let a = 0; a < 3; a++) {
        slope[j - 1 + a]! += bend[a]! * value;
        for (let b = 0; b < 3; b++) normal[j - 1 + a]![j - 1 + b]! += bend[a]! * bend[b]!;
      }
    }
    for (let j = 0; j < size; j++) normal[j]![j]! += damping * (normal[j]![j]! + 1e-3);
    const move = solve(normal, slope);
    const next = y.map((value, j) => value - Math.max(-1, Math.min(1, move[j]!)));
    const tried = residuals(next), lower = square(tried);
    if (lower < loss) {
      const gain = loss - lower;
      for (let j = 0; j < size; j++) y[j] = next[j]!;
      r = tried;
      loss = lower;
      damping = Math.max(damping / 5, 1e-9);
      if (gain < 1e-7 * (1 + loss)) break;
    } else damping *= 4;
  }
  return { segments: whole(level, y.map(Math.exp)), loss };
}

/** Whole numbers of ids with the same running total, and the same mass. */
function whole(level: readonly number[], ids: readonly number[]): Segment[] {
  const segments: Segment[] = [];
  let running = 0, given = 0, mass = 0;
  for (const [j, p] of level.entries()) {
    running += ids[j]!;
    mass += ids[j]! * p;
    const count = Math.round(running) - given;
    if (count === 0) continue;
    segments.push({ ids: count, mass });
    given += count;
    mass = 0;
  }
  const last = segments.pop();
  if (last) segments.push({ ids: last.ids, mass: last.mass + mass });
  return segments;
}

function normalised(law: readonly Segment[]): Law {
  const sorted = law.slice().sort((a, b) => b.mass / b.ids - a.mass / a.ids);
  const total = sorted.reduce((sum, segment) => sum + segment.mass, 0);
  return sorted.map(({ ids, mass }) => ({ ids, mass: Number((mass / total).toPrecision(7)) }));
}

/** Gaussian elimination of a symmetric positive definite system; destroys its arguments. */
function solve(matrix: Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  for (let k = 0; k < size; k++) {
    const pivot = matrix[k]!;
    for (let i = k + 1; i < size; i++) {
      const factor = matrix[i]![k]! / pivot[k]!;
      if (factor === 0) continue;
      for (let j = k; j < size; j++) matrix[i]![j]! -= factor * pivot[j]!;
      right[i]! -= factor * right[k]!;
    }
  }
  for (let k = size - 1; k >= 0; k--) {
    for (let j = k + 1; j < size; j++) right[k]! -= matrix[k]![j]! * right[j]!;
    right[k]! /= matrix[k]![k]!;
  }
  return right;
}

/** Probability of k under a Poisson distribution. */
export function poisson(k: number, mean: number): number {
  return mean === 0 ? (k === 0 ? 1 : 0) : Math.exp(k * Math.log(mean) - mean - logFactorial(k));
}

const LOG_FACTORIALS = [0];

function logFactorial(n: number): number {
  if (n > 1000) {
    return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3);
  }
  while (LOG_FACTORIALS.length <= n) {
    LOG_FACTORIALS.push(LOG_FACTORIALS.at(-1)! + Math.log(LOG_FACTORIALS.length));
  }
  return LOG_FACTORIALS[n]!;
}
