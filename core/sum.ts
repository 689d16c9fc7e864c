/**
 * The sum of a list.
 *
 * @module
 */

/** The sum of some numbers, added from the first to the last; 0 of none. */
export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
