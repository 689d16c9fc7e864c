/**
 * Arguments of the layer normalisation's WASM kernels (`layer_norm.as.ts`), in their order.
 *
 * @module
 */

import { LAYER_NORM_BACKWARD, LAYER_NORM_FORWARD } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { LayerNormBackwardArgs, LayerNormForwardArgs } from "../types.ts";

/** y = (x − mean) / sqrt(variance + 1e-5). */
export function encodeLayerNormForward(at: Place, args: LayerNormForwardArgs): WasmOp {
  const { x, features, dim, y } = args;
  return {
    code: LAYER_NORM_FORWARD,
    words: [x.rows, features, dim, at.matrix(x), 4 * x.stride, at.matrix(y), 4 * y.stride],
  };
}

/** dx from dy and x. */
export function encodeLayerNormBackward(at: Place, args: LayerNormBackwardArgs): WasmOp {
  const { x, features, dim, dy, dx, maskFirst } = args;
  return {
    code: LAYER_NORM_BACKWARD,
    words: [
      ...[x.rows, features, dim, at.matrix(x), 4 * x.stride, at.matrix(dy), 4 * dy.stride],
      ...[at.matrix(dx), 4 * dx.stride, Number(maskFirst)],
    ],
  };
}
