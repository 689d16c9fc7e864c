/** Logs whose ids are numbered as they appear: another log numbers them otherwise, and they are scored by the same rows. */

import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { openColumnar } from "../../../data/columnar/open.ts";
import { LOG_SCHEMA_VERSION, type LogSchema } from "../../../data/schema/log_schema.ts";
import { findTextFile } from "../../../data/text_source.ts";
import { runScoring } from "../../../train/run/run_scoring.ts";
import { checkDenseColumns } from "../../../train/weights/weights.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { inFolder } from "../../data/rows.ts";

const CPU = { kind: "cpu", threads: 1 } as const;

const LABEL = { name: "click", kind: "label" } as const;
const SCHEMA: LogSchema = {
  schema_version: LOG_SCHEMA_VERSION,
  name: "shop",
  text: { separator: ",", header: true },
  columns: [
    LABEL,
    { name: "price", kind: "dense", transform: "log" },
    { name: "brand", kind: "categorical", ids: "text" },
    { name: "item", kind: "categorical", ids: "decimal", min_count: 3 },
    { name: "user", kind: "categorical", ids: "text", rows: { hash: 30 } },
  ],
};

interface Row {
  readonly click: number;
  readonly fields: string;
}

/** Rows whose labels follow the brand. */
function draw(count: number, seed: number): Row[] {
  const random = new RandomStream(seed, "synthetic");
  let drawn = 0;
  const below = (n: number) => Math.floor(random.uniform(drawn++) ** 2 * n);
  return Array.from({ length: count }, () => {
    const brand = below(12);
    const click = Number(random.uniform(drawn++) < (brand % 2 === 0 ? 0.8 : 0.2));
    return { click, fields: `${below(50)},brand ${brand},${below(400)},u${below(90)}` };
  });
}

async function write(path: string, rows: readonly Row[], labelled = true): Promise<void> {
  const lines = rows.map(({ click, fields }) => labelled ? `${click},${fields}\n` : `${fields}\n`);
  const header = `${labelled ? "click," : ""}price,brand,item,user\n`;
  await Deno.writeTextFile(path, header + lines.join(""));
}

async function withModel(
  body: (folder: string, score: (name: string, schema?: LogSchema) => Promise<string[]>) => Promise<
    void
  >,
  own = SCHEMA,
): Promise<void> {
  await inFolder(async (folder) => {
    await write(`${folder}/train.csv`, draw(2100, 1));
    const data = (name: string, schema = own) => {
      return { source: `${folder}/${name}`, schema, cache: `${folder}/cache` };
    };
    await runTraining({
      data: data("train.csv"),
      model: { preset: "rm2", shape: { dim: 4, bottom: [1, 8, 4], top: [8, 1] } },
      training: { batch: 32, optimizer: "adagrad", learningRate: 0.05 },
      device: CPU,
      outputs: { weights: `${folder}/weights` },
    });
    await body(folder, async (name, schema) => {
      const scores = `${folder}/scores.csv`;
      await runScoring({
        ...{ weights: `${folder}/weights`, data: data(name, schema), device: CPU },
        outputs: { scores },
      });
      return (await Deno.readTextFile(scores)).trimEnd().split("\n");
    });
  });
}

/** The last column of a scores file's lines. */
function probabilities(lines: readonly string[]): number[] {
  return lines.slice(1).map((line) => Number(line.split(",").at(-1)));
}

Deno.test("an input has the same score whatever stands before it in its log", () =>
  withModel(async (folder, score) => {
    const rows = draw(60, 2);
    await write(`${folder}/forth.csv`, rows);
    await write(`${folder}/back.csv`, rows.toReversed());
    const forth = probabilities(await score("forth.csv"));
    assert.deepEqual(probabilities(await score("back.csv")), forth.toReversed());
    // Labels follow the brand, and only its own row tells which it is.
    const mean = (clicks: 0 | 1) => {
      const some = forth.filter((_, i) => rows[i]!.click === clicks);
      return some.reduce((sum, p) => sum + p, 0) / some.length;
    };
    assert.ok(mean(1) > mean(0) + 0.15, `${mean(1)} and ${mean(0)}`);
  }));

Deno.test("ids that training did not see are the row of rare ids, or zero where there is none", () =>
  withModel(async (folder, score) => {
    const click = 0;
    await write(`${folder}/new.csv`, [
      ...["9,brand 1,900001,u1", "9,brand 1,900002,u1"].map((fields) => ({ click, fields })),
      ...["9,none,900001,u1", "9,nor this,900001,u1"].map((fields) => ({ click, fields })),
    ]);
    const [first, second, third, fourth] = probabilities(await score("new.csv"));
    assert.equal(first, second);
    assert.equal(third, fourth);
    assert.notEqual(first, third);
  }));

const STANDARDISED: LogSchema = {
  ...SCHEMA,
  columns: SCHEMA.columns.map((column) =>
    column.kind === "dense" ? { ...column, transform: "standardise" } : column
  ),
};

