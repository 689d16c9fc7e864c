/**
 * Float64 reference of the sigmoid as an activation, for tests only.
 *
 * @module
 */

/** y = 1 / (1 + exp(-x)). */
export function sigmoidForward(x: Float64Array): Float64Array {
  return x.map((value) => 1 / (1 + Math.exp(-value)));
}

/** dx = dy · y (1 − y), from the sigmoid's output y. */
export function sigmoidBackward(y: Float64Array, dy: Float64Array): Float64Array {
  return y.map((value, i) => dy[i]! * value * (1 - value));
}
