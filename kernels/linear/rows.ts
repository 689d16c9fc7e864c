/**
 * WebAssembly text that the matrix product's tiles share: both hold 6 rows of C, and differ in their columns and in where
 * they find B.
 *
 * @module
 */

/** Rows of a tile. */
export const ROWS: readonly number[] = [0, 1, 2, 3, 4, 5];

/** A line for each of some items. */
export function each<T>(items: readonly T[], line: (item: T) => string): string {
  return items.map(line).join("\n");
}

/** Locals of {@linkcode FIND_ROWS}. */
export const ROW_LOCALS: string = each(
  ROWS.slice(1),
  (i) => `(local $row${i} i32) (local $a${i} i32)`,
);

/** Numbers of the rows, those past the last of $rows repeating it, and the places of A's, from $a0 and $lda. */
export const FIND_ROWS: string = each(ROWS.slice(1), (i) => `
  (local.set $row${i} (select (i32.const ${i}) (i32.sub (local.get $rows) (i32.const 1))
    (i32.gt_s (local.get $rows) (i32.const ${i}))))
  (local.set $a${i} (i32.add (local.get $a0) (i32.mul (local.get $row${i}) (local.get $lda))))`);

/** Runs `line` for each vector of each row of a matrix, with the row's address in $at. */
export function walk(
  vectors: readonly number[],
  base: string,
  ld: string,
  line: (i: number, j: number) => string,
): string {
  return each(ROWS, (i) => {
    const address = i === 0
      ? `(local.get ${base})`
      : `(i32.add (local.get ${base}) (i32.mul (local.get $row${i}) (local.get ${ld})))`;
    return `
  (local.set $at ${address})
  ${each(vectors, (j) => line(i, j))}`;
  });
}
