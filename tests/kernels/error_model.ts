/**
 * How far a float32 result may lie from the float64 reference, derived from the number of roundings and the size of
 * the terms, so that a tolerance is neither a guess nor too wide to catch a dropped term.
 *
 * With u = 2^-24 (half a unit in the last place at 1), every addition, multiplication or fused multiply-add that is
 * correctly rounded gives fl(x) = x(1 + d), |d| <= u. A sum of n products in any order and any bracketing passes each
 * term through at most one multiplication and n - 1 additions, so (Higham, Accuracy and Stability, 3.1)
 *
 *     |computed - exact| <= gamma(n) · Σ|terms|,    gamma(n) = n·u / (1 - n·u).
 *
 * Inputs are exact float32 numbers, the reference's own float64 error is 2^29 times smaller and is left out. WGSL
 * lets a device flush subnormal numbers, which adds at most 2^-126 a term.
 *
 * @module
 */

import type { Optimizer } from "../../kernels/types.ts";

/** Half a unit in the last place at 1, for float32. */
export const U = 2 ** -24;

/** Largest error of flushing a subnormal number to 0. */
const FLUSH = 2 ** -126;

/** What a device promises of the operations that are not correctly rounded, in units in the last place (2u). */
export interface Accuracy {
  readonly divideUlps: number;
  readonly sqrtUlps: number;
  /** Of exp(x). */
  readonly expUlps: (x: number) => number;
  /** Absolute error of log on [1, 2]. */
  readonly logAbsolute: number;
}

/** The accuracy that the WGSL specification demands of every device ("Accuracy of Concrete Floating Point Expressions"). */
export const WGSL_ACCURACY: Accuracy = {
  divideUlps: 2.5,
  // sqrt may be 1 / inverseSqrt: 2 ulps of inverseSqrt and 2.5 of the division.
  sqrtUlps: 4.5,
  expUlps: (x) => 3 + 2 * Math.abs(x),
  logAbsolute: 2 ** -21,
};

/** Division and root as IEEE 754 has them; exp and log as for WGSL. */
export const IEEE_ACCURACY: Accuracy = { ...WGSL_ACCURACY, divideUlps: 0.5, sqrtUlps: 0.5 };

/** Relative error of n roundings in a row. */
export function gamma(n: number): number {
  return n * U / (1 - n * U);
}

/** Tolerance of a sum of `n` products whose magnitudes add up to `magnitude`. */
export function sumTolerance(n: number, magnitude: number): number {
  return gamma(n) * magnitude + n * FLUSH;
}

/** Element-wise {@linkcode sumTolerance}. */
export function sumTolerances(n: number, magnitudes: Float64Array): Float64Array {
  return magnitudes.map((magnitude) => sumTolerance(n, magnitude));
}

/**
 * Tolerances of parameters and state after one optimizer step that started from exact numbers, where gradient i may
 * be off by `gradTolerances[i]`; `after` is what the reference gives.
 *
 * - the step lr·g / (√s + eps) grows with g and shrinks with s, so the error of g and s moves it by at most its
 *   largest difference at the corners of their intervals;
 * - its own roundings: lr·g, the addition of eps and the product or quotient, one u each; root and division as the
 *   device promises; the relative error of s (one u for g², one for the addition) is halved by the root;
 * - the subtraction rounds once at the size of the result.
 */
