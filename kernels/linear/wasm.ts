/**
 * The fully connected layer's WASM kernels.
 *
 * @module
 */

import { wasmKernel } from "../cpu/op.ts";
import type {
  LinearBackwardInputArgs,
  LinearBackwardWeightsArgs,
  LinearForwardArgs,
} from "./op.ts";

/** Y = act(X Wᵀ + b); the workspace holds W in panels. */
export const linearForwardKernel = wasmKernel({
  source: "kernels/linear/linear.as.ts",
  name: "linearForward",
  words: {
    M: "number",
    K: "number",
    N: "number",
    x: "matrix",
    w: "matrix",
    bias: "address",
    y: "matrix",
    relu: "number",
    blockRows: "number",
    blockCols: "number",
  },
  call(_at, { x, w, bias, y, relu }: LinearForwardArgs) {
    const [M, K, N] = [x.rows, x.cols, w.rows];
    return {
      words: { M, K, N, x, w, bias, y, relu: Number(relu), ...block(M, N) },
      workspaceBytes: panelsBytes(N, K),
    };
  },
});

/** dX = (dY W) ∘ [mask > 0]; the workspace holds W in panels. */
export const linearBackwardInputKernel = wasmKernel({
  source: "kernels/linear/linear.as.ts",
  name: "linearBackwardInput",
  words: {
    M: "number",
    K: "number",
    N: "number",
    dy: "matrix",
    w: "matrix",
    dx: "matrix",
    mask: "matrix",
    blockRows: "number",
    blockCols: "number",
  },
  call(_at, { dy, w, dx, mask }: LinearBackwardInputArgs) {
    const [M, K, N] = [dy.rows, w.cols, dy.cols];
    return {
      words: { M, K, N, dy, w, dx, mask, ...block(M, K) },
      workspaceBytes: panelsBytes(K, N),
    };
  },
});

/** dW = dYᵀ X and db; the workspace holds X in panels and dYᵀ. */
export const linearBackwardWeightsKernel = wasmKernel({
  source: "kernels/linear/linear.as.ts",
  name: "linearBackwardWeights",
  words: {
    M: "number",
    K: "number",
    N: "number",
    dy: "matrix",
    x: "matrix",
    dw: "matrix",
    db: "matrix",
    blockRows: "number",
    blockCols: "number",
  },
  call(_at, { dy, x, dw, db }: LinearBackwardWeightsArgs) {
    const [M, K, N] = [dy.rows, x.cols, dy.cols];
    return {
      words: { M, K, N, dy, x, dw, db, ...block(N, K) },
      workspaceBytes: panelsBytes(K, M) + 4 * 16 * Math.ceil(N / 16) * (M + 32),
    };
  },
});

function panelsBytes(cols: number, depth: number): number {
  return 32 * Math.ceil(cols / 8) * depth;
}

/** Rows of a block, the most first: wide tiles bring part of B nearer for each block. */
const BLOCK_ROWS = [96, 48, 24] as const;

/** Rows and columns of the blocks of a matrix that threads claim: large enough to reuse what is packed, small enough to share out. */
function block(rows: number, cols: number): { blockRows: number; blockCols: number } {
  const blockCols = Math.min(64, 8 * Math.ceil(cols / 8)) || 8;
  const across = Math.max(1, Math.ceil(cols / blockCols));
  const tasks = (blockRows: number): number => across * Math.ceil(rows / blockRows);
  const blockRows = BLOCK_ROWS.find((count) => tasks(count) >= 64) ?? (tasks(24) >= 16 ? 24 : 12);
  return { blockRows, blockCols };
}
