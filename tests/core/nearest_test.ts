import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { editDistance, nearest } from "../../core/nearest.ts";

Deno.test("editDistance() counts insertions, deletions, substitutions and swaps", () => {
  assert.equal(editDistance("batch", "batch"), 0);
  assert.equal(editDistance("bach", "batch"), 1);
  assert.equal(editDistance("bathc", "batch"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("editDistance() is symmetric and zero only for equal words", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
      assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
    }),
    { seed: 1 },
  );
});

Deno.test("nearest() finds typing errors and beginnings, and leaves strangers alone", () => {
  const names = ["batch", "bottom", "eval-every", "test-batch"];
  assert.equal(nearest("bach", names), "batch");
  assert.equal(nearest("eval", names), "eval-every");
  assert.equal(nearest("evaleverey", names), "eval-every");
  assert.equal(nearest("gpu", ["auto", "cpu", "webgpu"]), "webgpu");
  assert.equal(nearest("zzzzzz", names), null);
  assert.equal(nearest("x", names), null);
});