export function stepTolerances(
  grads: Float64Array,
  gradTolerances: Float64Array,
  optimizer: Optimizer,
  learningRate: number,
  after: { readonly params: Float64Array; readonly state: Float64Array },
  accuracy: Accuracy,
): { params: Float64Array; state: Float64Array } {
  const n = grads.length;
  const params = new Float64Array(n);
  const state = new Float64Array(after.state.length);
  /** By how much g² may be off. */
  const squareError = (i: number): number =>
    (Math.abs(grads[i]!) + gradTolerances[i]!) ** 2 - grads[i]! ** 2;
  if (optimizer.kind === "adagrad") {
    for (let i = 0; i < n; i++) {
      state[i] = (1 + 2 * U) * squareError(i) + U * grads[i]! ** 2 + U * after.state[i]! + FLUSH;
    }
  } else if (optimizer.kind === "rowwise-adagrad" && n > 0) {
    let squares = 0, off = 0;
    for (let i = 0; i < n; i++) {
      squares += grads[i]! ** 2;
      off += squareError(i);
    }
    state[0] = (1 + 2 * U) * off / n + gamma(n + 2 * accuracy.divideUlps) * squares / n +
      U * after.state[0]! + FLUSH;
  }
  for (let i = 0; i < n; i++) {
    const g = grads[i]!, e = gradTolerances[i]!;
    let moved: number, step: number, roundings: number;
    if (optimizer.kind === "sgd") {
      step = learningRate * g;
      moved = learningRate * e;
      roundings = 1;
    } else {
      const at = optimizer.kind === "adagrad" ? i : 0;
      const s = after.state[at]!, se = state[at]!;
      const stepAt = (gradient: number, accumulator: number): number =>
        learningRate * gradient / (Math.sqrt(Math.max(0, accumulator)) + optimizer.eps);
      step = stepAt(g, s);
      moved = 0;
      for (const gradient of [g - e, g + e]) {
        for (const accumulator of [s - se, s + se]) {
          moved = Math.max(moved, Math.abs(stepAt(gradient, accumulator) - step));
        }
      }
      roundings = 3 + 2 * (accuracy.sqrtUlps + accuracy.divideUlps);
    }
    params[i] = moved + gamma(roundings) * (Math.abs(step) + moved) +
      U * (Math.abs(after.params[i]!) + moved) + FLUSH;
  }
  return { params, state };
}

/**
 * Tolerance of dz = w (sigmoid(z) - y) / M. exp(-z) is off by its ulps, which the sigmoid s damps by 1 - s; then an
 * addition, a division, a subtraction at the size of s - y, a product with the weight and a division by M.
 */
export function bceGradientTolerance(
  z: number,
  y: number,
  weight: number,
  M: number,
  accuracy: Accuracy,
): number {
  const s = 1 / (1 + Math.exp(-z));
  const ulp = 2 * U;
  const sigmoid = s * ((1 - s) * accuracy.expUlps(z) + 0.5 + accuracy.divideUlps) * ulp;
  const product = weight === 1 ? 0 : 0.5;
  const error = sigmoid + Math.abs(s - y) * (0.5 + product + accuracy.divideUlps) * ulp + FLUSH;
  return (Math.abs(weight) * error + FLUSH) * (1 + 2 ** -10) / M;
}

/**
 * Tolerance of the mean loss, each input's times its weight: 3 terms an input, summed in any order, then a division by M; and for each input the
 * error of log1p(e), e = exp(-|z|), if it is computed as log(1 + e): the ulps of exp damped by 1 + e, the rounding of
 * 1 + e, and log's absolute error.
 */
export function bceLossTolerance(
  logits: Float64Array,
  labels: Float64Array,
  weights: Float64Array | null,
  accuracy: Accuracy,
): number {
  const M = logits.length;
  if (M === 0) return 0;
  let magnitude = 0, logs = 0;
  for (let i = 0; i < M; i++) {
    const z = logits[i]!;
    const e = Math.exp(-Math.abs(z)), w = Math.abs(weights?.[i] ?? 1);
    magnitude += w * (Math.max(z, 0) + Math.abs(z * labels[i]!) + Math.log1p(e));
    logs += w * (accuracy.expUlps(z) * 2 * U * e / (1 + e) + U * 2 + accuracy.logAbsolute);
  }
  return (sumTolerance(3 * M + 1 + 2 * accuracy.divideUlps, magnitude) + logs) / M;
}

