/**
 * Where matrices lie in their buffers.
 *
 * @module
 */

import type { Matrix } from "../../types.ts";

/** Whether two matrices may have a float in common: conservative where rows of both alternate. */
export function overlap(a: Matrix, b: Matrix): boolean {
  return a.buffer === b.buffer && a.offset < endOf(b) && b.offset < endOf(a);
}

/** Whether two matrices are the same floats in the same order. */
export function samePlace(a: Matrix, b: Matrix): boolean {
  return a.buffer === b.buffer && a.offset === b.offset && a.rows === b.rows &&
    a.cols === b.cols && a.stride === b.stride;
}

/** The float after the last. */
function endOf({ offset, rows, cols, stride }: Matrix): number {
  return rows === 0 || cols === 0 ? offset : offset + (rows - 1) * stride + cols;
}
