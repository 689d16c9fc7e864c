/**
 * Arguments of the sequence kernels (`sequence.as.ts`), in their order.
 *
 * @module
 */

import { SEQUENCE_BACKWARD, SEQUENCE_DOT, SEQUENCE_POOL } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { Matrix, SequenceBackwardArgs, SequenceDotArgs, SequencePoolArgs } from "../types.ts";

/** a = H x. */
export function encodeSequenceDot(at: Place, { h, steps, x, a }: SequenceDotArgs): WasmOp {
  return {
    code: SEQUENCE_DOT,
    words: [
      ...[a.rows, a.cols, h.cols, at.matrix(h), 4 * h.stride, 4 * h.stride * steps],
      ...[at.matrix(x), 4 * x.stride, at.matrix(a), 4 * a.stride],
    ],
  };
}

/** c = [Hᵀ y; tail]. */
export function encodeSequencePool(at: Place, args: SequencePoolArgs): WasmOp {
  const { h, steps, y, tail, c } = args;
  return {
    code: SEQUENCE_POOL,
    words: [
      ...[y.rows, y.cols, h.cols, at.matrix(h), 4 * h.stride, 4 * h.stride * steps],
      ...[at.matrix(y), 4 * y.stride, ...optional(at, tail), tail === null ? 0 : tail.cols],
      ...[at.matrix(c), 4 * c.stride],
    ],
  };
}

/** dH = y ⊗ dc + da ⊗ x. */
export function encodeSequenceBackward(at: Place, args: SequenceBackwardArgs): WasmOp {
  const { y, da, x, dc, query, steps, dh } = args;
  return {
    code: SEQUENCE_BACKWARD,
    words: [
      ...[y.rows, y.cols, dh.cols, at.matrix(y), 4 * y.stride, at.matrix(da), 4 * da.stride],
      ...[at.matrix(x), 4 * x.stride, at.matrix(dc), 4 * dc.stride, ...optional(at, query)],
      ...[at.matrix(dh), 4 * dh.stride, 4 * dh.stride * steps],
    ],
  };
}

/** Address and stride, or two zeros. */
function optional(at: Place, m: Matrix | null): [number, number] {
  return m === null ? [0, 0] : [at.matrix(m), 4 * m.stride];
}
