import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { openDataset, type OpenOptions } from "../../../data/open.ts";
import {
  LOG_SCHEMA_VERSION,
  type LogColumn,
  type LogSchema,
} from "../../../data/schema/log_schema.ts";
import type { Dataset, Split } from "../../../data/types.ts";
import { parquetWriteFile } from "../../../core/npm/hyparquet_writer.ts";
import { inFolder, readAll } from "../rows.ts";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

function schemaOf(columns: LogColumn[], rest: Partial<LogSchema> = {}): LogSchema {
  return {
    schema_version: LOG_SCHEMA_VERSION,
    name: "own",
    text: { separator: ",", header: true },
    columns,
    ...rest,
  };
}

const LABEL: LogColumn = { name: "y", kind: "label" };
const ITEM: LogColumn = { name: "item", kind: "categorical", ids: "text" };

/** Opens a log of its own in a folder. */
function open(
  folder: string,
  schema: LogSchema,
  options: Partial<OpenOptions> = {},
): Promise<Dataset> {
  return openDataset({
    data: [`${folder}/log`],
    cacheDirectory: `${folder}/cache`,
    schema,
    ...options,
  });
}

async function withLog(
  rows: readonly string[],
  body: (folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log`, rows.map((row) => `${row}\n`).join(""));
    await body(folder);
  });
}

/** The labels of a split tell the rows apart where they are numbers of a dense column. */
async function denseOf(dataset: Dataset, split: Split): Promise<number[]> {
  return [...(await readAll(dataset, split)).dense];
}

Deno.test("a log's columns are what its schema says", () =>
  withLog(
    [
      "skipped,price,y,user,shown,age,row,item,Copy",
      ...range(21).map((i) =>
        `x,${i === 2 ? "-" : i},${i % 2},${(2n ** 64n) + BigInt(i % 3)},2020-01-01 ${
          String(i).padStart(2, "0")
        }:30,${i},${i % 5},item ${i % 4},item ${i % 4}`
      ),
    ],
    async (folder) => {
      const dataset = await open(
        folder,
        schemaOf([
          ITEM,
          LABEL,
          { name: "price", kind: "dense", missing: 99 },
          { name: "user", kind: "categorical", ids: "decimal" },
          { name: "shown", kind: "time", format: "ISO 8601", dense: "hour of day" },
          { name: "age", kind: "categorical", ids: "buckets", bounds: [5, 10.5] },
          { name: "row", kind: "categorical", ids: "decimal", rows: { keep: 7 } },
          { name: "again", header: "Copy", kind: "categorical", ids: "text", rows: { hash: 50 } },
        ], { missing: ["-"] }),
      );
      assert.equal(dataset.schema.format, "own");
      assert.deepEqual(dataset.schema.dense, ["price", "shown"]);
      assert.deepEqual(dataset.schema.tables, [
        { name: "item", rows: 4 },
        { name: "user", rows: 3 },
        { name: "age", rows: 4 },
        { name: "row", rows: 7 },
        { name: "again", rows: 50 },
      ]);
      const { dense, ids, labels, size } = await readAll(dataset, "train");
      assert.equal(size, 18);
      assert.deepEqual([...labels.subarray(0, 4)], [0, 1, 0, 1]);
      assert.deepEqual([...dense.subarray(0, 6)], [0, 0, 1, 1 / 24, 99, 2 / 24].map(Math.fround));
      const table = (t: number) => [...ids.subarray(t * size, t * size + 12)];
      assert.deepEqual(table(0), [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
      assert.deepEqual(table(1), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
      assert.deepEqual(table(2), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2]);
      assert.deepEqual(table(3), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
      // Equal items have one hash, and four items hardly one.
      const hashed = table(4);
      assert.deepEqual(hashed.slice(0, 4), hashed.slice(4, 8));
      assert.ok(new Set(hashed).size > 1);
      dataset.close();
    },
  ));

Deno.test("the same schema reads a log as Parquet, where columns are typed", () =>
  withLog(
    ["y,price,user,item", ...range(30).map((i) => `${i % 2},${i / 4},${i % 7},${i % 4}`)],
    async (folder) => {
      const schema = schemaOf([
        LABEL,
        { name: "price", kind: "dense", transform: "log" },
        { name: "user", kind: "categorical", ids: "decimal" },
        ITEM,
      ]);
      await parquetWriteFile({
        filename: `${folder}/log.parquet`,
        columnData: [
          { name: "item", data: range(30).map((i) => String(i % 4)), type: "STRING" },
          { name: "y", data: range(30).map((i) => i % 2 === 1), type: "BOOLEAN" },
          { name: "price", data: range(30).map((i) => i / 4), type: "DOUBLE" },
          { name: "user", data: range(30).map((i) => BigInt(i % 7)), type: "INT64" },
        ],
        rowGroupSize: 8,
      });
      const text = await open(folder, schema);
      const parquet = await open(folder, schema, { data: [`${folder}/log.parquet`] });
      for (const split of ["train", "test", "validation"] as const) {
        assert.deepEqual(await readAll(parquet, split), await readAll(text, split));
      }
      const limited = await open(folder, schema, { data: [`${folder}/log.parquet`], limit: 14 });
      assert.equal(limited.count("train"), 12);
      for (const one of [text, parquet, limited]) one.close();
      await assert.rejects(
        open(folder, schemaOf([LABEL, { ...ITEM, name: "shop" }]), {
          data: [`${folder}/log.parquet`],
        }),
        /it has no column shop \(it has item, y, price, user\)/,
      );
    },
  ));

Deno.test("a log without a dense column has a constant, and positions find columns without a header", () =>
  withLog(range(14).map((i) => `${i % 3};${i % 2 === 0 ? 5 : 1}`), async (folder) => {
    const dataset = await open(
      folder,
      schemaOf([
        { name: "stars", kind: "label", above: 3.5, position: 2 },
        { name: "item", kind: "categorical", ids: "decimal", position: 1 },
      ], { text: { separator: ";", header: false } }),
    );
    assert.deepEqual(dataset.schema.dense, ["constant"]);
    const { dense, labels } = await readAll(dataset, "train");
    assert.ok(dense.every((value) => value === 1));
    assert.deepEqual([...labels.subarray(0, 4)], [1, 0, 1, 0]);
    dataset.close();
  }));

Deno.test("numbers are standardised over the rows that train, and rare ids of a column share a row", () =>
  withLog(
    ["y,x,item", ...range(21).map((i) => `0,${i < 18 ? i % 2 : 100},${i < 17 ? i >> 3 : 7 + i}`)],
    async (folder) => {
      const dataset = await open(
        folder,
        schemaOf([
          LABEL,
          { name: "x", kind: "dense", transform: "standardise" },
          { ...ITEM, min_count: 2 } as LogColumn,
        ]),
      );
      assert.deepEqual(await denseOf(dataset, "train"), range(18).map((i) => i % 2 === 0 ? -1 : 1));
      assert.deepEqual((await denseOf(dataset, "test"))[0], 199);
      // Items 0 and 1 come eight times, 2 and the others once.
      assert.deepEqual(dataset.schema.tables, [{ name: "item", rows: 3 }]);
      const { ids } = await readAll(dataset, "train");
      assert.deepEqual([...ids], range(18).map((i) => i < 8 ? 1 : i < 16 ? 2 : 0));
      assert.match(dataset.notes.join("\n"), /Standardised .*: x \(0.5000, 0.5000\)/);
      dataset.close();
    },
  ));

Deno.test("rows are split by time, by user, by share and by file", () =>
  withLog(
    ["y,x,item,t", ...range(100).map((i) => `${i % 2},${i},u${i % 20},${86_400 * (i % 10)}`)],
    async (folder) => {
      const columns: LogColumn[] = [
        LABEL,
        { name: "x", kind: "dense" },
        ITEM,
        { name: "t", kind: "time", format: "seconds" },
      ];
      const split = async (rule: LogSchema["split"], options: Partial<OpenOptions> = {}) => {
        const dataset = await open(folder, schemaOf(columns, { split: rule }), options);
        const parts = {
          train: await denseOf(dataset, "train"),
          test: await denseOf(dataset, "test"),
          validation: await denseOf(dataset, "validation"),
        };
        dataset.close();
        return parts;
      };
      const byTime = await split({
        by: "time",
        test_from: "1970-01-10",
        validation_from: "1970-01-09",
      });
      assert.ok(byTime.test.length === 10 && byTime.test.every((i) => i % 10 === 9));
      assert.ok(byTime.validation.length === 10 && byTime.validation.every((i) => i % 10 === 8));
      assert.equal(byTime.train.length, 80);

      const byUser = await split({ by: "user", column: "item", test: 0.3, validation: 0.2 });
      const users = (part: readonly number[]) => new Set(part.map((i) => i % 20));
      const sets = [users(byUser.train), users(byUser.test), users(byUser.validation)];
      assert.equal(sets.reduce((sum, { size }) => sum + size, 0), 20);
      assert.equal(byUser.test.length, 5 * sets[1]!.size);
      const other = await split(
        { by: "user", column: "item", test: 0.3, validation: 0.2 },
        { seed: 4 },
      );
      assert.notDeepEqual(users(other.test), sets[1]);

      const byShare = await split({ by: "share", test: 0.2, validation: 0.1 });
      assert.deepEqual(byShare.test, range(20).map((i) => 70 + i));
      assert.deepEqual(byShare.validation, range(10).map((i) => 90 + i));

      await Deno.writeTextFile(`${folder}/held`, "y,x,item,t\n0,500,u1,0\n1,501,new,0\n");
      await Deno.writeTextFile(`${folder}/more`, "t,item,x,y\n0,u1,600,1\n");
      const byFile = await split(undefined, {
        test: [`${folder}/held`],
        validation: [`${folder}/more`],
      });
      assert.deepEqual([byFile.train.length, byFile.test, byFile.validation], [
        100,
        [500, 501],
        [600],
      ]);
      await assert.rejects(
        split({ by: "time", test_from: "2020-01-01" }),
        /Cannot split the log by its rule: of 100 inputs none tests/,
      );
      await assert.rejects(
        split(undefined, { test: [`${folder}/held`], limit: 5 }),
        /a limit takes the first rows of all files/,
      );
    },
  ));

Deno.test("a cache belongs to its schema", () =>
  withLog(["y,x,item", ...range(14).map((i) => `${i % 2},${i},i${i}`)], async (folder) => {
    const one = schemaOf([LABEL, { name: "x", kind: "dense" }, ITEM]);
    const two = schemaOf([LABEL, { name: "x", kind: "dense", transform: "log" }, ITEM]);
    const hashes = new Set<string>();
    for (const schema of [one, two, one]) {
      const dataset = await open(folder, schema);
      hashes.add(dataset.hash);
      dataset.close();
    }
    assert.equal(hashes.size, 2);
  }));

Deno.test("what a schema cannot mean is refused in a sentence", () =>
  withLog(["y,x,item", "1,2,a", "0,x,b"], async (folder) => {
    await Deno.writeTextFile(`${folder}/rows.jsonl`, '{"y":1,"item":"a"}\n{"y":0,"item":"b"}\n');
    await Deno.writeTextFile(`${folder}/quoted.csv`, '"y","x","item"\n"1","2","a"\n');
    const cases: [LogSchema, Partial<OpenOptions>, RegExp][] = [
      [schemaOf([LABEL, { ...ITEM, name: "shop" }]), {}, /header has no column shop \(it has y, x/],
      [
        schemaOf([LABEL, { name: "x", kind: "dense" }, ITEM]),
        {},
        /log:3:2 \(x\): "x" is not a number$/,
      ],
      [schemaOf([LABEL, ITEM]), { maxIndexRange: 5 }, /they are texts; give it rows {"hash": 5}/],
      [schemaOf([LABEL, ITEM]), { format: "avazu" }, /and so does format avazu; give one of them/],
      [
        schemaOf([{ ...LABEL, name: "click" }, ITEM]),
        {},
        /has no column click \(it has y, x, item\); a log without labels needs a schema without/,
      ],
      [
        schemaOf([LABEL, ITEM], { text: { separator: ";", header: true } }),
        {},
        /no column y \(it has y,x,item\); it has none of the columns, so the separator is another/,
      ],
      [
        schemaOf([LABEL, ITEM]),
        { data: [`${folder}/rows.jsonl`] },
        /\(it has {"y":1, .*; it is JSON; write its rows as CSV or Parquet first$/,
      ],
      [
        schemaOf([LABEL, ITEM]),
        { data: [`${folder}/quoted.csv`] },
        /it stands in double quotes, so the schema's text needs quotes$/,
      ],
      [
        schemaOf([{ ...LABEL, header: "x" }, ITEM]),
        {},
        /log:2:2 \(y\): label "2" is not 0 or 1; of ratings, a schema says above which number/,
      ],
      [schemaOf([ITEM]), {}, /it has no labels, so it can only be scored/],
    ];
    for (const [schema, options, message] of cases) {
      await assert.rejects(open(folder, schema, options), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  }));
