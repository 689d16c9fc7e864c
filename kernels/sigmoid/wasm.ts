/**
 * The sigmoid's WASM kernels.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type { SigmoidBackwardArgs, SigmoidForwardArgs } from "./op.ts";

/** y = sigmoid(x). */
export const sigmoidForwardKernel = wasmKernel({
  source: "kernels/sigmoid/sigmoid.as.ts",
  name: "sigmoidForward",
  words: { M: "number", N: "number", x: "matrix", y: "matrix" },
  call: (_at, { x, y }: SigmoidForwardArgs) => ({ words: { M: x.rows, N: x.cols, x, y } }),
});

/** dx = dy · y (1 − y). */
export const sigmoidBackwardKernel = wasmKernel({
  source: "kernels/sigmoid/sigmoid.as.ts",
  name: "sigmoidBackward",
  words: { M: "number", N: "number", y: "matrix", dy: "matrix", dx: "matrix" },
  call: (_at, { y, dy, dx }: SigmoidBackwardArgs) => ({
    words: { M: y.rows, N: y.cols, y, dy, dx },
  }),
});
