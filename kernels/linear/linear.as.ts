// The fully connected layer: forward, gradient of the input, gradient of weights and bias. Arguments: see
// wasm.ts. Each op packs its B operand first, then multiplies blocks of C; the threads claim panels, then blocks.

import { WORKSPACE, ZEROS } from "../cpu/layout";
import { storeTransposed } from "../cpu/simd.as";
import { arg, barrier, claim } from "../cpu/team.as";
import {
  LinearBackwardInput as BackwardInput,
  LinearBackwardWeights as BackwardWeights,
  LinearForward as Forward,
} from "../cpu/words.as";
import { columnBackwardInput, columnBackwardWeights, columnForward } from "./column.as";
import { multiply, PACK_ROWS, packColumns, packRows, panelBytes } from "./product.as";

const NO_FLOOR: f32 = -Infinity;

/** Y = act(X Wᵀ + b). */
export function linearForward(op: usize): void {
  const M = arg(op, Forward.M), K = arg(op, Forward.K), N = arg(op, Forward.N);
  if (N == 1) return columnForward(op);
  const x = arg(op, Forward.x), ldx = arg(op, Forward.ldx), w = arg(op, Forward.w);
  const ldw = arg(op, Forward.ldw);
  const bias = arg(op, Forward.bias), y = arg(op, Forward.y), ldy = arg(op, Forward.ldy);
  const relu = arg(op, Forward.relu);
  const blockRows = arg(op, Forward.blockRows), blockCols = arg(op, Forward.blockCols);
  const packed = load<usize>(WORKSPACE);
  const panels = (N + 7) >> 3;
  for (let p = claim(op, 0); p < panels; p = claim(op, 0)) {
    packColumns(w + (p << 3) * ldw, ldw, K, N - (p << 3), packed + p * panelBytes(K));
  }
  barrier();
  const across = (N + blockCols - 1) / blockCols;
  const tasks = across * ((M + blockRows - 1) / blockRows);
  for (let task = claim(op, 1); task < tasks; task = claim(op, 1)) {
    const i = (task / across) * blockRows, j = (task % across) * blockCols;
    multiply(
      min(blockRows, M - i),
      min(blockCols, N - j),
      K,
      x + i * ldx,
      ldx,
      packed + (j >> 3) * panelBytes(K),
      panelBytes(K),
      bias + (j << 2),
      0,
      y + i * ldy + (j << 2),
      ldy,
      relu ? 0 : NO_FLOOR,
      0,
      0,
    );
  }
}

/** dX = (dY W) ∘ [mask > 0]. */
export function linearBackwardInput(op: usize): void {
  const M = arg(op, BackwardInput.M), K = arg(op, BackwardInput.K), N = arg(op, BackwardInput.N);
  if (N == 1) return columnBackwardInput(op);
  const dy = arg(op, BackwardInput.dy), lddy = arg(op, BackwardInput.lddy);
  const w = arg(op, BackwardInput.w), ldw = arg(op, BackwardInput.ldw);
  const dx = arg(op, BackwardInput.dx), lddx = arg(op, BackwardInput.lddx);
  const mask = arg(op, BackwardInput.mask), ldm = arg(op, BackwardInput.ldmask);
  const blockRows = arg(op, BackwardInput.blockRows), blockCols = arg(op, BackwardInput.blockCols);
  const packed = load<usize>(WORKSPACE);
  for (let n = claim(op, 0) * PACK_ROWS; n < N; n = claim(op, 0) * PACK_ROWS) {
    packRows(w, ldw, n, min(N, n + PACK_ROWS), K, packed, panelBytes(N));
  }
  barrier();
  const across = (K + blockCols - 1) / blockCols;
  const tasks = across * ((M + blockRows - 1) / blockRows);
  for (let task = claim(op, 1); task < tasks; task = claim(op, 1)) {
    const i = (task / across) * blockRows, j = (task % across) * blockCols;
    multiply(
      min(blockRows, M - i),
      min(blockCols, K - j),
      N,
      dy + i * lddy,
      lddy,
      packed + (j >> 3) * panelBytes(N),
      panelBytes(N),
      ZEROS,
      0,
      dx + i * lddx + (j << 2),
      lddx,
      NO_FLOOR,
      mask == 0 ? 0 : mask + i * ldm + (j << 2),
      ldm,
    );
  }
}

