/**
 * Float64 reference of the L2 normalisation of rows, for tests only.
 *
 * @module
 */

import { LEAST_NORM } from "./record.ts";

/** v = z / max(‖z‖, 1e-12), row by row; z is M × D, row-major without padding. */
export function normaliseForward(z: Float64Array, M: number, D: number): Float64Array {
  const v = new Float64Array(M * D);
  for (let i = 0; i < M; i++) {
    const row = z.subarray(i * D, (i + 1) * D);
    const length = Math.max(norm(row), LEAST_NORM);
    for (let j = 0; j < D; j++) v[i * D + j] = row[j]! / length;
  }
  return v;
}

/**
 * dz = (dv − v (v·dv)) / ‖z‖, and dv / 1e-12 for rows no longer than that. With `masked`, z came out of a ReLU, and
 * coordinates of z that are not above 0 get gradient 0.
 */
export function normaliseBackward(
  z: Float64Array,
  dv: Float64Array,
  M: number,
  D: number,
  masked: boolean,
): Float64Array {
  const dz = new Float64Array(M * D);
  for (let i = 0; i < M; i++) {
    const row = z.subarray(i * D, (i + 1) * D);
    const length = norm(row);
    let along = 0;
    if (length > LEAST_NORM) {
      for (let j = 0; j < D; j++) along += row[j]! / length * dv[i * D + j]!;
    }
    for (let j = 0; j < D; j++) {
      if (masked && !(row[j]! > 0)) continue;
      dz[i * D + j] = length > LEAST_NORM
        ? (dv[i * D + j]! - row[j]! / length * along) / length
        : dv[i * D + j]! / LEAST_NORM;
    }
  }
  return dz;
}

function norm(row: Float64Array): number {
  let squares = 0;
  for (const x of row) squares += x * x;
  return Math.sqrt(squares);
}
