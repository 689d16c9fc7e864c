/**
 * Source of the register tile that the matrix product rests on: 6 rows by two vectors of 4 columns, which fill V8's 15
 * registers of 128 bits with 12 sums, 2 of B, 1 of A. It is generated because WebAssembly has no arrays of registers, and
 * linked in after the optimiser has run: Binaryen would move the loads of several steps together,
 * which V8 then spills (42 against 50 GFLOP/s on one core).
 *
 * @module
 */

import { each, FIND_ROWS, ROW_LOCALS, ROWS, walk } from "./rows.ts";

/** Steps of k in one turn of the loop. One step a turn ran at 43 GFLOP/s, four at 50, eight at 51 (one core). */
const UNROLL = 4;
/** Bytes of a panel's row: two vectors. */
const PANEL_ROW = 32;

/**
 * WebAssembly text of the tile's function `name`: C = max(floor, init + A B), zeroed where mask (if not 0) is not
 * above 0; see product.as.ts. Rows past the last repeat it: the same values, to the same place.
 */
export function tileSource(name: string): string {
  const vectors = [0, 1];
  const sums = ROWS.flatMap((i) => vectors.map((j) => `$c${i}${j}`));
  const step = (u: number): string => `
    ${
    each(vectors, (j) => {
      const offset = PANEL_ROW * u + 16 * j;
      return `(local.set $b${j} (v128.load offset=${offset} (local.get $panel)))`;
    })
  }
    ${
    each(ROWS, (i) => `
      (local.set $x (v128.load32_splat offset=${4 * u} (local.get $a${i})))
      ${
      each(vectors, (j) =>
        `(local.set $c${i}${j}
          (f32x4.relaxed_madd (local.get $x) (local.get $b${j}) (local.get $c${i}${j})))`)
    }`)
  }`;
  const advance = (pointer: string, bytes: number): string =>
    `(local.set ${pointer} (i32.add (local.get ${pointer}) (i32.const ${bytes})))`;
  const loop = (steps: number, end: string): string => `
    (if (i32.lt_u (local.get $panel) (local.get ${end})) (then (loop $next
      ${each(Array.from({ length: steps }, (_, u) => u), step)}
      ${each(ROWS, (i) => advance(`$a${i}`, 4 * steps))}
      ${advance("$panel", PANEL_ROW * steps)}
      (br_if $next (i32.lt_u (local.get $panel) (local.get ${end}))))))`;
  const bytesOfSteps = (K: string): string =>
    `(i32.add (local.get $panel) (i32.mul (i32.const ${PANEL_ROW}) ${K}))`;

  return `
  (func ${name} (param $rows i32) (param $K i32) (param $a0 i32) (param $lda i32) (param $panel i32)
    (param $init i32) (param $ldi i32) (param $c i32) (param $ldc i32)
    (param $floor f32) (param $mask i32) (param $ldm i32)
    ${ROW_LOCALS}
    ${each(sums, (sum) => `(local ${sum} v128)`)}
    ${each(vectors, (j) => `(local $b${j} v128)`)}
    (local $x v128) (local $at i32) (local $turns i32) (local $end i32)
    ${FIND_ROWS}
    ${
    walk(vectors, "$init", "$ldi", (i, j) =>
      `(local.set $c${i}${j} (v128.load offset=${16 * j} (local.get $at)))`)
  }
    (local.set $turns ${bytesOfSteps(`(i32.and (local.get $K) (i32.const ${-UNROLL}))`)})
    (local.set $end ${bytesOfSteps("(local.get $K)")})
    ${loop(UNROLL, "$turns")}
    ${loop(1, "$end")}
    (local.set $x (f32x4.splat (local.get $floor)))
    ${each(sums, (sum) => `(local.set ${sum} (f32x4.pmax (local.get ${sum}) (local.get $x)))`)}
    (if (local.get $mask) (then
      (local.set $x (v128.const i32x4 0 0 0 0))
      ${
    walk(vectors, "$mask", "$ldm", (i, j) =>
      `(local.set $c${i}${j} (v128.and (local.get $c${i}${j})
        (f32x4.gt (v128.load offset=${16 * j} (local.get $at)) (local.get $x))))`)
  }))
    ${
    walk(vectors, "$c", "$ldc", (i, j) =>
      `(v128.store offset=${16 * j} (local.get $at) (local.get $c${i}${j}))`)
  })`;
}
