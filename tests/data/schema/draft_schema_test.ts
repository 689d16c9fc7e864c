import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { NO_LOOKUP } from "../../../data/id_layout.ts";
import { openDataset } from "../../../data/open.ts";
import { draftSchema } from "../../../data/schema/draft_schema.ts";
import { readSchema } from "../../../data/schema/read_schema.ts";
import { formatSchema } from "../../../data/schema_command.ts";
import { findTextFile } from "../../../data/text_source.ts";
import { inFolder, readAll } from "../rows.ts";

/** Rows of a shop: only the fields that need them stand in quotes, as spreadsheets and Python write them. */
const SHOP = [
  "row_id,user,name,tags,price,clicked_at,click",
  ...Array.from({ length: 140 }, (_, i) => {
    const name = i % 2 === 0 ? '"Jam, ""red"""' : "plain bread";
    const tags = i % 3 === 0 ? '"4,7"' : i % 3 === 1 ? "" : "9";
    return `r${i},${i % 7},${name},${tags},${i / 4},${1_700_000_000 + i},${i % 5 === 0 ? 1 : 0}`;
  }),
];

async function draftOf(folder: string, lines: readonly string[]) {
  await Deno.writeTextFile(`${folder}/log`, lines.join("\n") + "\n");
  return await draftSchema(await findTextFile(`${folder}/log`));
}

Deno.test("a draft of rows of which some fields stand in quotes reads them", () =>
  inFolder(async (folder) => {
    const schema = await draftOf(folder, SHOP);
    assert.deepEqual(schema.text, {
      separator: ",",
      header: true,
      quotes: true,
      trailing: "exact",
    });
    assert.deepEqual(schema.columns.slice(1), [
      { name: "user", kind: "categorical", ids: "decimal" },
      { name: "name", kind: "categorical", ids: "text" },
      { name: "tags", kind: "categorical list", separator: ",", most: 2, ids: "decimal" },
      { name: "price", kind: "dense", transform: "none" },
      { name: "clicked_at", kind: "time", format: "seconds" },
      { name: "click", kind: "label" },
    ]);
    // As it is written to a file, and read from there.
    await Deno.writeTextFile(`${folder}/schema.json`, formatSchema(schema));
    using dataset = await openDataset({
      data: [`${folder}/log`],
      cacheDirectory: `${folder}/cache`,
      schema: await readSchema(`${folder}/schema.json`),
    });
    assert.deepEqual(dataset.schema.tables.map(({ name, rows }) => [name, rows]), [
      ["row_id", 140],
      ["user", 7],
      ["name", 2],
      ["tags", 3],
    ]);
    const { ids, size } = await readAll(dataset, "train");
    const bags = [0, 1, 2].map((b) =>
      [...ids.subarray(3 * size + 2 * b, 3 * size + 2 * (b + 1))].filter((id) => id !== NO_LOOKUP)
    );
    // Within a block the ids of all first places are numbered before those of the second ones.
    assert.deepEqual(bags, [[0, 2], [], [1]]);
  }));

Deno.test("the longest list of the first rows says how many ids count", () =>
  inFolder(async (folder) => {
    const long = Array.from({ length: 20 }, (_, i) => i).join("|");
    const { columns } = await draftOf(folder, ["y\titems", `1\t${long}`, "0\t3|4", "1\t5"]);
    assert.deepEqual(columns[1], {
      name: "items",
      kind: "categorical list",
      separator: "|",
      ids: "decimal",
      most: 20,
    });
  }));

