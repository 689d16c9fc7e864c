/**
 * One device buffer that holds many test matrices with offsets, strides and poisoned padding, so that a whole sweep
 * of shapes costs one upload and one readback.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Device, DeviceBuffer, Matrix } from "../../kernels/types.ts";

/** What stands in padding: NaN where ops read (any use of it shows), a number of no other origin where they write. */
const POISON = { input: NaN, output: -98765.4321 } as const;

/** Where a matrix is put. */
export interface Placement {
  /** Floats from one row to the next; by default the columns rounded up to 4, or 1 for one column. */
  readonly stride?: number;
  /** The offset is a multiple of this many floats. */
  readonly align?: number;
}

/** Host mirror and device buffer of a set of matrices. Place all, `commit`, run, `download`, then look. */
export class Arena {
  readonly #device: Device;
  readonly #label: string;
  readonly #role: keyof typeof POISON;
  #mirror: Float32Array;
  #writable = new Uint8Array(1024);
  #used = 4;
  #buffer: DeviceBuffer | null = null;
  #downloaded: Float32Array | null = null;

  /** @param role Whether ops read these matrices or write them. */
  constructor(device: Device, role: "input" | "output", label: string) {
    this.#device = device;
    this.#role = role;
    this.#label = label;
    this.#mirror = new Float32Array(1024).fill(POISON[role]);
  }

  /** Makes room for a matrix. Input cells take `values` (rows × cols); output cells start as NaN. */
  place(
    rows: number,
    cols: number,
    values: ArrayLike<number> | null = null,
    placement: Placement = {},
  ): Matrix {
    const stride = placement.stride ?? (cols === 1 ? 1 : 4 * Math.ceil(cols / 4));
    const align = placement.align ?? 4;
    const offset = align * Math.ceil(this.#used / align);
    this.#grow(offset + rows * stride + 4);
    this.#used = offset + rows * stride;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        const at = offset + i * stride + j;
        this.#mirror[at] = values === null ? NaN : values[i * cols + j]!;
        this.#writable[at] = 1;
      }
    }
    const buffer = (): DeviceBuffer => this.buffer;
    return {
      get buffer() {
        return buffer();
      },
      offset,
      rows,
      cols,
      stride,
    };
  }

  /** The device buffer, once committed. */
  get buffer(): DeviceBuffer {
    if (this.#buffer === null) throw new Error(`Cannot use arena ${this.#label}: commit it first`);
    return this.#buffer;
  }

  /** Creates the device buffer and uploads everything placed so far. */
  commit(): void {
    const floats = 4 * Math.ceil(this.#used / 4) + 4;
    this.#grow(floats);
    this.#buffer = this.#device.createBuffer(4 * floats, this.#label);
    this.#device.write(this.#buffer, 0, this.#mirror.subarray(0, floats));
  }

  /** Replaces the cells of a placed matrix, on the host and on the device, leaving padding alone. */
  overwrite(m: Matrix, values: ArrayLike<number>): void {
    for (let i = 0; i < m.rows; i++) {
      for (let j = 0; j < m.cols; j++) {
        this.#mirror[m.offset + i * m.stride + j] = values[i * m.cols + j]!;
      }
    }
    const end = m.offset + m.rows * m.stride;
    if (end > m.offset) {
      this.#device.write(this.buffer, 4 * m.offset, this.#mirror.subarray(m.offset, end));
    }
  }

  /** Reads the whole buffer back and checks that every cell outside the matrices kept its bits. */
  async download(): Promise<void> {
    const bytes = await this.#device.read(this.buffer, 0, this.buffer.byteLength);
    const got = new Float32Array(bytes);
    const bits = new Uint32Array(bytes);
    const before = new Uint32Array(this.#mirror.buffer, 0, bits.length);
    for (let at = 0; at < bits.length; at++) {
      if (this.#writable[at] === 0 || this.#role === "input") {
        assert.equal(
          bits[at],
          before[at],
          `${this.#label}: float ${at} outside any result was written (now ${got[at]})`,
        );
      }
    }
    this.#downloaded = got;
  }

  /** Cells of a matrix (rows × cols) as last downloaded. */
  values(m: Matrix): Float64Array {
    return unpack(this.#downloaded ?? assert.fail("download first"), m);
  }

  /** Gives the device buffer back. */
  dispose(): void {
    this.#buffer?.dispose();
    this.#buffer = null;
  }

  #grow(floats: number): void {
    if (floats <= this.#mirror.length) return;
    const size = Math.max(floats, 2 * this.#mirror.length);
    const mirror = new Float32Array(size).fill(POISON[this.#role]);
    mirror.set(this.#mirror);
    const writable = new Uint8Array(size);
    writable.set(this.#writable);
    this.#mirror = mirror;
    this.#writable = writable;
  }
}

/** Cells of a matrix (rows × cols) out of its buffer's floats. */
export function unpack(floats: Float32Array, m: Matrix): Float64Array {
  const values = new Float64Array(m.rows * m.cols);
  for (let i = 0; i < m.rows; i++) {
    for (let j = 0; j < m.cols; j++) values[i * m.cols + j] = floats[m.offset + i * m.stride + j]!;
  }
  return values;
}
