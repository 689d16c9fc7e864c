/**
 * What the encoders of the op folders make, and what they need to know to make it.
 *
 * @module
 */

import type { EmbeddingTables, LookupBuffers, Matrix, Scalar } from "../types.ts";

/** One op as the WASM interpreter reads it. */
export interface WasmOp {
  /** Op code of `layout.ts`. */
  readonly code: number;
  /** Arguments: 32-bit words, at most 30. */
  readonly words: readonly number[];
  /** Bytes of memory that the threads share while the op runs. */
  readonly workspaceBytes?: number;
  /** Bytes of memory that each thread needs for itself while the op runs. */
  readonly scratchBytes?: number;
}

/** Gives addresses in the shared memories. Throws if the object is disposed or belongs to another device. */
export interface Place {
  /** Address of a matrix's first element. */
  matrix(m: Matrix): number;
  scalar(s: Scalar): number;
  /** Addresses in the tables' memory. */
  tables(t: EmbeddingTables): { readonly rows: number; readonly state: number };
  /** Address of the lookups' header. */
  lookups(l: LookupBuffers): number;
}

/** The lower 32 bits of an integer below 2^53. */
export function lowHalf(n: number): number {
  return n >>> 0;
}

/** The bits of an integer below 2^53 from bit 32 on. */
export function highHalf(n: number): number {
  return Math.floor(n / 2 ** 32);
}

/** The bits of a number as float32. */
export function floatBits(n: number): number {
  return new Uint32Array(new Float32Array([n]).buffer)[0]!;
}
