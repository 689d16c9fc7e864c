import assert from "node:assert/strict";
import { BENCH_SCHEMA_VERSION, buildDocument, tableToCsv } from "../../bench/report.ts";

const TABLE = {
  title: "A table",
  columns: [{ name: "who" }, { name: "ms" }, { name: "95 %" }, { name: "ms" }],
  rows: [["ours, fast", 1.5, null, 3], ['a "peer"', 2, 7, 4]],
};

Deno.test("tableToCsv() keeps full numbers, quotes text and tells equal columns apart", async () => {
  assert.equal(
    await tableToCsv(TABLE),
    'who,ms,95 %,ms (4)\n"ours, fast",1.5,,3\n"a ""peer""",2,7,4\n',
  );
});

Deno.test("buildDocument() holds tables, notes and where they come from", () => {
  const document = buildDocument("kernels", { tables: [TABLE], notes: ["a note"] });
  assert.equal(document.schema, "slipstream.bench");
  assert.equal(document.schema_version, BENCH_SCHEMA_VERSION);
  assert.equal(document.experiment, "kernels");
  assert.deepEqual(document.tables[0]!.columns, ["who", "ms", "95 %", "ms"]);
  assert.deepEqual(JSON.parse(JSON.stringify(document)).tables[0].rows, TABLE.rows);
  assert.equal(document.environment.deno, Deno.version.deno);
});
