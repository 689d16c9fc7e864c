import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { checkLogSchema, readSchema } from "../../../data/schema/read_schema.ts";
import { inFolder } from "../rows.ts";

const GOOD = {
  schema_version: 1,
  name: "own",
  text: { separator: ",", header: true },
  columns: [
    { name: "y", kind: "label" },
    { name: "x", kind: "dense" },
    { name: "t", kind: "time", format: "seconds" },
    { name: "item", kind: "categorical", ids: "text" },
  ],
};
const withColumn = (column: object) => ({ ...GOOD, columns: [...GOOD.columns, column] });

Deno.test("a schema that is right is taken as it is", () => {
  assert.deepEqual(checkLogSchema(GOOD, "f"), GOOD);
  const full = {
    ...withColumn({
      name: "u",
      header: "U",
      kind: "categorical",
      ids: "decimal",
      rows: { hash: 10 },
    }),
    missing: ["-"],
    split: { by: "user", column: "u", test: 0.1 },
  };
  assert.deepEqual(checkLogSchema(full, "f"), full);
});

Deno.test("what is wrong with a schema is said with its path", () => {
  const id = { name: "u", kind: "categorical", ids: "decimal" };
  const cases: [unknown, string][] = [
    [3, "the document is 3, not an object"],
    [{ ...GOOD, schema_version: 2 }, "schema_version is 2, not 1"],
    [{ ...GOOD, colums: [] }, "colums is no field of a schema here, did you mean columns?"],
    [{ ...GOOD, name: undefined }, "name is missing"],
    [{ ...GOOD, columns: [] }, "columns is no list of columns"],
    [
      { ...GOOD, columns: GOOD.columns.slice(0, 2) },
      "columns name no categorical column, so there would be no embedding table",
    ],
    [
      { ...GOOD, text: { separator: ", ", header: true } },
      'text.separator is ", ", not one character that stands in no number or word',
    ],
    [{ ...GOOD, text: { separator: "," } }, "text.header is missing, not true or false"],
    [
      withColumn({ name: "z", kind: "number" }),
      'columns[4].kind is "number", not one of label, dense, categorical, categorical list, time, ignored',
    ],
    [
      withColumn({ name: "z", kind: "dense", ids: "text" }),
      "columns[4].ids is no field of a schema here",
    ],
    [withColumn({ name: "y", kind: "dense" }), 'columns[4].name is "y", as that of columns[0]'],
    [
      withColumn({ name: "z", header: "item", kind: "categorical", ids: "text" }),
      'columns[4].header is "item", as that of columns[3]',
    ],
    [withColumn({ name: "z", kind: "label" }), "columns[4].kind is label, as that of columns[0]"],
    [
      withColumn({ ...id, bits: 64 }),
      "columns[4].bits is 64, not 32 (leave it out for ids of any length)",
    ],
    [
      withColumn({ ...id, rows: { hash: 0 } }),
      "columns[4].rows.hash is 0, not an integer from 1 to 2147483648",
    ],
    [
      withColumn({ ...id, ids: "text", rows: { keep: 5 } }),
      "columns[4].rows keeps ids, but they are text and not decimal",
    ],
    [withColumn({ ...id, ids: "buckets" }), "columns[4].bounds is missing, and ids are buckets"],
    [
      withColumn({ ...id, ids: "buckets", bounds: [2, 2] }),
      "columns[4].bounds[1] is 2, not above the one before it",
    ],
    [
      withColumn({ ...id, min_count: 2, rows: { hash: 9 } }),
      "columns[4].min_count is given beside rows that are not by appearance; leave it out",
    ],
    [
      withColumn({ ...id, kind: "categorical list", separator: ",", most: 3 }),
      'columns[4].separator is ",", as that between columns, and fields do not stand in quotes',
    ],
    [
      withColumn({ ...id, kind: "categorical list", separator: "|" }),
      "columns[4].most is missing, not an integer from 1 to 1024",
    ],
    [{ ...GOOD, split: { by: "share", test: 1 } }, "split.test is 1, not a share between 0 and 1"],
    [
      { ...GOOD, split: { by: "time", test_from: "soon" } },
      'split.test_from is "soon", not an ISO 8601 time',
    ],
    [
      { ...GOOD, split: { by: "user", column: "x", test: 0.1 } },
      'split.column is "x", which is no categorical column',
    ],
    [{
      ...GOOD,
      text: { separator: ",", header: false },
      columns: [{ ...GOOD.columns[0], position: 1 }, GOOD.columns[3]],
    }, "columns give positions for some columns and not for others, and there is no header"],
  ];
  for (const [document, problem] of cases) {
    assert.throws(() => checkLogSchema(document, "f.json"), (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.message, `Cannot read the schema f.json: ${problem}`);
      return true;
    });
  }
});

Deno.test("a file that is no schema is refused by its name", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/broken`, "{");
    await assert.rejects(readSchema(`${folder}/broken`), /Cannot read the schema .*broken: /);
    await assert.rejects(readSchema(`${folder}/none`), /Cannot read .*none: No such file/);
    // Five terabytes of nothing, which take no room on the disk and would take all memory.
    await Deno.writeTextFile(`${folder}/vast`, "");
    await Deno.truncate(`${folder}/vast`, 5e12);
    await assert.rejects(
      readSchema(`${folder}/vast`),
      /Cannot read .*vast: it has more than 64.0 MB/,
    );
  }));
