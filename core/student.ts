/**
 * Student's t distribution: its distribution function and quantiles, for any positive number of degrees of freedom.
 *
 * @module
 */

/** Terms of the continued fraction at most; some twenty are enough for t distributions. */
const MOST_TERMS = 500;
/** Relative size of the last factor of the continued fraction that counts. */
const PRECISION = 1e-15;
/** Stands for zero where the continued fraction would divide by it. */
const TINY = 1e-300;

/**
 * The probability that a value of Student's t distribution is at most `t`.
 *
 * @param degrees Degrees of freedom, above 0; need not be whole.
 */
export function studentCdf(t: number, degrees: number): number {
  if (!(degrees > 0)) {
    throw new RangeError(`Cannot use ${degrees} degrees of freedom: give above 0`);
  }
  const tail = 0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

/**
 * The value that Student's t distribution stays below with probability `p`.
 *
 * @param p Between 0 and 1, both left out.
 * @param degrees Degrees of freedom, above 0; need not be whole.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`Cannot take the quantile ${p}: give one in (0, 1)`);
  if (p < 0.5) return -studentQuantile(1 - p, degrees);
  let low = 0, high = 1;
  while (studentCdf(high, degrees) < p) {
    low = high;
    high *= 2;
  }
  // Bisection to the last bit: the function is monotone, and this is no hot path.
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (studentCdf(middle, degrees) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side; on the other one the symmetry brings it here.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b),
  ) / a;
  const away = (value: number): number => Math.abs(value) < TINY ? TINY : value;
  let c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), product = d;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    let factor = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      factor = c * d;
      product *= factor;
    }
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return front * product;
}

/** Lanczos' coefficients for g = 7. */
const LANCZOS = [
  ...[0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313],
  ...[-176.61502916214059, 12.507343278686905, -0.13857109526572012],
  ...[9.9843695780195716e-6, 1.5056327351493116e-7],
];

/** The logarithm of the gamma function of a positive number. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1, t = z + 7.5;
  const series = LANCZOS.reduce((sum, c, i) => sum + (i === 0 ? c : c / (z + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(series);
}
