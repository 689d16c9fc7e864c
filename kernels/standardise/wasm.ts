/**
 * The standardisation's WASM kernel.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { StandardiseArgs } from "./op.ts";

/** y = (x − mean) / sqrt(variance + eps); address 0 where there is no mean. */
export const standardiseKernel = wasmKernel({
  source: "kernels/standardise/standardise.as.ts",
  name: "standardise",
  words: {
    M: "number",
    N: "number",
    x: "matrix",
    mean: "address",
    variance: "address",
    y: "matrix",
    eps: "float",
  },
  call: (_at, { x, mean, variance, eps, y }: StandardiseArgs) => ({
    words: { M: x.rows, N: x.cols, x, mean, variance, y, eps },
  }),
});
