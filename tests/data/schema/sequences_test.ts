/** Columns of what came before become the steps of sequences. */

import assert from "node:assert/strict";
import { tableFromArrays, tableToIPC } from "../../../core/npm/flechette.ts";
import { openDataset, type OpenOptions } from "../../../data/open.ts";
import { LOG_SCHEMA_VERSION, type LogSchema } from "../../../data/schema/log_schema.ts";
import type { Dataset, Split } from "../../../data/types.ts";
import { parseTrainCommand } from "../../../train/command/choose_model.ts";
import { runScoring } from "../../../train/run/run_scoring.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { inFolder, readAll } from "../rows.ts";

const ITEM = { name: "item", kind: "categorical", ids: "text" } as const;
const SCHEMA: LogSchema = {
  schema_version: LOG_SCHEMA_VERSION,
  name: "shown",
  text: { separator: ",", header: true },
  missing: ["-"],
  split: { by: "share", test: 0.2 },
  columns: [
    { name: "y", kind: "label" },
    { name: "user", kind: "categorical", ids: "text" },
    { name: "price", kind: "dense" },
    ITEM,
    { name: "seen", kind: "sequence", of: "item", separator: "^", steps: 3 },
  ],
};

/** Label, user, price, item, items before. */
const ROWS = [
  ["1", "u", "5", "c", "a^b"],
  ["0", "v", "6", "a", ""],
  ["1", "u", "7", "d", "a^b^c^d^e"],
  ["0", "w", "8", "-", "-"],
  ["1", "v", "9", "e", "[c^ a]"],
];

async function withLog(
  body: (
    open: (schema: LogSchema, options?: Partial<OpenOptions>) => Promise<Dataset>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const lines = [["y", "user", "price", "item", "seen"], ...ROWS].map((row) => row.join(","));
    await Deno.writeTextFile(`${folder}/log`, lines.join("\n"));
    await body((schema, options) =>
      openDataset({
        ...{ data: [`${folder}/log`], cacheDirectory: `${folder}/cache`, schema },
        ...options,
      }), folder);
  });
}

/** The steps of a split's inputs in a table, by what its rows stand for. */
async function stepsOf(dataset: Dataset, split: Split, table: number): Promise<string[]> {
  const { ids, size } = await readAll(dataset, split);
  const keys = (await dataset.keys!())[table]!, steps = dataset.schema.steps!;
  assert.ok(keys.ids?.kind === "texts");
  const { bytes, ends } = keys.ids;
  const names = [
    ...keys.reserved.map((name) => `(${name})`),
    ...Array.from(ends, (end, i) => {
      return new TextDecoder().decode(bytes.subarray(ends[i - 1] ?? 0, end)) || "?";
    }),
  ];
  return Array.from({ length: size }, (_, b) => {
    const from = (table * size + b) * steps;
    return [...ids.subarray(from, from + steps)].map((row) => names[row]).join(" ");
  });
}

Deno.test("a sequence is padded in front, its last ids count, and the id that it is of comes last", () =>
  withLog(async (open) => {
    using dataset = await open(SCHEMA);
    assert.equal(dataset.schema.steps, 4);
    assert.deepEqual(dataset.schema.dense, ["step", "price"]);
    assert.deepEqual(dataset.schema.tables, [
      { name: "user", rows: 3 },
      { name: "item", rows: 7 },
    ]);
    assert.deepEqual(await stepsOf(dataset, "train", 1), [
      "(padding) a b c",
      "(padding) (padding) (padding) a",
      "c d e d",
      "(padding) (padding) (padding) ?",
    ]);
    assert.deepEqual(await stepsOf(dataset, "test", 1), ["(padding) c a e"]);
    assert.deepEqual(await stepsOf(dataset, "train", 0), [
      "u u u u",
      "v v v v",
      "u u u u",
      "w w w w",
    ]);
    const { dense } = await readAll(dataset, "train");
    assert.deepEqual([...dense.subarray(0, 16)], [
      ...[0, 5, 0.25, 5, 0.5, 5, 0.75, 5],
      ...[0, 6, 0.25, 6, 0.5, 6, 0.75, 6],
    ]);
  }));

