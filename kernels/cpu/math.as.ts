// Functions that WASM does not have.

const LOG2_E: f64 = 1.4426950408889634;
// ln 2 in two parts, the first with enough trailing zeros that small multiples of it are exact.
const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** exp(x) for x ≤ 0, to about 1e-16 relative: x = n ln 2 + r, and the Taylor series of exp(r), |r| ≤ 0.35. */
export function expOfNegative(x: f64): f64 {
  x = max<f64>(x, -700);
  const n = nearest(x * LOG2_E);
  const r = (x - n * LN2_HIGH) - n * LN2_LOW;
  let sum: f64 = 1;
  for (let i: f64 = 14; i > 0; i--) sum = 1 + sum * r / i;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}
