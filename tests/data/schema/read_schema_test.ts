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
    [3, "it is 3 and must be an object"],
    [{ ...GOOD, schema_version: 2 }, "schema_version is 2 and must be 1"],
    [{ ...GOOD, colums: [] }, "colums is no field of it, did you mean columns?"],
    [{ ...GOOD, name: undefined }, "name is missing"],
    [{ ...GOOD, columns: [] }, "columns is [] and must be a list of 1 to 4096"],
    [
      { ...GOOD, columns: GOOD.columns.slice(0, 2) },
      "columns name no categorical column, so there would be no embedding table",
    ],
    [
      { ...GOOD, text: { separator: ", ", header: true } },
      'text.separator is ", " and must be one character that stands in no number or word',
    ],
    [{ ...GOOD, text: { separator: "," } }, "text.header is missing"],
    [
      withColumn({ name: "z", kind: "number" }),
      'columns[4].kind is "number" and must be one of label, dense, categorical, categorical list, sequence, time, ignored',
    ],
    [
      withColumn({ name: "z", kind: "dense", ids: "text" }),
      "columns[4].ids is no field of it",
    ],
    [withColumn({ name: "y", kind: "dense" }), 'columns[4].name is "y", as that of columns[0]'],
    [
      withColumn({ name: "z", header: "item", kind: "categorical", ids: "text" }),
      'columns[4].header is "item", as that of columns[3]',
    ],
    [withColumn({ name: "z", kind: "label" }), "columns[4].kind is label, as that of columns[0]"],
    [
      withColumn({ ...id, bits: 64 }),
      "columns[4].bits is 64 and must be 32, or be left out for ids of any length",
    ],
    [
      withColumn({ ...id, rows: { hash: 0 } }),
      "columns[4].rows.hash is 0 and must be a whole number from 1 to 2147483648",
    ],
    [
      withColumn({ ...id, ids: "text", rows: { keep: 5 } }),
      "columns[4] keeps ids, but they are text and not decimal",
    ],
    [withColumn({ ...id, ids: "buckets" }), "columns[4] has no bounds, and ids are buckets"],
    [
      withColumn({ ...id, ids: "buckets", bounds: [2, 2] }),
      "columns[4].bounds does not ascend",
    ],
    [
      withColumn({ ...id, min_count: 2, rows: { hash: 9 } }),
      "columns[4] has min_count beside rows that are not by appearance; leave it out",
    ],
    [
      withColumn({ ...id, kind: "categorical list", separator: ",", most: 3 }),
      'columns[4].separator is ",", as that between columns, and fields do not stand in quotes',
    ],
    [
      withColumn({ ...id, kind: "categorical list", separator: "|" }),
      "columns[4].most is missing",
    ],
    [
      { ...GOOD, split: { by: "share", test: 1 } },
      "split.test is 1 and must be a share between 0 and 1",
    ],
    [
      { ...GOOD, split: { by: "time", test_from: "soon" } },
      'split.test_from is "soon" and must be an ISO 8601 time',
    ],
    [
      { ...GOOD, split: { by: "user", column: "x", test: 0.1 } },
      'split.column is "x", which is no categorical column',
    ],
    [
      withColumn({ name: "z", kind: "sequence", of: "x", separator: "|", steps: 3 }),
      'columns[4].of is "x", which is no categorical column',
    ],
    [
      withColumn({ name: "z", kind: "sequence", of: "item", separator: ",", steps: 3 }),
      'columns[4].separator is ",", as that between columns, and fields do not stand in quotes',
    ],
    [{
      ...GOOD,
      columns: [
        ...GOOD.columns,
        id,
        { name: "z", kind: "sequence", of: "item", separator: "|", steps: 3 },
        { name: "w", kind: "sequence", of: "u", separator: "|", steps: 4 },
      ],
    }, "columns[6].steps is 4, and that of columns[5] is 3"],
    [
      { ...GOOD, text: { separator: ",", header: true, decimal: "," } },
      'text.decimal is ",", as that between columns, and fields do not stand in quotes',
    ],
    [
      { ...GOOD, split: { by: "share", test: 0.6, validation: 0.4 } },
      "split leaves nothing to train with",
    ],
    [withColumn({ ...id, rows: { hash: 3, keep: 3 } }), "columns[4].rows.keep is no field of it"],
    [
      withColumn({ ...id, rows: "hash" }),
      'columns[4].rows is "hash" and must be "appearance", {"hash": N} or {"keep": N}',
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
