import assert from "node:assert/strict";
import fc from "../../npm/fast_check.ts";
import { UserError } from "../../../core/errors.ts";
import { chooseHotRows } from "../../../train/plan/hot_rows.ts";

const countsOf = (...tables: number[][]) => tables.map((table) => Uint32Array.from(table));
const DIM = 16;
const rowsFit = (rows: number, keepUntouched = false) => ({
  budgetBytes: rows * 4 * DIM,
  dim: DIM,
  keepUntouched,
});

Deno.test("the rows with most accesses are hot, over all tables", () => {
  const hot = chooseHotRows(countsOf([5, 0, 9, 2], [7], [0, 1, 8]), rowsFit(3));
  assert.deepEqual(hot.rows.map((rows) => [...rows]), [[2], [0], [2]]);
  assert.deepEqual(hot.ids.map((ids) => [...ids]), [[0, 0, 1, 0], [1], [0, 0, 1]]);
  assert.deepEqual(hot.rowsPerTable, [1, 1, 1]);
  assert.equal(hot.total, 3);
  assert.equal(hot.leastAccesses, 7);
  assert.equal(hot.everything, false);
  assert.equal(hot.note, null);
  assert.deepEqual([...hot.flatRows()], [2, 4, 7]);
  assert.equal(hot.hotId(0, 2), 0);
  assert.equal(hot.hotId(0, 3), -1);
});

Deno.test("of equals those first by table and row are hot; ids go up with the row, not with the accesses", () => {
  const counts = countsOf([3, 1, 3], [3, 3, 100_000]);
  const hot = chooseHotRows(counts, rowsFit(4));
  assert.deepEqual(hot.rows.map((rows) => [...rows]), [[0, 2], [0, 2]]);
  assert.deepEqual(hot.ids.map((ids) => [...ids]), [[1, 0, 2], [1, 0, 2]]);
  assert.equal(hot.leastAccesses, 3);
  assert.deepEqual(counts, countsOf([3, 1, 3], [3, 3, 100_000]), "the profile is not used up");
});

Deno.test("rows never seen are hot only on demand, and what the budget does not limit is said", () => {
  const counts = countsOf([0, 4, 0], [0, 0, 2]);
  const seen = chooseHotRows(counts, rowsFit(4));
  assert.deepEqual([...seen.flatRows()], [1, 5]);
  assert.equal(seen.leastAccesses, 2);
  assert.equal(
    seen.note,
    "All 2 rows that the profile has seen are hot: the budget holds 4 rows",
  );
  const filled = chooseHotRows(counts, rowsFit(4, true));
  assert.deepEqual([...filled.flatRows()], [0, 1, 2, 5]);
  assert.equal(filled.leastAccesses, 0);
  assert.equal(filled.note, null);
  for (const rows of [6, 1000]) {
    const all = chooseHotRows(counts, rowsFit(rows, true));
    assert.equal(all.everything, true);
    assert.deepEqual([...all.flatRows()], [0, 1, 2, 3, 4, 5]);
    assert.equal(
      all.note,
      `All 6 rows are hot: the budget holds ${
        rows === 6 ? "6" : "1,000"
      } rows, so no input is cold`,
    );
  }
  assert.equal(chooseHotRows(countsOf([1], [2]), rowsFit(9)).everything, true);
});

Deno.test("budgets that hold no row and empty profiles are refused", () => {
  const counts = countsOf([1, 2]);
  for (const budgetBytes of [0, 4 * DIM - 1, -1, NaN]) {
    assert.throws(
      () => chooseHotRows(counts, { budgetBytes, dim: DIM, keepUntouched: true }),
      (error: Error) =>
        error instanceof UserError &&
        error.message === `Cannot choose hot rows: a budget of ${budgetBytes} bytes holds no row ` +
            `of 16 floats, which takes 64`,
    );
  }
  assert.throws(() => chooseHotRows(countsOf([0, 0]), rowsFit(1)), UserError);
  assert.throws(() => chooseHotRows([], rowsFit(1, true)), UserError);
  assert.throws(() => chooseHotRows(counts, { ...rowsFit(1), dim: 0 }), RangeError);
});

Deno.test("the choice is that of a full sort", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.array(fc.constantFrom(0, 0, 1, 2, 3, 70_000, 4_000_000_000), { maxLength: 20 }),
        { minLength: 1, maxLength: 5 },
      ),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      (tables, most, keepUntouched) => {
        const all = tables.flatMap((table, t) => table.map((uses, row) => ({ t, row, uses })));
        const want = all.toSorted((a, b) => b.uses - a.uses || a.t - b.t || a.row - b.row)
          .filter(({ uses }) => keepUntouched || uses > 0).slice(0, most);
        if (want.length === 0) {
          assert.throws(() => chooseHotRows(countsOf(...tables), rowsFit(most, keepUntouched)));
          return;
        }
        const hot = chooseHotRows(countsOf(...tables), rowsFit(most, keepUntouched));
        assert.equal(hot.total, want.length);
        assert.equal(hot.leastAccesses, want.at(-1)!.uses);
        let offset = 0;
        const flat: number[] = [];
        for (const [t, table] of tables.entries()) {
          const rows = want.filter((one) => one.t === t).map(({ row }) => row).sort((a, b) =>
            a - b
          );
          assert.deepEqual([...hot.rows[t]!], rows);
          assert.equal(hot.rowsPerTable[t], rows.length);
          table.forEach((_, row) => assert.equal(hot.hotId(t, row), rows.indexOf(row)));
          flat.push(...rows.map((row) => offset + row));
          offset += table.length;
        }
        assert.deepEqual([...hot.flatRows()], flat);
        assert.equal(hot.everything, hot.total === all.length);
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});
