import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { UserError } from "../../core/errors.ts";
import { splitLastFile, splitSevenths } from "../../data/split.ts";

Deno.test("Criteo Kaggle splits into the published counts", () => {
  assert.deepEqual(splitSevenths(45_840_617), {
    train: { start: 0, count: 39_291_958 },
    test: { start: 39_291_958, count: 3_274_330 },
    validation: { start: 42_566_288, count: 3_274_329 },
  });
});

Deno.test("sevenths: the last piece is that of NumPy's array_split", () => {
  fc.assert(
    fc.property(fc.integer({ min: 7, max: 10_000 }), (rows) => {
      const pieces = Array.from({ length: 7 }, (_, k) => Math.floor(rows / 7) + +(k < rows % 7));
      const { train, test, validation } = splitSevenths(rows);
      assert.equal(train.count, pieces.slice(0, 6).reduce((a, b) => a + b));
      assert.equal(test.count + validation.count, pieces[6]);
      assert.ok(test.count - validation.count === 0 || test.count - validation.count === 1);
      assert.deepEqual([test.start, validation.start], [train.count, train.count + test.count]);
    }),
    { seed: 1 },
  );
});

Deno.test("the last file is halved", () => {
  assert.deepEqual(splitLastFile([5, 6, 7]), {
    train: { start: 0, count: 11 },
    test: { start: 11, count: 4 },
    validation: { start: 15, count: 3 },
  });
});

Deno.test("too few inputs for a split are an error", () => {
  for (const rows of [0, 1, 6]) assert.throws(() => splitSevenths(rows), UserError);
  for (const files of [[], [5], [0, 5], [5, 0]]) {
    assert.throws(() => splitLastFile(files), UserError);
  }
});
