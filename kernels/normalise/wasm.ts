/**
 * Arguments of the normalisation's WASM kernels (`normalise.as.ts`), in their order.
 *
 * @module
 */

import { NORMALISE_BACKWARD, NORMALISE_FORWARD } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { NormaliseBackwardArgs, NormaliseForwardArgs } from "../types.ts";

/** v = z / max(‖z‖, 1e-12). */
export function encodeNormaliseForward(at: Place, { z, v }: NormaliseForwardArgs): WasmOp {
  return {
    code: NORMALISE_FORWARD,
    words: [z.rows, z.cols, at.matrix(z), 4 * z.stride, at.matrix(v), 4 * v.stride],
  };
}

/** dz from dv and z. */
export function encodeNormaliseBackward(at: Place, args: NormaliseBackwardArgs): WasmOp {
  const { z, dv, dz, masked } = args;
  return {
    code: NORMALISE_BACKWARD,
    words: [
      ...[z.rows, z.cols, at.matrix(z), 4 * z.stride, at.matrix(dv), 4 * dv.stride],
      ...[at.matrix(dz), 4 * dz.stride, Number(masked)],
    ],
  };
}
