/**
 * Matrices between host and device.
 *
 * @module
 */

import type { Device, Matrix } from "../../kernels/types.ts";

/** Writes packed values (rows × cols) into a matrix, leaving its padding alone if there is none to skip. */
export function writeMatrix(device: Device, m: Matrix, values: Float32Array): void {
  if (m.stride === m.cols || m.rows === 1) {
    device.write(m.buffer, 4 * m.offset, values);
    return;
  }
  const padded = new Float32Array((m.rows - 1) * m.stride + m.cols);
  // Most matrices that are written so are narrow, and a loop is faster there than to copy row by row.
  for (let i = 0, from = 0; i < m.rows; i++) {
    for (let to = i * m.stride, end = to + m.cols; to < end; to++) padded[to] = values[from++]!;
  }
  device.write(m.buffer, 4 * m.offset, padded);
}

/** Reads a matrix back as packed values (rows × cols). */
export async function readMatrix(device: Device, m: Matrix): Promise<Float32Array> {
  if (m.rows === 0 || m.cols === 0) return new Float32Array(0);
  const floats = (m.rows - 1) * m.stride + m.cols;
  const raw = new Float32Array(await device.read(m.buffer, 4 * m.offset, 4 * floats));
  if (m.stride === m.cols) return raw;
  const packed = new Float32Array(m.rows * m.cols);
  for (let i = 0; i < m.rows; i++) {
    packed.set(raw.subarray(i * m.stride, i * m.stride + m.cols), i * m.cols);
  }
  return packed;
}

/** The first rows of a matrix. */
export function firstRows(m: Matrix, rows: number): Matrix {
  return { ...m, rows };
}

/** The columns of a matrix from one on. */
export function columnsFrom(m: Matrix, first: number): Matrix {
  return { ...m, offset: m.offset + first, cols: m.cols - first };
}

/** The first columns of a matrix. */
export function firstColumns(m: Matrix, cols: number): Matrix {
  return { ...m, cols };
}
