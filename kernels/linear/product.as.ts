// The matrix product all layers rest on: tiles of C = init + A B in registers, 6 rows by 8 columns, or by 16 where the
// device is wide. A is row-major; B is packed in panels of 8 columns, so that row k of a panel is 32 bytes at 32 k. Each
// element of C is one chain of fused multiply-adds in order of k, whatever the tile it falls in.

import { WIDE } from "../cpu/layout";
import { laneMask, storeLanes, storeTransposed } from "../cpu/simd.as";
import { tileScratch } from "../cpu/team.as";

/** One tile of at most 6 rows and exactly 8 columns, one panel; tile.ts makes the body. */
@external("linear", "tile")
declare function tile(
  rows: i32,
  K: i32,
  a: usize,
  lda: usize,
  panel: usize,
  init: usize,
  ldi: usize,
  c: usize,
  ldc: usize,
  floor: f32,
  mask: usize,
  ldm: usize,
): void;

/** Brings some bytes of two panels to where the wide tiles find them; wide.ts makes the bodies. */
@external("wide", "panels")
declare function bringPanels(first: usize, second: usize, bytes: usize): void;

/** 64 steps of k of at most 6 rows and exactly 16 columns. */
@external("wide", "steps64")
declare function wide64(
  rows: i32,
  a: usize,
  lda: usize,
  init: usize,
  ldi: usize,
  c: usize,
  ldc: usize,
  floor: f32,
  mask: usize,
  ldm: usize,
): void;

/** The same for 16 steps. */
@external("wide", "steps16")
declare function wide16(
  rows: i32,
  a: usize,
  lda: usize,
  init: usize,
  ldi: usize,
  c: usize,
  ldc: usize,
  floor: f32,
  mask: usize,
  ldm: usize,
): void;

/** Fewest steps of k for which wide tiles pay: each brings its part of C from memory and back. */
const WIDE_FROM: i32 = 32;

/** Longest run of k in one pass: 6 rows of A and a panel of B then stay in a 48 KiB L1 cache. */
const PASS: i32 = 512;

/** Bytes of a packed panel of `K` rows. */
@inline
export function panelBytes(K: i32): usize {
  return <usize>K << 5;
}

/** Rows that packRows wants at once, so that it fills whole cache lines. */
export const PACK_ROWS: i32 = 64;

/**
 * Packs rows [from, to) of a row-major matrix of `cols` columns into panels `step` bytes apart; the columns past the
 * end become zeros. Two rows of a panel fill a cache line, so they are written together.
 */
export function packRows(
  src: usize,
  ld: usize,
  from: i32,
  to: i32,
  cols: i32,
  panels: usize,
  step: usize,
): void {
  for (let k = from; k < to; k += 2) {
    const a = src + k * ld;
    const b = k + 1 < to ? a + ld : a;
    let line = panels + (k << 5);
    const second = k + 1 < to ? 32 : 0;
    let j = 0;
    for (; j + 8 <= cols; j += 8) {
      v128.store(line, v128.load(a + (j << 2)));
      v128.store(line, v128.load(a + (j << 2), 16), 16);
      v128.store(line + second, v128.load(b + (j << 2)));
      v128.store(line + second, v128.load(b + (j << 2), 16), 16);
      line += step;
    }
    if (j < cols) {
      const low = laneMask(cols - j), high = laneMask(cols - j - 4);
      v128.store(line, v128.and(v128.load(a + (j << 2)), low));
      v128.store(line, v128.and(v128.load(a + (j << 2), 16), high), 16);
      v128.store(line + second, v128.and(v128.load(b + (j << 2)), low));
      v128.store(line + second, v128.and(v128.load(b + (j << 2), 16), high), 16);
    }
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
  const wideCols = load<i32>(WIDE) != 0 && K >= WIDE_FROM ? cols & ~15 : 0;
  if (wideCols > 0) {
    const steps = K & ~15;
    const last = steps == K;
    multiplyWide(
      rows,
      wideCols,
      steps,
      a,
      lda,
      panels,
      panelStep,
      init,
      ldi,
      c,
      ldc,
      last ? floor : -Infinity,
      last ? mask : 0,
      ldm,
    );
    if (!last) {
      multiplyNarrow(
        rows,
        wideCols,
        K - steps,
        a + (steps << 2),
        lda,
        panels + panelBytes(steps),
        panelStep,
        c,
        ldc,
        c,
        ldc,
        floor,
        mask,
        ldm,
      );
    }
    if (wideCols == cols) return;
    panels += <usize>(wideCols >> 3) * panelStep;
    init += wideCols << 2;
    c += wideCols << 2;
    if (mask != 0) mask += wideCols << 2;
  }
  multiplyNarrow(
    rows,
    cols - wideCols,
    K,
    a,
    lda,
    panels,
    panelStep,
    init,
    ldi,
    c,
    ldc,
    floor,
    mask,
    ldm,
  );
}

/** `multiply` by wide tiles, where `cols` and `K` are multiples of 16. */
function multiplyWide(
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
  while (k < K) {
    const many = K - k >= 64;
    const steps = many ? 64 : 16;
    const lastPass = k + steps == K;
    const passFloor: f32 = lastPass ? floor : -Infinity;
    const passMask = lastPass ? mask : 0;
    for (let j = 0; j < cols; j += 16) {
      const panel = panels + <usize>(j >> 3) * panelStep + panelBytes(k);
      bringPanels(panel, panel + panelStep, panelBytes(steps));
      const column = <usize>j << 2;
      for (let i = 0; i < rows; i += 6) {
        const count = min(6, rows - i);
        const from = a + i * lda + (k << 2), start = init + i * ldi + column;
        const to = c + i * ldc + column;
        const tileMask = passMask == 0 ? 0 : passMask + i * ldm + column;
        if (many) wide64(count, from, lda, start, ldi, to, ldc, passFloor, tileMask, ldm);
        else wide16(count, from, lda, start, ldi, to, ldc, passFloor, tileMask, ldm);
      }
    }
    init = c;
    ldi = ldc;
    k += steps;
  }
}

/** `multiply` by tiles of 8 columns. */
function multiplyNarrow(
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
        const whole = cols - j >= 8;
        const to = c + i * ldc + column;
        tile(
          min(6, rows - i),
          length,
          a + i * lda + (k << 2),
          lda,
          panel,
          init + i * ldi + column,
          ldi,
          whole ? to : tileScratch(),
          whole ? ldc : 32,
          passFloor,
          passMask == 0 ? 0 : passMask + i * ldm + column,
          ldm,
        );
        if (!whole) copyTile(min(6, rows - i), cols - j, to, ldc);
      }
    }
    init = c;
    ldi = ldc;
    k += length;
  } while (k < K);
}

/** Copies the first columns of the tile in scratch, so that nothing past the last column is written. */
function copyTile(rows: i32, cols: i32, c: usize, ldc: usize): void {
  let from = tileScratch();
  for (let i = 0; i < rows; i++) {
    storeLanes(c, v128.load(from), cols);
    storeLanes(c + 16, v128.load(from, 16), cols - 4);
    from += 32;
    c += ldc;
  }
}
