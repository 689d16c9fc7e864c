import assert from "node:assert/strict";
import { formatMarkdown, formatTable, type Table } from "../../core/table.ts";

const TABLE: Table = {
  columns: [
    { name: "op" },
    { name: "ms", format: (value) => value.toFixed(1) },
    { name: "note", align: "right" },
  ],
  rows: [["gather|sum", 12.34, "x"], ["bce", null, "longer"]],
};

Deno.test("formatTable() aligns numbers right and text left", () => {
  assert.equal(
    formatTable(TABLE),
    `op            ms    note
──────────  ────  ──────
gather|sum  12.3       x
bce            -  longer
`,
  );
});

Deno.test("formatMarkdown() escapes bars and marks alignment", () => {
  assert.equal(
    formatMarkdown(TABLE),
    `| op          |   ms |   note |
| ----------- | ---: | -----: |
| gather\\|sum | 12.3 |      x |
| bce         |    - | longer |
`,
  );
});

Deno.test("formatTable() handles a table without rows and coloured cells", () => {
  assert.equal(formatTable({ columns: [{ name: "a" }], rows: [] }), "a\n─\n");
  const colored = formatTable({
    columns: [{ name: "a" }, { name: "b" }],
    rows: [["\x1b[31mx\x1b[39m", 1]],
  });
  assert.equal(colored, "a  b\n─  ─\n\x1b[31mx\x1b[39m  1\n");
});

Deno.test("formatTable() refuses a row of the wrong length", () => {
  assert.throws(
    () => formatTable({ columns: [{ name: "a" }], rows: [[1, 2]] }),
    new RangeError("Cannot lay out row 0: it has 2 cells for 1 columns"),
  );
});
