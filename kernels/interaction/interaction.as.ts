// DLRM's dot interaction and its gradient: for each input, products of small matrices in the thread's own scratch.
// Arguments: see wasm.ts. A task is one run of inputs.

import { ZEROS } from "../cpu/layout";
import { laneMask, storeLanes, storeTransposed } from "../cpu/simd.as";
import { arg, claim, scratch } from "../cpu/team.as";
import { InteractionBackward as Backward, InteractionForward as Forward } from "../cpu/words.as";
import { multiply, packColumns, packRows, panelBytes } from "../linear/product.as";

const INPUTS_A_TASK: i32 = 16;

/** Copies floats; `count` of them, in vectors and a tail. */
@inline
function copy(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    storeLanes(to + (i << 2), v128.load(from + (i << 2)), count - i);
  }
}

/** r = [vector 0, strictly lower triangle of V Vᵀ]. */
export function interactionForward(op: usize): void {
  const B = arg(op, Forward.B), F = arg(op, Forward.F), dim = arg(op, Forward.dim);
  const v = arg(op, Forward.v), ldv = arg(op, Forward.ldv), r = arg(op, Forward.r);
  const ldr = arg(op, Forward.ldr);
  const panels = scratch();
  const gram = panels + ((F + 7) >> 3) * panelBytes(dim);
  const ldg = ((F + 7) & ~7) << 2;
  const tasks = (B + INPUTS_A_TASK - 1) / INPUTS_A_TASK;
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const end = min(B, (task + 1) * INPUTS_A_TASK);
    for (let b = task * INPUTS_A_TASK; b < end; b++) {
      forwardOne(F, dim, v + b * ldv, r + b * ldr, panels, gram, ldg);
    }
  }
}

function forwardOne(
  F: i32,
  dim: i32,
  v: usize,
  r: usize,
  panels: usize,
  gram: usize,
  ldg: usize,
): void {
  const ldv = <usize>dim << 2;
  for (let j = 0; j < F; j += 8) {
    packColumns(v + j * ldv, ldv, dim, F - j, panels + (j >> 3) * panelBytes(dim));
  }
  for (let i = 0; i < F; i += 6) {
    const rows = min(6, F - i);
    // Columns up to the last row's, rounded up to whole panels: the copy below takes what it needs.
    const cols = (i + rows + 7) & ~7;
    multiply(
      rows,
      min(cols, (F + 7) & ~7),
      dim,
      v + i * ldv,
      ldv,
      panels,
      panelBytes(dim),
      ZEROS,
      0,
      gram + i * ldg,
      ldg,
      -Infinity,
      0,
      0,
    );
  }
  copy(r, v, dim);
  let to = r + ldv;
  for (let i = 1; i < F; i++) {
    copy(to, gram + i * ldg, i);
    to += i << 2;
  }
}

/** dV = (G + Gᵀ) V, with the direct part of vector 0, which is zeroed where `maskFirst` and v is not above 0. */
export function interactionBackward(op: usize): void {
  const B = arg(op, Backward.B), F = arg(op, Backward.F), dim = arg(op, Backward.dim);
  const v = arg(op, Backward.v), ldv = arg(op, Backward.ldv), dr = arg(op, Backward.dr);
  const lddr = arg(op, Backward.lddr);
  const dv = arg(op, Backward.dv), lddv = arg(op, Backward.lddv);
  const maskFirst = arg(op, Backward.maskFirst);
  const panels = scratch();
  const symmetric = panels + ((dim + 7) >> 3) * panelBytes(F);
  const lds = ((F + 3) & ~3) << 2;
  const tasks = (B + INPUTS_A_TASK - 1) / INPUTS_A_TASK;
  for (let task = claim(op, 0); task < tasks; task = claim(op, 0)) {
    const end = min(B, (task + 1) * INPUTS_A_TASK);
    for (let b = task * INPUTS_A_TASK; b < end; b++) {
      backwardOne(
        F,
        dim,
        v + b * ldv,
        dr + b * lddr,
        dv + b * lddv,
        maskFirst,
        panels,
        symmetric,
        lds,
      );
    }
  }
}

function backwardOne(
  F: i32,
  dim: i32,
  v: usize,
  dr: usize,
  dv: usize,
  maskFirst: i32,
  panels: usize,
  symmetric: usize,
  lds: usize,
): void {
  const ldv = <usize>dim << 2;
  packRows(v, ldv, 0, F, dim, panels, panelBytes(F));
  fillSymmetric(F, dr + ldv, symmetric, lds);
  multiply(
    F,
    dim,
    F,
    symmetric,
    lds,
    panels,
    panelBytes(F),
    ZEROS,
    0,
    dv,
    ldv,
    -Infinity,
    0,
    0,
  );
  const zero = f32x4.splat(0);
  for (let c = 0; c < dim; c += 4) {
    let g = f32x4.add(v128.load(dv + (c << 2)), v128.load(dr + (c << 2)));
    if (maskFirst != 0) g = v128.and(g, f32x4.gt(v128.load(v + (c << 2)), zero));
    storeLanes(dv + (c << 2), g, dim - c);
  }
}

/** S = G + Gᵀ with a zero diagonal, from G's packed lower triangle, in 4 × 4 blocks; the spare columns are finite. */
function fillSymmetric(F: i32, triangle: usize, s: usize, lds: usize): void {
  const padded = (F + 3) & ~3;
  for (let i = 0; i < padded; i += 4) {
    for (let j = 0; j <= i; j += 4) {
      const r0 = triangleRow(triangle, F, i, j), r1 = triangleRow(triangle, F, i + 1, j);
      const r2 = triangleRow(triangle, F, i + 2, j), r3 = triangleRow(triangle, F, i + 3, j);
      storeTransposed(s + j * lds + (i << 2), lds, r0, r1, r2, r3);
      const to = s + i * lds + (j << 2);
      if (i != j) {
        v128.store(to, r0);
        v128.store(to + lds, r1);
        v128.store(to + 2 * lds, r2);
        v128.store(to + 3 * lds, r3);
      } else {
        v128.store(to, v128.or(v128.load(to), r0));
        v128.store(to + lds, v128.or(v128.load(to + lds), r1));
        v128.store(to + 2 * lds, v128.or(v128.load(to + 2 * lds), r2));
        v128.store(to + 3 * lds, v128.or(v128.load(to + 3 * lds), r3));
      }
    }
  }
}

/** G[i][j .. j + 4), zero from the diagonal on. */
@inline
function triangleRow(triangle: usize, F: i32, i: i32, j: i32): v128 {
  const row = i < F ? i : 0;
  return v128.and(
    v128.load(triangle + ((((row * (row - 1)) >> 1) + j) << 2)),
    laneMask(row - j),
  );
}
