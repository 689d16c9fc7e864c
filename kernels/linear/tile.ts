/**
 * Source of the register tile that the matrix product rests on. It is generated because WebAssembly has no arrays of
 * registers, and it is linked in after the optimiser has run: Binaryen would move the loads of several steps together,
 * which V8 then spills (42 against 50 GFLOP/s on one core).
 *
 * @module
 */

/** Rows and vectors of 4 columns that fill V8's 15 registers: 12 sums, 2 of B, 1 of A. */
const ROWS = 6, VECTORS = 2;
/** Steps of k in one turn of the loop. One step a turn ran at 43 GFLOP/s, four at 50, eight at 51 (one core). */
const UNROLL = 4;

/**
 * WebAssembly text of the function `name`. One tile of C = max(floor, init + A B), zeroed where mask (if not 0) is
 * not above 0; see product.as.ts. Rows past the last repeat it: the same values, to the same place.
 */
export function tileSource(name: string): string {
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  const vectors = Array.from({ length: VECTORS }, (_, j) => j);
  const each = <T>(items: readonly T[], line: (item: T) => string): string =>
    items.map(line).join("\n");
  const sums = rows.flatMap((i) => vectors.map((j) => ({ i, j, sum: `$c${i}${j}` })));
  /** Address of row i of a matrix. */
  const at = (base: string, ld: string, i: number): string =>
    i === 0
      ? `(local.get ${base})`
      : `(i32.add (local.get ${base}) (i32.mul (local.get $row${i}) (local.get ${ld})))`;

  const step = (u: number): string => `
    ${
    each(vectors, (j) =>
      `(local.set $b${j} (v128.load offset=${16 * (VECTORS * u + j)} (local.get $b)))`)
  }
    ${
    each(rows, (i) => `
      (local.set $x (v128.load32_splat offset=${4 * u} (local.get $a${i})))
      ${
      each(vectors, (j) =>
        `(local.set $c${i}${j}
          (f32x4.relaxed_madd (local.get $x) (local.get $b${j}) (local.get $c${i}${j})))`)
    }`)
  }`;
  const loop = (steps: number, end: string): string => `
    (if (i32.lt_u (local.get $b) (local.get ${end})) (then (loop $next
      ${each(Array.from({ length: steps }, (_, u) => u), step)}
      ${
    each(rows, (i) => `(local.set $a${i} (i32.add (local.get $a${i}) (i32.const ${4 * steps})))`)
  }
      (local.set $b (i32.add (local.get $b) (i32.const ${16 * VECTORS * steps})))
      (br_if $next (i32.lt_u (local.get $b) (local.get ${end}))))))`;
  const bytesOfSteps = (K: string): string =>
    `(i32.add (local.get $b) (i32.mul (i32.const ${16 * VECTORS}) ${K}))`;

  return `
  (func ${name} (param $rows i32) (param $K i32) (param $a0 i32) (param $lda i32) (param $b i32)
    (param $init i32) (param $ldi i32) (param $c i32) (param $ldc i32) (param $floor f32)
    (param $mask i32) (param $ldm i32)
    ${each(rows.slice(1), (i) => `(local $row${i} i32) (local $a${i} i32)`)}
    ${each(sums, ({ sum }) => `(local ${sum} v128)`)}
    ${each(vectors, (j) => `(local $b${j} v128)`)}
    (local $x v128) (local $turns i32) (local $end i32)
    ${
    each(rows.slice(1), (i) => `
      (local.set $row${i} (select (i32.const ${i}) (i32.sub (local.get $rows) (i32.const 1))
        (i32.gt_s (local.get $rows) (i32.const ${i}))))
      (local.set $a${i} ${at("$a0", "$lda", i)})`)
  }
    ${
    each(sums, ({ i, j, sum }) =>
      `(local.set ${sum} (v128.load offset=${16 * j} ${at("$init", "$ldi", i)}))`)
  }
    (local.set $turns ${bytesOfSteps(`(i32.and (local.get $K) (i32.const ${-UNROLL}))`)})
    (local.set $end ${bytesOfSteps("(local.get $K)")})
    ${loop(UNROLL, "$turns")}
    ${loop(1, "$end")}
    (local.set $x (f32x4.splat (local.get $floor)))
    ${each(sums, ({ sum }) => `(local.set ${sum} (f32x4.pmax (local.get ${sum}) (local.get $x)))`)}
    (if (local.get $mask) (then
      (local.set $x (v128.const i32x4 0 0 0 0))
      ${
    each(sums, ({ i, j, sum }) =>
      `(local.set ${sum} (v128.and (local.get ${sum})
        (f32x4.gt (v128.load offset=${16 * j} ${at("$mask", "$ldm", i)}) (local.get $x))))`)
  }))
    ${
    each(sums, ({ i, j, sum }) =>
      `(v128.store offset=${16 * j} ${at("$c", "$ldc", i)} (local.get ${sum}))`)
  })`;
}
