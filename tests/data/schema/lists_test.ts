/** Columns of lists become bags of lookups. */

import assert from "node:assert/strict";
import { tableFromArrays, tableToIPC } from "../../../core/npm/flechette.ts";
import { NO_LOOKUP } from "../../../data/id_layout.ts";
import { openDataset, type OpenOptions } from "../../../data/open.ts";
import {
  type CategoricalListColumn,
  LOG_SCHEMA_VERSION,
  type LogColumn,
  type LogSchema,
} from "../../../data/schema/log_schema.ts";
import type { Dataset, Split } from "../../../data/types.ts";
import { runScoring } from "../../../train/run/run_scoring.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { inFolder, readAll } from "../rows.ts";

const TAGS: CategoricalListColumn = {
  name: "tags",
  kind: "categorical list",
  ids: "text",
  separator: "|",
  most: 3,
};
const USER: LogColumn = { name: "user", kind: "categorical", ids: "text" };

function schemaOf(tags: Partial<CategoricalListColumn>, rest: Partial<LogSchema> = {}): LogSchema {
  return {
    schema_version: LOG_SCHEMA_VERSION,
    name: "tagged",
    text: { separator: ",", header: true },
    missing: ["-"],
    split: { by: "share", test: 0.25 },
    columns: [{ name: "y", kind: "label" }, { ...TAGS, ...tags }, USER],
    ...rest,
  };
}

/** Labels, tags and users of eight rows. */
const ROWS = [
  ["1", "a|b", "u"],
  ["0", "", "v"],
  ["1", "c|a|a", "u"],
  ["0", "b|c|d|e", "w"],
  ["1", "-", "u"],
  ["0", "a||-|b|", "v"],
  ["1", "d", "u"],
  ["0", "e|a", "v"],
];

async function withLog(
  body: (open: (schema: LogSchema, options?: Partial<OpenOptions>) => Promise<Dataset>) => Promise<
    void
  >,
): Promise<void> {
  await inFolder(async (folder) => {
    const lines = [["y", "tags", "user"], ...ROWS].map((row) => row.join(","));
    await Deno.writeTextFile(`${folder}/log`, lines.join("\n"));
    await body((schema, options) =>
      openDataset({
        data: [`${folder}/log`],
        cacheDirectory: `${folder}/cache`,
        schema,
        ...options,
      })
    );
  });
}

/** The tags of a split's inputs by what their rows stand for. */
async function tagsOf(dataset: Dataset, split: Split): Promise<string[]> {
  const { ids, size } = await readAll(dataset, split);
  const [tags] = await dataset.keys!();
  assert.ok(tags!.ids?.kind === "texts");
  const { bytes, ends } = tags!.ids;
  const names = Array.from(ends, (end, i) => {
    return new TextDecoder().decode(bytes.subarray(ends[i - 1] ?? 0, end));
  });
  const { lookups } = dataset.schema.tables[0]!;
  return Array.from({ length: size }, (_, b) => {
    const bag = [...ids.subarray(b * lookups!, (b + 1) * lookups!)];
    const count = bag.findIndex((id) => id === NO_LOOKUP);
    assert.ok(count < 0 || bag.slice(count).every((id) => id === NO_LOOKUP), bag.join());
    return bag.slice(0, count < 0 ? bag.length : count)
      .map((row) => [...tags!.reserved, ...names][row]).join("+");
  });
}

Deno.test("a list is a bag: empty ids are passed over, and the first ones count", () =>
  withLog(async (open) => {
    const dataset = await open(schemaOf({}));
    assert.deepEqual(dataset.schema.tables, [
      { name: "tags", rows: 5, lookups: 3, variable: true },
      { name: "user", rows: 3 },
    ]);
    assert.deepEqual(await tagsOf(dataset, "train"), ["a+b", "", "c+a+a", "b+c+d", "", "a+b"]);
    assert.deepEqual(await tagsOf(dataset, "test"), ["d", "e+a"]);
    assert.ok(
      dataset.notes.includes("1 list of tags had more than 3 ids, of which the first count"),
      dataset.notes.join("\n"),
    );
    dataset.close();
  }));

