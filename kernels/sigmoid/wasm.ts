/**
 * Arguments of the sigmoid's WASM kernels (`sigmoid.as.ts`), in their order.
 *
 * @module
 */

import { SIGMOID_BACKWARD, SIGMOID_FORWARD } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type { SigmoidBackwardArgs, SigmoidForwardArgs } from "../types.ts";

/** y = sigmoid(x). */
export function encodeSigmoidForward(at: Place, { x, y }: SigmoidForwardArgs): WasmOp {
  return {
    code: SIGMOID_FORWARD,
    words: [x.rows, x.cols, at.matrix(x), 4 * x.stride, at.matrix(y), 4 * y.stride],
  };
}

/** dx = dy · y (1 − y). */
export function encodeSigmoidBackward(at: Place, { y, dy, dx }: SigmoidBackwardArgs): WasmOp {
  return {
    code: SIGMOID_BACKWARD,
    words: [
      ...[y.rows, y.cols, at.matrix(y), 4 * y.stride, at.matrix(dy), 4 * dy.stride],
      ...[at.matrix(dx), 4 * dx.stride],
    ],
  };
}