/**
 * Roundings, in units of u, that the norm of D floats passes through: the sum of D squares, whose error the root
 * halves, the root, and 1e-12 where it stands instead, which float32 rounds.
 */
function normRoundings(D: number, accuracy: Accuracy): number {
  return D / 2 + 2 * accuracy.sqrtUlps + 1;
}

/** Tolerances of v = z / max(‖z‖, 1e-12), given v: the norm and a division, which may be a reciprocal and a product. */
export function normaliseTolerances(v: Float64Array, D: number, accuracy: Accuracy): Float64Array {
  const roundings = normRoundings(D, accuracy) + 2 * accuracy.divideUlps + 1;
  return v.map((x) => gamma(roundings) * Math.abs(x) + FLUSH);
}

/**
 * Tolerances of dz = (dv − v (v·dv)) / ‖z‖, given the same with all terms taken in magnitude: v twice and the norm
 * once more, the sum of D products, a product, a subtraction and a division. A flushed term of v·dv is divided by the
 * norm at last, which is 1e-12 at least.
 */
export function normaliseGradientTolerances(
  magnitudes: Float64Array,
  D: number,
  accuracy: Accuracy,
): Float64Array {
  const norm = normRoundings(D, accuracy), division = 2 * accuracy.divideUlps + 1;
  const roundings = 2 * (norm + division) + D + 2 + norm + division;
  return magnitudes.map((magnitude) => gamma(roundings) * magnitude + (D + 2) * FLUSH / 1e-12);
}

/** Tolerance of sigmoid(x): exp(-|x|)'s ulps, damped by 1 − s on both sides of 0, an addition and a division. */
export function sigmoidTolerance(x: number, accuracy: Accuracy): number {
  const s = 1 / (1 + Math.exp(-x));
  const ulps = (1 - s) * accuracy.expUlps(x) + 0.5 + accuracy.divideUlps;
  return s * ulps * 2 * U * (1 + 2 ** -10) + FLUSH;
}

/**
 * What mean and sqrt(variance + eps) of `n` numbers around their mean may come out as, given the exact mean and variance
 * and the mean magnitude of the numbers:
 *
 * - the mean is a sum of n terms and a division, off by δ;
 * - of deviations that are all off by δ, the squares add up to n δ² more; then each has a rounding of its own, is
 *   squared, added up and divided;
 * - adding eps (which float32 may round) and the root.
 */
function momentErrors(
  n: number,
  magnitude: number,
  variance: number,
  accuracy: Accuracy,
  eps: number,
): { mean: number; deviation: { low: number; high: number } } {
  const mean = sumTolerance(n + 2 * accuracy.divideUlps, magnitude);
  const larger = variance + mean ** 2;
  const relative = gamma(n + 4 + 2 * accuracy.divideUlps);
  const roundings = gamma(2 + 2 * accuracy.sqrtUlps);
  return {
    mean,
    deviation: {
      low: Math.sqrt(variance * (1 - relative) + eps) * (1 - roundings),
      high: Math.sqrt(larger * (1 + relative) + eps) * (1 + roundings),
    },
  };
}

/**
 * Tolerance of a numerator over a deviation that may come out from `low` to `high`: the numerator's own error, the
 * deviation's, and a division, which may be a reciprocal and a product.
 */
function quotientTolerance(
  numerator: number,
  error: number,
  deviation: number,
  { low, high }: { readonly low: number; readonly high: number },
  accuracy: Accuracy,
): number {
  const spread = Math.abs(numerator) * Math.max(1 / low - 1 / deviation, 1 / deviation - 1 / high);
  const moved = error / low + spread;
  const division = gamma(2 * accuracy.divideUlps + 1);
  return moved + division * (Math.abs(numerator) / deviation + moved) + FLUSH / low;
}