Deno.test("a file that holds lists gives the bags of the text", () =>
  withLog(async (openText) => {
    await inFolder(async (folder) => {
      const lists = ROWS.map(([, tags]) => tags === "-" ? [] : tags!.split("|"));
      const table = tableFromArrays({
        y: ROWS.map(([y]) => Number(y)),
        tags: lists,
        user: ROWS.map(([, , user]) => user),
      });
      await Deno.writeFile(`${folder}/log.arrow`, tableToIPC(table, { format: "file" })!);
      const schema = schemaOf({});
      using text = await openText(schema);
      using columns = await openDataset({
        ...{ data: [`${folder}/log.arrow`], schema, cacheDirectory: `${folder}/cache` },
      });
      assert.deepEqual(columns.schema, text.schema);
      for (const split of ["train", "test"] as const) {
        assert.deepEqual(await tagsOf(columns, split), await tagsOf(text, split));
      }
      assert.deepEqual(columns.notes.slice(1), text.notes.slice(1));
    });
  }));

Deno.test("rare ids of lists share a row, and lists are hashed and kept", () =>
  withLog(async (open) => {
    {
      using dataset = await open(schemaOf({ min_count: 3 }));
      // Of the tags that train a comes four times, b three, c and d less.
      assert.deepEqual(await tagsOf(dataset, "train"), [
        ...["a+b", "", "rare+a+a", "b+rare+rare", "", "a+b"],
      ]);
      assert.deepEqual(await tagsOf(dataset, "test"), ["rare", "rare+a"]);
      assert.equal(dataset.schema.tables[0]!.rows, 3);
    }
    {
      using dataset = await open(schemaOf({ rows: { hash: 2 } }));
      assert.equal(dataset.schema.tables[0]!.rows, 2);
      const { ids } = await readAll(dataset, "train");
      assert.ok(ids.subarray(0, 18).every((id) => id < 2 || id === NO_LOOKUP));
      assert.equal(ids[3], NO_LOOKUP);
      assert.equal(ids[7], ids[8]);
    }
    await assert.rejects(
      open(schemaOf({ ids: "decimal", rows: { keep: 9 } })),
      /log:2:2 \(tags\): "a\|b" is not a list of which each is a row number below 9$/,
    );
  }));

Deno.test("a split by user stands beside lists", () =>
  withLog(async (open) => {
    const split = { by: "user", column: "user", test: 0.5 } as const;
    using dataset = await open(schemaOf({}, { split }), { seed: 3 });
    const users = async (split: Split) => {
      const { ids, size } = await readAll(dataset, split);
      return new Set(ids.subarray(3 * size, 4 * size));
    };
    const [train, test] = [await users("train"), await users("test")];
    assert.equal(train.size + test.size, 3);
    assert.ok(train.isDisjointFrom(test));
  }));

Deno.test("a model is trained on lists and scores them by their ids", () =>
  inFolder(async (folder) => {
    const tags = (i: number) => {
      return Array.from({ length: i % 4 }, (_, k) => `t${(i * (k + 3)) % 11}`);
    };
    const write = async (name: string, from: number, count: number) => {
      const rows = Array.from({ length: count }, (_, k) => {
        const list = tags(from + k);
        return `${Number(list.includes("t3"))},${list.join("|")},u${(from + k) % 5}`;
      });
      await Deno.writeTextFile(`${folder}/${name}`, ["y,tags,user", ...rows].join("\n"));
    };
    await write("train.csv", 0, 2000);
    await write("next.csv", 2001, 200);
    const data = (name: string) => {
      return { source: `${folder}/${name}`, schema: schemaOf({}), cache: `${folder}/cache` };
    };
    const device = { kind: "cpu", threads: 1 } as const;
    const { metrics } = await runTraining({
      data: data("train.csv"),
      model: { preset: "rm2", shape: { dim: 4, bottom: [1, 4], top: [8, 1] } },
      training: { batch: 32, optimizer: "adagrad", learningRate: 0.1, epochs: 2 },
      device,
      outputs: { weights: `${folder}/weights` },
    });
    assert.ok(metrics!.auc! > 0.95, `AUC ${metrics!.auc}`);
    const next = await runScoring({
      ...{ weights: `${folder}/weights`, data: data("next.csv"), device },
    });
    assert.ok(next.metrics!.auc! > 0.95, `AUC ${next.metrics!.auc}`);
  }));
