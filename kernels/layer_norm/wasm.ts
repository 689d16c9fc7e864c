/**
 * The layer normalisation's WASM kernels.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { LayerNormBackwardArgs, LayerNormForwardArgs } from "./op.ts";

/** y = (x − mean) / sqrt(variance + 1e-5). */
export const layerNormForwardKernel = wasmKernel({
  source: "kernels/layer_norm/layer_norm.as.ts",
  name: "layerNormForward",
  words: { B: "number", F: "number", dim: "number", x: "matrix", y: "matrix" },
  call: (_at, { x, features, dim, y }: LayerNormForwardArgs) => ({
    words: { B: x.rows, F: features, dim, x, y },
  }),
});

/** dx from dy and x. */
export const layerNormBackwardKernel = wasmKernel({
  source: "kernels/layer_norm/layer_norm.as.ts",
  name: "layerNormBackward",
  words: {
    B: "number",
    F: "number",
    dim: "number",
    x: "matrix",
    dy: "matrix",
    dx: "matrix",
    maskFirst: "number",
  },
  call: (_at, { x, features, dim, dy, dx, maskFirst }: LayerNormBackwardArgs) => ({
    words: { B: x.rows, F: features, dim, x, dy, dx, maskFirst: Number(maskFirst) },
  }),
});