Deno.test("a file that holds lists gives the sequences of the text", () =>
  withLog(async (open, folder) => {
    const table = tableFromArrays({
      y: ROWS.map(([y]) => Number(y)),
      user: ROWS.map(([, user]) => user),
      price: ROWS.map(([, , price]) => Number(price)),
      item: ROWS.map(([, , , item]) => item),
      seen: ROWS.map(([, , , , seen]) => seen!.match(/[a-z]/g) ?? []),
    });
    await Deno.writeFile(`${folder}/arrow`, tableToIPC(table, { format: "file" })!);
    using text = await open(SCHEMA), columns = await open(SCHEMA, { data: [`${folder}/arrow`] });
    for (const split of ["train", "test"] as const) {
      assert.deepEqual(await readAll(columns, split), await readAll(text, split));
    }
  }));

Deno.test("rare ids of sequences share a row behind that of padding, and rows are hashed", () =>
  withLog(async (open) => {
    const withItem = (item: object): LogSchema => ({
      ...SCHEMA,
      columns: SCHEMA.columns.map((column) =>
        column.name === "item" ? { ...ITEM, ...item } : column
      ),
    });
    {
      using dataset = await open(withItem({ min_count: 2 }));
      assert.deepEqual(await stepsOf(dataset, "train", 1), [
        "(padding) a (rare) c",
        "(padding) (padding) (padding) a",
        "c d (rare) d",
        "(padding) (padding) (padding) (rare)",
      ]);
    }
    {
      using dataset = await open(withItem({ rows: { hash: 9 } }));
      assert.equal(dataset.schema.tables[1]!.rows, 10);
      const { ids, size } = await readAll(dataset, "train");
      const item = ids.subarray(4 * size);
      assert.equal(item[0], 0);
      assert.ok(item.subarray(1, 4).every((row) => row > 0 && row < 10));
    }
    {
      // Of the item that is shown, and not of those before.
      using dataset = await open(withItem({}), { seed: 2 });
      const split = { by: "user", column: "item", test: 0.4 } as const;
      using byItem = await open({ ...SCHEMA, split }, { seed: 2 });
      const last = async (split: Split) =>
        (await stepsOf(byItem, split, 1)).map((steps) => steps.split(" ").at(-1)!);
      const [train, test] = [new Set(await last("train")), new Set(await last("test"))];
      assert.equal(train.size + test.size, 5);
      assert.ok(train.isDisjointFrom(test));
      assert.equal(dataset.count("train"), 4);
    }
  }));

Deno.test("a TBSM is trained on sequences and scores those of another log by their ids", () =>
  inFolder(async (folder) => {
    // An input is a click if its item was seen before.
    const write = async (name: string, from: number, count: number) => {
      const rows = Array.from({ length: count }, (_, k) => {
        const i = from + k, seen = Array.from({ length: i % 4 }, (_, s) => (i * (s + 3)) % 13);
        const item = i % 2 === 0 && seen.length > 0 ? seen[i % seen.length]! : (i * 5) % 13;
        return `${Number(seen.includes(item))},u${i % 5},${i % 3},i${item},${
          seen.map((id) => `i${id}`).join("^")
        }`;
      });
      await Deno.writeTextFile(`${folder}/${name}`, ["y,user,price,item,seen", ...rows].join("\n"));
    };
    await write("train.csv", 0, 1500);
    await write("next.csv", 1501, 200);
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(SCHEMA));
    const line = await parseTrainCommand([
      ...["--data", `${folder}/train.csv`, "--schema", `${folder}/schema.json`],
    ]);
    assert.ok(line.kind === "train");
    assert.equal(line.settings.model.preset, "rm1");
    const data = (name: string) => {
      return { source: `${folder}/${name}`, schema: SCHEMA, cache: `${folder}/cache` };
    };
    const device = { kind: "cpu", threads: 1 } as const;
    const { metrics } = await runTraining({
      data: data("train.csv"),
      model: {
        preset: "rm1",
        shape: { dim: 8, bottom: [2, 8], top: [16, 8], attention: [8], final: [8, 1] },
      },
      training: { batch: 32, optimizer: "adagrad", learningRate: 0.05, epochs: 8 },
      device,
      outputs: { weights: `${folder}/weights` },
    });
    assert.ok(metrics!.auc! > 0.8, `AUC ${metrics!.auc}`);
    const next = await runScoring({
      ...{ weights: `${folder}/weights`, data: data("next.csv"), device },
    });
    assert.ok(next.metrics!.auc! > 0.8, `AUC ${next.metrics!.auc}`);
  }));
