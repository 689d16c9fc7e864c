/**
 * Source of a module with the wide tile of the matrix product: 6 rows by 16 columns, for V8's 256-bit mode
 * (`--experimental-wasm-revectorize`, x86-64), which compiles two 128-bit operations of neighbouring vectors to one of
 * 256 bits.
 *
 * V8 pairs loads and stores only where no bounds check stands between them, and leaves a check out only where the
 * address is a constant within the memory's first pages. So each thread has a small memory of its own, in which the
 * vectors that are to be paired lie at constant addresses: some steps of two panels of B, and the tile of C. The
 * elements of A are read where they are, each with its check. A memory's place in memory is the same for all its
 * loads, as V8 sees it, only for a module's first memory; that is why this is a module of its own.
 *
 * @module
 */

import { each, FIND_ROWS, ROW_LOCALS, ROWS, walk } from "./rows.ts";

/** Steps of k that one call of a function `stepsN` of the module does. */
const WIDE_STEPS: readonly number[] = [64, 16];

/** Vectors of 4 columns, two from each panel. */
const VECTORS = [0, 1, 2, 3];
/** Bytes of a panel's row, and of a row of C in the thread's own memory. */
const PANEL_ROW = 32, C_ROW = 64;
/** Where C lies in the thread's own memory, and the two panels. */
const C = 0, PANELS = [1024, 1024 + PANEL_ROW * Math.max(...WIDE_STEPS)];

/** Address of vector j of row i of C, as an immediate. */
const atC = (i: number, j: number): string => `$own offset=${C + C_ROW * i + 16 * j} (i32.const 0)`;

/**
 * WebAssembly text of the module. Its memory `own` has one page, and is no other thread's.
 *
 * - `panels(p0, p1, bytes)` copies as many bytes of two panels into `own`.
 * - `stepsN(rows, a, lda, init, ldi, c, ldc, floor, mask, ldm)` does N steps of k with the panels there: C = max(floor,
 *   init + A B), zeroed where mask (if not 0) is not above 0; see product.as.ts. Rows past the last repeat it: the same
 *   values, to the same place.
 */
export function wideSource(): string {
  return `(module
  (import "env" "own" (memory $own 1 1))
  (import "env" "memory" (memory $main 1 65536 shared))
  (func (export "panels") (param $p0 i32) (param $p1 i32) (param $bytes i32)
    (memory.copy $own $main (i32.const ${PANELS[0]}) (local.get $p0) (local.get $bytes))
    (memory.copy $own $main (i32.const ${PANELS[1]}) (local.get $p1) (local.get $bytes)))
  ${each(WIDE_STEPS, stepsSource)})`;
}

function stepsSource(steps: number): string {
  const sums = ROWS.flatMap((i) => VECTORS.map((j) => `$c${i}${j}`));
  return `
  (func (export "steps${steps}") (param $rows i32) (param $a0 i32) (param $lda i32) (param $init i32)
    (param $ldi i32) (param $c i32) (param $ldc i32) (param $floor f32) (param $mask i32) (param $ldm i32)
    ${ROW_LOCALS}
    ${each(sums, (sum) => `(local ${sum} v128)`)}
    ${each(VECTORS, (j) => `(local $b${j} v128)`)}
    (local $x v128) (local $at i32)
    ${FIND_ROWS}
    ${
    walk(VECTORS, "$init", "$ldi", (i, j) =>
      `(v128.store ${atC(i, j)} (v128.load $main offset=${16 * j} (local.get $at)))`)
  }
    ${eachVector((i, j) => `(local.set $c${i}${j} (v128.load ${atC(i, j)}))`)}
    ${each(Array.from({ length: steps }, (_, u) => u), stepSource)}
    (local.set $x (f32x4.splat (local.get $floor)))
    ${each(sums, (sum) => `(local.set ${sum} (f32x4.pmax (local.get ${sum}) (local.get $x)))`)}
    ${eachVector((i, j) => `(v128.store ${atC(i, j)} (local.get $c${i}${j}))`)}
    (if (local.get $mask) (then
      (local.set $x (v128.const i32x4 0 0 0 0))
      ${
    walk(VECTORS, "$mask", "$ldm", (i, j) =>
      `(local.set $c${i}${j} (v128.and (local.get $c${i}${j})
        (f32x4.gt (v128.load $main offset=${16 * j} (local.get $at)) (local.get $x))))`)
  }))
    ${
    walk(VECTORS, "$c", "$ldc", (i, j) =>
      `(v128.store $main offset=${16 * j} (local.get $at) (local.get $c${i}${j}))`)
  })`;
}

/** One step of k: two panels' rows times an element of each row of A. */
function stepSource(u: number): string {
  return `
    ${
    each(VECTORS, (j) => {
      const offset = PANELS[j >> 1]! + PANEL_ROW * u + 16 * (j % 2);
      return `(local.set $b${j} (v128.load $own offset=${offset} (i32.const 0)))`;
    })
  }
    ${
    each(ROWS, (i) => `
      (local.set $x (v128.load32_splat $main offset=${4 * u} (local.get $a${i})))
      ${
      each(VECTORS, (j) => `
        (local.set $c${i}${j}
          (f32x4.relaxed_madd (local.get $x) (local.get $b${j}) (local.get $c${i}${j})))`)
    }`)
  }`;
}

function eachVector(line: (i: number, j: number) => string): string {
  return each(ROWS, (i) => each(VECTORS, (j) => line(i, j)));
}