/** dW = dYᵀ X and db = column sums of dY. */
export function linearBackwardWeights(op: usize): void {
  const M = arg(op, BackwardWeights.M), K = arg(op, BackwardWeights.K);
  const N = arg(op, BackwardWeights.N);
  if (N == 1) return columnBackwardWeights(op);
  const dy = arg(op, BackwardWeights.dy), lddy = arg(op, BackwardWeights.lddy);
  const x = arg(op, BackwardWeights.x), ldx = arg(op, BackwardWeights.ldx);
  const dw = arg(op, BackwardWeights.dw), lddw = arg(op, BackwardWeights.lddw);
  const db = arg(op, BackwardWeights.db);
  const blockRows = arg(op, BackwardWeights.blockRows);
  const blockCols = arg(op, BackwardWeights.blockCols);
  const packed = load<usize>(WORKSPACE);
  const panels = (K + 7) >> 3;
  const transposed = packed + panels * panelBytes(M);
  const ldt = transposedStride(M);
  const groups = (N + 15) >> 4;
  const chunks = (M + PACK_ROWS - 1) / PACK_ROWS;
  for (let task = claim(op, 0); task < groups + chunks; task = claim(op, 0)) {
    if (task < groups) {
      const n = task << 4;
      transposeAndSum(
        dy + (n << 2),
        lddy,
        M,
        min(16, N - n),
        transposed + n * ldt,
        ldt,
        db + (n << 2),
      );
    } else {
      const m = (task - groups) * PACK_ROWS;
      packRows(x, ldx, m, min(M, m + PACK_ROWS), K, packed, panelBytes(M));
    }
  }
  barrier();
  const across = (K + blockCols - 1) / blockCols;
  const tasks = across * ((N + blockRows - 1) / blockRows);
  for (let task = claim(op, 1); task < tasks; task = claim(op, 1)) {
    const i = (task / across) * blockRows, j = (task % across) * blockCols;
    multiply(
      min(blockRows, N - i),
      min(blockCols, K - j),
      M,
      transposed + i * ldt,
      ldt,
      packed + (j >> 3) * panelBytes(M),
      panelBytes(M),
      ZEROS,
      0,
      dw + i * lddw + (j << 2),
      lddw,
      NO_FLOOR,
      0,
      0,
    );
  }
}

// Off a power of two, so that the six rows a tile walks do not fall into the same cache sets.
@inline
function transposedStride(M: i32): usize {
  return <usize>(((M + 15) & ~15) + 16) << 2;
}

/** Transposes up to 16 columns of dY into rows, and sums each column in order of its rows. */
function transposeAndSum(
  src: usize,
  ld: usize,
  M: i32,
  cols: i32,
  dst: usize,
  ldt: usize,
  sums: usize,
): void {
  if (cols == 16) {
    // A row's 16 columns are a cache line: all four groups take their part while it is near.
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let m = 0;
    for (; m + 4 <= M; m += 4) {
      const from = src + m * ld, to = dst + (m << 2);
      s0 = f32x4.add(s0, transposeFour(from, ld, to, ldt));
      s1 = f32x4.add(s1, transposeFour(from + 16, ld, to + 4 * ldt, ldt));
      s2 = f32x4.add(s2, transposeFour(from + 32, ld, to + 8 * ldt, ldt));
      s3 = f32x4.add(s3, transposeFour(from + 48, ld, to + 12 * ldt, ldt));
    }
    v128.store(sums, s0);
    v128.store(sums, s1, 16);
    v128.store(sums, s2, 32);
    v128.store(sums, s3, 48);
    for (let j = 0; j < 16; j++) transposeColumn(src + (j << 2), ld, m, M, dst + j * ldt, sums + (j << 2));
    return;
  }
  for (let j = 0; j < cols; j++) {
    store<f32>(sums + (j << 2), 0);
    transposeColumn(src + (j << 2), ld, 0, M, dst + j * ldt, sums + (j << 2));
  }
}

/** Transposes 4 × 4 elements and gives the sum of their four rows. */
@inline
function transposeFour(from: usize, ld: usize, to: usize, ldt: usize): v128 {
  const r0 = v128.load(from), r1 = v128.load(from + ld);
  const r2 = v128.load(from + 2 * ld), r3 = v128.load(from + 3 * ld);
  storeTransposed(to, ldt, r0, r1, r2, r3);
  return f32x4.add(f32x4.add(r0, r1), f32x4.add(r2, r3));
}

/** Copies elements [m, M) of a column to a row and adds them to its sum. */
function transposeColumn(src: usize, ld: usize, m: i32, M: i32, dst: usize, sum: usize): void {
  let s = load<f32>(sum);
  for (; m < M; m++) {
    const element = load<f32>(src + m * ld);
    store<f32>(dst + (m << 2), element);
    s += element;
  }
  store<f32>(sum, s);
}
