/**
 * Arguments of the fully connected layer's WASM kernels (`linear.as.ts`), in their order.
 *
 * @module
 */

import { LINEAR_BACKWARD_INPUT, LINEAR_BACKWARD_WEIGHTS, LINEAR_FORWARD } from "../cpu/layout.ts";
import type { Place, WasmOp } from "../cpu/op.ts";
import type {
  LinearBackwardInputArgs,
  LinearBackwardWeightsArgs,
  LinearForwardArgs,
} from "../types.ts";

/** Y = act(X Wᵀ + b); the workspace holds W in panels. */
export function encodeLinearForward(at: Place, args: LinearForwardArgs): WasmOp {
  const { x, w, bias, y, relu } = args;
  const [M, K, N] = [x.rows, x.cols, w.rows];
  return {
    code: LINEAR_FORWARD,
    words: [
      ...[M, K, N, at.matrix(x), 4 * x.stride, at.matrix(w), 4 * w.stride],
      ...[at.matrix(bias), at.matrix(y), 4 * y.stride, Number(relu), ...block(M, N)],
    ],
    workspaceBytes: panelsBytes(N, K),
  };
}

/** dX = (dY W) ∘ [mask > 0]; the workspace holds W in panels. */
export function encodeLinearBackwardInput(at: Place, args: LinearBackwardInputArgs): WasmOp {
  const { dy, w, dx, mask } = args;
  const [M, K, N] = [dy.rows, w.cols, dy.cols];
  return {
    code: LINEAR_BACKWARD_INPUT,
    words: [
      ...[M, K, N, at.matrix(dy), 4 * dy.stride, at.matrix(w), 4 * w.stride],
      ...[at.matrix(dx), 4 * dx.stride],
      ...(mask === null ? [0, 0] : [at.matrix(mask), 4 * mask.stride]),
      ...block(M, K),
    ],
    workspaceBytes: panelsBytes(K, N),
  };
}

/** dW = dYᵀ X and db; the workspace holds X in panels and dYᵀ. */
export function encodeLinearBackwardWeights(at: Place, args: LinearBackwardWeightsArgs): WasmOp {
  const { dy, x, dw, db } = args;
  const [M, K, N] = [dy.rows, x.cols, dy.cols];
  return {
    code: LINEAR_BACKWARD_WEIGHTS,
    words: [
      ...[M, K, N, at.matrix(dy), 4 * dy.stride, at.matrix(x), 4 * x.stride],
      ...[at.matrix(dw), 4 * dw.stride, at.matrix(db), 0, ...block(N, K)],
    ],
    workspaceBytes: panelsBytes(K, M) + 4 * 16 * Math.ceil(N / 16) * (M + 32),
  };
}

function panelsBytes(cols: number, depth: number): number {
  return 32 * Math.ceil(cols / 8) * depth;
}

/** Rows and columns of the blocks of a matrix that threads claim: large enough to reuse what is packed, small enough to share out. */
function block(rows: number, cols: number): [number, number] {
  const blockCols = Math.min(64, 8 * Math.ceil(cols / 8)) || 8;
  const across = Math.max(1, Math.ceil(cols / blockCols));
  let blockRows = 24;
  if (across * Math.ceil(rows / blockRows) < 16) blockRows = 12;
  return [blockRows, blockCols];
}