Deno.test("standardised columns are scaled as they were for the inputs that trained", () =>
  withModel(async (folder, score) => {
    const rows = draw(60, 2);
    // Prices of their own would have another mean.
    const dear = rows.filter(({ fields }) => Number(fields.split(",")[0]) > 20);
    await write(`${folder}/all.csv`, rows);
    await write(`${folder}/dear.csv`, dear);
    const all = probabilities(await score("all.csv"));
    assert.deepEqual(
      probabilities(await score("dear.csv")),
      all.filter((_, i) => dear.includes(rows[i]!)),
    );
    const scales = async (name: string) =>
      JSON.parse(await Deno.readTextFile(`${folder}/${name}/model.json`)).scales;
    assert.deepEqual(Object.keys(await scales("weights")), ["price"]);
    // Training goes on with the same scale on another log.
    await write(`${folder}/next.csv`, draw(210, 5).filter((row) => !row.fields.startsWith("0,")));
    await runTraining({
      data: { source: `${folder}/next.csv`, schema: STANDARDISED, cache: `${folder}/cache` },
      model: {
        preset: "rm2",
        shape: { dim: 4, bottom: [1, 8, 4], top: [8, 1] },
        weights: `${folder}/weights`,
      },
      training: { batch: 32, maxSteps: 1 },
      device: CPU,
      outputs: { weights: `${folder}/second` },
    });
    assert.deepEqual(await scales("second"), await scales("weights"));
  }, STANDARDISED));

Deno.test("weights are refused where the dense columns are others than in training, or stand elsewhere", () =>
  withModel(async (folder) => {
    await write(`${folder}/next.csv`, draw(40, 3));
    const columns = SCHEMA.columns.map((column) =>
      column.kind === "dense" ? { ...column, name: "cost", header: "price" } : column
    );
    const weights = `${folder}/weights`, schema = { ...SCHEMA, columns };
    const data = { source: `${folder}/next.csv`, schema, cache: `${folder}/cache` };
    const refused = /weights: its dense columns are price, and those of the data are cost$/;
    await assert.rejects(runScoring({ weights, data, device: CPU }), refused);
    const model = { preset: "rm2", weights } as const;
    await assert.rejects(runTraining({ data, model, device: CPU }), refused);
    checkDenseColumns(weights, ["a", "b"], ["a", "b"]);
    checkDenseColumns(weights, undefined, ["a", "b"]);
    assert.throws(
      () => checkDenseColumns(weights, ["a", "b"], ["b", "a"]),
      /those of .* are b, a$/,
    );
  }));

Deno.test("scores in Parquet are those in CSV, in more digits", () =>
  withModel(async (folder, score) => {
    const rows = draw(40, 3);
    await write(`${folder}/next.csv`, rows);
    const expected = probabilities(await score("next.csv"));
    const scores = `${folder}/scores.parquet`;
    const data = { source: `${folder}/next.csv`, schema: SCHEMA, cache: `${folder}/cache` };
    await runScoring({
      ...{ weights: `${folder}/weights`, data, device: CPU },
      outputs: { scores },
    });
    const file = await openColumnar(await findTextFile(scores));
    assert.deepEqual(file.names, ["input", "label", "probability"]);
    const [group] = await Array.fromAsync(file.groups());
    const columns = await Promise.all(file.names.map((name) => group!.read(name)));
    const [input, label, probability] = columns.map((column) => Array.from(column));
    assert.deepEqual(input, rows.map((_, i) => BigInt(i)));
    assert.deepEqual(label, rows.map(({ click }) => click));
    assert.deepEqual(probability!.map((p) => Number((p as number).toPrecision(7))), expected);
  }));

Deno.test("a log without labels is scored and not evaluated", () =>
  withModel(async (folder, score) => {
    const rows = draw(40, 3);
    await write(`${folder}/labelled.csv`, rows);
    await write(`${folder}/plain.csv`, rows, false);
    const plain: LogSchema = { ...SCHEMA, columns: SCHEMA.columns.filter((it) => it !== LABEL) };
    const labelled = await score("labelled.csv");
    const lines = await score("plain.csv", plain);
    assert.equal(lines[0], "input,probability");
    assert.deepEqual(probabilities(lines), probabilities(labelled));
    const data = { source: `${folder}/plain.csv`, schema: plain, cache: `${folder}/cache` };
    const options = { weights: `${folder}/weights`, data, device: CPU };
    const scores = `${folder}/scores.csv`;
    assert.equal((await runScoring({ ...options, outputs: { scores } })).metrics, null);
    await assert.rejects(
      runScoring(options),
      /^UserError: Cannot evaluate on shop: it has no labels, so its inputs can only be scored$/,
    );
  }));

Deno.test("a log is refused where nothing says which rows its ids are", () =>
  withModel(async (folder, score) => {
    await write(`${folder}/next.csv`, draw(20, 4));
    const refuses = (schema: LogSchema, message: RegExp) =>
      assert.rejects(score("next.csv", schema), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
    const columns = (change: (name: string) => object) => {
      return SCHEMA.columns.map((column) => ({ ...column, ...change(column.name) }));
    };
    const decimal = columns((name) => name === "item" ? { ids: "text" } : {});
    await refuses(
      { ...SCHEMA, columns: decimal as LogSchema["columns"] },
      /table item stand for ids that are decimal, and the data's are text$/,
    );
    const scaled = columns((name) => name === "price" ? { transform: "standardise" } : {});
    await refuses(
      { ...SCHEMA, columns: scaled as LogSchema["columns"] },
      /column price is standardised over the inputs that train, and nothing says/,
    );
    const document = JSON.parse(await Deno.readTextFile(`${folder}/weights/model.json`));
    const { vocabulary: _, sha256: _seal, ...silent } = document;
    await Deno.writeTextFile(`${folder}/weights/model.json`, JSON.stringify(silent));
    await refuses(SCHEMA, /its ids are numbered as they appear in it, and nothing says which rows/);
  }));