Deno.test("decimal commas, lists in brackets, line ends within quotes and labels in words are drafted and read", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 28 }, (_, i) => {
      const text = i % 2 === 0 ? '"good;\nand ""cheap"""' : "dear";
      return `${i},25;[${i % 3}, 7];${text};${i % 4 === 0 ? "yes" : "No"}`;
    });
    const schema = await draftOf(folder, ["price;items;remark;bought", ...lines]);
    assert.deepEqual(schema.text, {
      separator: ";",
      header: true,
      quotes: true,
      trailing: "exact",
      decimal: ",",
    });
    assert.deepEqual(schema.columns, [
      { name: "price", kind: "dense", transform: "none" },
      { name: "items", kind: "categorical list", separator: ",", most: 2, ids: "decimal" },
      { name: "remark", kind: "categorical", ids: "text" },
      { name: "bought", kind: "label" },
    ]);
    const data = { data: [`${folder}/log`], cacheDirectory: `${folder}/cache` };
    using dataset = await openDataset({ ...data, schema });
    assert.deepEqual(dataset.schema.tables.map(({ rows }) => rows), [4, 2]);
    const { dense, labels } = await readAll(dataset, "train");
    assert.deepEqual([...dense.subarray(0, 3)], [0.25, 1.25, 2.25]);
    assert.deepEqual([...labels.subarray(0, 5)], [1, 0, 0, 0, 1]);
    const [remarks] = (await dataset.keys!()).slice(1);
    assert.ok(remarks!.ids?.kind === "texts");
    assert.equal(new TextDecoder().decode(remarks!.ids.bytes), 'good;\nand "cheap"dear');
    // The line of what is wrong is counted over those within quotes.
    await Deno.writeTextFile(
      `${folder}/log`,
      `price;items;remark;bought\n${lines[0]}\nx;[];a;no\n`,
    );
    await assert.rejects(
      openDataset({ ...data, schema }),
      /log:4:1 \(price\): "x" is not a number$/,
    );
  }));

Deno.test("numbers with spaces, infinite ones and ids of 64 bits are drafted and read", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 28 }, (_, i) => {
      const price = i % 7 === 0 ? "inf" : `${i}.5`;
      return `${i % 2}, ${price} ,${9007199254740993n + BigInt(i % 2)}, ${i % 3}.0, ${i % 2}x`;
    });
    const schema = await draftOf(folder, ["y, price, parcel, shop, kind", ...lines]);
    assert.deepEqual(schema.missing, ["inf"]);
    assert.deepEqual(schema.columns, [
      { name: "y", kind: "label" },
      { name: "price", kind: "dense", transform: "none" },
      { name: "parcel", kind: "categorical", ids: "decimal" },
      { name: "shop", kind: "categorical", ids: "decimal" },
      { name: "kind", kind: "categorical", ids: "text" },
    ]);
    const data = { data: [`${folder}/log`], cacheDirectory: `${folder}/cache` };
    using dataset = await openDataset({ ...data, schema });
    assert.deepEqual(dataset.schema.tables.map(({ rows }) => rows), [2, 3, 2]);
    assert.deepEqual([...(await readAll(dataset, "train")).dense.subarray(0, 3)], [0, 1.5, 2.5]);
    await assert.rejects(
      openDataset({ ...data, schema: { ...schema, missing: [] } }),
      /log:2:2 \(price\): "inf" is not a number; if it stands for no value, a schema names it/,
    );
  }));

Deno.test("what has no columns is not drafted, and the reason is one sentence", () =>
  inFolder(async (folder) => {
    const cases: [string[], RegExp][] = [
      [['{"click": 1, "user": 3}', '{"click": 0, "user": 4}'], /it is JSON; write its rows as/],
      [["1 1:0.5 7:2", "0 2:1.5e-3", "-1 3:1"], /lines are those of libsvm .label number:value/],
      [["click,user,user", "1,2,3", "0,4,5"], /its header has two columns user/],
      [["click,user"], /it has a header and no rows/],
      [
        [`click,user${" ".repeat(300)}`, "1,\0", "0,2"],
        /it is no text, because there is a byte of/,
      ],
    ];
    for (const [lines, message] of cases) {
      await assert.rejects(draftOf(folder, lines), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        assert.match(error.message, /^Cannot draft a schema of /);
        return true;
      });
    }
  }));
