// The matrix product all layers rest on: 6 × 8 tiles of C = init + A B in registers. A is row-major; B is packed in
// panels of 8 columns, so that row k of a panel is 32 bytes at 32 k. Each element of C is one chain of fused
// multiply-adds in order of k, whatever the tile it falls in.

import { laneMask, storeLanes, storeTransposed } from "../cpu/simd.as";

/** Longest run of k in one pass: 6 rows of A and a panel of B then stay in a 48 KiB L1 cache. */
const PASS: i32 = 512;

/** Bytes of a packed panel of `K` rows. */
@inline
export function panelBytes(K: i32): usize {
  return <usize>K << 5;
}

/** Packs columns [0, min(8, cols)) of a row-major K × cols matrix; the columns past the end become zeros. */
export function packRows(src: usize, ld: usize, K: i32, cols: i32, panel: usize): void {
  const low = laneMask(cols), high = laneMask(cols - 4);
  for (let k = 0; k < K; k++) {
    v128.store(panel, v128.and(v128.load(src), low));
    v128.store(panel, v128.and(v128.load(src, 16), high), 16);
    src += ld;
    panel += 32;
  }
}

/** Packs rows [0, min(8, rows)) of a row-major rows × K matrix as columns; the columns past the end become zeros. */
export function packColumns(src: usize, ld: usize, K: i32, rows: i32, panel: usize): void {
  packFour(src, ld, K, rows, panel);
  packFour(src + 4 * ld, ld, K, rows - 4, panel + 16);
}

function packFour(src: usize, ld: usize, K: i32, rows: i32, panel: usize): void {
  if (rows >= 4) {
    let k = 0;
    for (; k + 4 <= K; k += 4) {
      storeTransposed(
        panel,
        32,
        v128.load(src),
        v128.load(src + ld),
        v128.load(src + 2 * ld),
        v128.load(src + 3 * ld),
      );
      src += 16;
      panel += 128;
    }
    for (; k < K; k++) {
      store<f32>(panel, load<f32>(src));
      store<f32>(panel, load<f32>(src + ld), 4);
      store<f32>(panel, load<f32>(src + 2 * ld), 8);
      store<f32>(panel, load<f32>(src + 3 * ld), 12);
      src += 4;
      panel += 32;
    }
    return;
  }
  for (let k = 0; k < K; k++) {
    for (let j = 0; j < 4; j++) {
      store<f32>(panel + (j << 2), j < rows ? load<f32>(src + j * ld) : 0);
    }
    src += 4;
    panel += 32;
  }
}

/**
 * C (rows × cols) = max(floor, init + A B), zeroed where mask (if not 0) is not above 0. Row i of init is at
 * init + i ldi, its columns go with those of C; init may be C itself. ldx are bytes.
 */
export function multiply(
  rows: i32,
  cols: i32,
  K: i32,
  a: usize,
  lda: usize,
  panels: usize,
  panelStep: usize,
  init: usize,
  ldi: usize,
  c: usize,
  ldc: usize,
  floor: f32,
  mask: usize,
  ldm: usize,
): void {
  let k = 0;
  do {
    const length = min(PASS, K - k);
    const lastPass = k + length == K;
    const passFloor: f32 = lastPass ? floor : -Infinity;
    const passMask = lastPass ? mask : 0;
    for (let j = 0; j < cols; j += 8) {
      const panel = panels + <usize>(j >> 3) * panelStep + panelBytes(k);
      const column = <usize>j << 2;
      for (let i = 0; i < rows; i += 6) {
        tile(
          min(6, rows - i),
          cols - j,
          length,
          a + i * lda + (k << 2),
          lda,
          panel,
          init + i * ldi + column,
          ldi,
          c + i * ldc + column,
          ldc,
          passFloor,
          passMask == 0 ? 0 : passMask + i * ldm + column,
          ldm,
        );
      }
    }
    init = c;
    ldi = ldc;
    k += length;
  } while (k < K);
}

@inline
function put(c: usize, low: v128, high: v128, floor: v128, cols: i32, mask: usize): void {
  low = f32x4.pmax(low, floor);
  high = f32x4.pmax(high, floor);
  if (mask != 0) {
    const zero = f32x4.splat(0);
    low = v128.and(low, f32x4.gt(v128.load(mask), zero));
    high = v128.and(high, f32x4.gt(v128.load(mask, 16), zero));
  }
  if (cols >= 8) {
    v128.store(c, low);
    v128.store(c, high, 16);
  } else {
    putLanes(c, low, high, cols);
  }
}

function putLanes(c: usize, low: v128, high: v128, cols: i32): void {
  storeLanes(c, low, cols);
  storeLanes(c + 16, high, cols - 4);
}

/** One tile. Rows past the last repeat it, so that they write the same values to the same place. */
function tile(
  rows: i32,
  cols: i32,
  K: i32,
  a0: usize,
  lda: usize,
  b: usize,
  init: usize,
  ldi: usize,
  c: usize,
  ldc: usize,
  floor: f32,
  mask: usize,
  ldm: usize,
): void {
  const last = rows - 1;
  const i1 = min(1, last), i2 = min(2, last), i3 = min(3, last), i4 = min(4, last);
  const i5 = min(5, last);
  let a1 = a0 + i1 * lda, a2 = a0 + i2 * lda, a3 = a0 + i3 * lda, a4 = a0 + i4 * lda;
  let a5 = a0 + i5 * lda;
  let c00 = v128.load(init), c01 = v128.load(init, 16);
  let c10 = v128.load(init + i1 * ldi), c11 = v128.load(init + i1 * ldi, 16);
  let c20 = v128.load(init + i2 * ldi), c21 = v128.load(init + i2 * ldi, 16);
  let c30 = v128.load(init + i3 * ldi), c31 = v128.load(init + i3 * ldi, 16);
  let c40 = v128.load(init + i4 * ldi), c41 = v128.load(init + i4 * ldi, 16);
  let c50 = v128.load(init + i5 * ldi), c51 = v128.load(init + i5 * ldi, 16);
  for (const end = b + panelBytes(K); b < end; b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    c00 = f32x4.relaxed_madd(x, b0, c00);
    c01 = f32x4.relaxed_madd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = f32x4.relaxed_madd(x, b0, c10);
    c11 = f32x4.relaxed_madd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = f32x4.relaxed_madd(x, b0, c20);
    c21 = f32x4.relaxed_madd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = f32x4.relaxed_madd(x, b0, c30);
    c31 = f32x4.relaxed_madd(x, b1, c31);
    x = v128.load32_splat(a4);
    c40 = f32x4.relaxed_madd(x, b0, c40);
    c41 = f32x4.relaxed_madd(x, b1, c41);
    x = v128.load32_splat(a5);
    c50 = f32x4.relaxed_madd(x, b0, c50);
    c51 = f32x4.relaxed_madd(x, b1, c51);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
  }
  const f = f32x4.splat(floor);
  put(c, c00, c01, f, cols, mask);
  if (mask == 0) ldm = 0;
  put(c + i1 * ldc, c10, c11, f, cols, mask + i1 * ldm);
  put(c + i2 * ldc, c20, c21, f, cols, mask + i2 * ldm);
  put(c + i3 * ldc, c30, c31, f, cols, mask + i3 * ldm);
  put(c + i4 * ldc, c40, c41, f, cols, mask + i4 * ldm);
  put(c + i5 * ldc, c50, c51, f, cols, mask + i5 * ldm);
}
