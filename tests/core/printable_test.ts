import assert from "node:assert/strict";
import { printable, showValue } from "../../core/printable.ts";

Deno.test("characters that a terminal obeys or hides are shown as their codes", () => {
  assert.equal(printable("\u001b[31mred\u0007\n"), "\\u001b[31mred\\u0007\\u000a");
  assert.equal(
    printable("a\u009bb\u007f\u202ec\u2028\ufeff"),
    "a\\u009bb\\u007f\\u202ec\\u2028\\ufeff",
  );
  assert.equal(printable("\ud800 \u{e0041}"), "\\ud800 \\u{e0041}");
  assert.equal(printable("Größe 3 µs, 表, 🙂"), "Größe 3 µs, 表, 🙂");
});

Deno.test("values of a document are shown in a few characters", () => {
  assert.equal(showValue("a\u001b"), '"a\\u001b"');
  assert.equal(showValue("x".repeat(1000)).length, 63);
  assert.deepEqual([[], [1, 2], {}, null, 5e-324].map(showValue), [
    "[]",
    "a list of 2",
    "an object",
    "null",
    "5e-324",
  ]);
});
