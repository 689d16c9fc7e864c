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

Deno.test("formatTable() cuts a table at the width into parts that all tell its rows apart", () => {
  const wide: Table = {
    columns: ["plan", "seeds", "machine", "epoch, s", "speed-up"].map((name) => ({ name })),
    rows: [["fae", 3, "v100", 10, 1], ["fae", 3, "l4", 20, 1], ["slipstream", 3, "l4", 8, 1.25]],
  };
  // Plan and machine do, and the seeds add nothing.
  const parts = `plan        seeds  machine  epoch, s
──────────  ─────  ───────  ────────
fae             3  v100           10
fae             3  l4             20
slipstream      3  l4              8

plan        machine  speed-up
──────────  ───────  ────────
fae         v100            1
fae         l4              1
slipstream  l4           1.25
`;
  assert.equal(formatTable(wide, 36), parts);
  assert.equal(formatTable(wide, 45), parts);
  assert.equal(formatTable(wide, 46), formatTable(wide));
  const headings = (width: number) =>
    formatTable(wide, width).split("\n\n").map((part) => part.split("\n")[0]);
  // Where those leave no room, the rows are numbered; what is too wide stays whole.
  assert.deepEqual(headings(22), [
    "row  plan        seeds",
    "row  machine  epoch, s",
    "row  speed-up",
  ]);
  assert.equal(headings(5).length, 5);
  assert.equal(formatTable(wide, 13).split("\n")[2], "  1  fae");
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
