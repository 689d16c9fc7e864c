import assert from "node:assert/strict";
import { wrap } from "../../core/wrap.ts";

Deno.test("lines are broken at spaces and keep their indent", () => {
  assert.equal(
    wrap("one two three four\n  - five six seven", { width: 10, hang: 2 }),
    "one two\n  three\n  four\n  - five\n    six\n    seven",
  );
});

Deno.test("a line that fits and a word that is too long stay as they are", () => {
  assert.equal(wrap("as  it is", { width: 9 }), "as  it is");
  assert.equal(wrap("a unbreakable b", { width: 5 }), "a\nunbreakable\nb");
});