/** Exact moments of one vector, and what they may come out as. */
function vectorMoments(x: Float64Array, accuracy: Accuracy, eps: number) {
  const mean = x.reduce((sum, value) => sum + value / x.length, 0);
  const magnitude = x.reduce((sum, value) => sum + Math.abs(value) / x.length, 0);
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2 / x.length, 0);
  const errors = momentErrors(x.length, magnitude, variance, accuracy, eps);
  return { mean, deviation: Math.sqrt(variance + eps), errors };
}

/** Tolerances of y = gain x / sqrt(variance + eps) for one vector x: as a quotient, and a product more. */
export function varianceNormTolerances(
  x: Float64Array,
  gain: number,
  eps: number,
  accuracy: Accuracy,
): Float64Array {
  const { deviation, errors } = vectorMoments(x, accuracy, eps);
  return x.map((value) => productOfQuotient(gain * value, 0, deviation, errors, accuracy));
}

/** Tolerance of gain / deviation times something, where the product of the two numerators may be off by `error`. */
function productOfQuotient(
  numerator: number,
  error: number,
  deviation: number,
  errors: ReturnType<typeof momentErrors>,
  accuracy: Accuracy,
): number {
  const quotient = quotientTolerance(numerator, error, deviation, errors.deviation, accuracy);
  return quotient + gamma(1) * (Math.abs(numerator) / deviation + quotient) + FLUSH;
}

/**
 * Tolerances of dx = gain / s (dy − (x − mean) · slope) for one vector, with s = sqrt(variance + eps), slope = a / n / s
 * and a = Σ dy x / s; and a with its tolerance.
 */
export function varianceNormGradientTolerances(
  x: Float64Array,
  dy: Float64Array,
  gain: number,
  eps: number,
  accuracy: Accuracy,
): { dx: Float64Array; along: number; alongTolerance: number } {
  const n = x.length;
  const { mean, deviation, errors } = vectorMoments(x, accuracy, eps);
  let products = 0, magnitude = 0;
  for (let i = 0; i < n; i++) {
    products += x[i]! * dy[i]!;
    magnitude += Math.abs(x[i]! * dy[i]!);
  }
  const over = (numerator: number, error: number): number =>
    quotientTolerance(numerator, error, deviation, errors.deviation, accuracy);
  const along = products / deviation;
  const alongTolerance = over(products, sumTolerance(n, magnitude));
  const division = gamma(2 * accuracy.divideUlps + 1);
  const slope = along / n / deviation;
  const slopeError = over(
    along / n,
    (alongTolerance + division * (Math.abs(along) + alongTolerance)) / n + FLUSH,
  );
  const dx = x.map((value, i) => {
    const centred = value - mean;
    const centredError = errors.mean + U * (Math.abs(centred) + errors.mean);
    const slopeLarge = Math.abs(slope) + slopeError;
    const error = Math.abs(centred) * slopeError + centredError * slopeLarge +
      sumTolerance(2, Math.abs(dy[i]!) + (Math.abs(centred) + centredError) * slopeLarge);
    const numerator = gain * (dy[i]! - centred * slope);
    return productOfQuotient(numerator, Math.abs(gain) * error, deviation, errors, accuracy);
  });
  return { dx, along, alongTolerance };
}

/**
 * Tolerance of y = (x − mean) / sqrt(variance + eps) with statistics that are exact, given y and the variance with eps
 * added.
 */
export function standardiseTolerance(y: number, variance: number, accuracy: Accuracy): number {
  const roundings = 1 + 1 + 2 * accuracy.sqrtUlps + 2 * accuracy.divideUlps + 1;
  return gamma(roundings) * Math.abs(y) + 2 * FLUSH / Math.sqrt(variance);
}

/** Tolerance of the mean of n scores whose mean magnitude is given; a device may sum them 2 n times smaller or less. */
export function meanScoreTolerance(
  n: number,
  magnitude: number,
  accuracy: Pick<Accuracy, "divideUlps">,
): number {
  return sumTolerance(n + 2 * accuracy.divideUlps, magnitude) + 4 * n * FLUSH;
}
