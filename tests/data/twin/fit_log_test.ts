import { strict as assert } from "node:assert";
import { RandomStream } from "../../../core/random.ts";
import { UserError } from "../../../core/errors.ts";
import { fitLog, type LogFit } from "../../../data/twin/fit_log.ts";
import { goodnessMarkdown, plotGoodness } from "../../../data/twin/goodness.ts";
import type { HistoryParameters } from "../../../data/twin/histories.ts";
import { isHistories, openTwin } from "../../../data/twin/open.ts";
import type { TwinParameters } from "../../../data/twin/parameters.ts";
import { sampleInputs } from "../../../data/twin/sample.ts";
import { openDataset } from "../../../data/open.ts";
import { event } from "../log_rows.ts";
import { inFolder, row } from "../rows.ts";

/** Clicks in Criteo's format: C1 skewed, C2 follows from it, C3 nearly unique. */
function clicks(count: number): string {
  const random = new RandomStream(2, "synthetic");
  let text = "";
  for (let i = 0; i < count; i++) {
    const c1 = Math.floor(400 ** random.uniform(3 * i));
    const label = +(random.uniform(3 * i + 1) < 0.3);
    const ids = { 1: c1.toString(16), 2: (c1 >> 2).toString(16), 3: (i >> 1).toString(16) };
    text += `${row(label, { 1: i % 9 }, ids)}\n`;
  }
  return text;
}

/** Users who stay with few items. */
function events(users: number): string {
  const random = new RandomStream(4, "synthetic");
  let at = 0, text = "";
  for (let user = 1; user <= users; user++) {
    for (let j = 0; j < 15 + user % 30; j++) {
      const item = Math.floor(3000 ** random.uniform(at++));
      text += event(user, item, item % 40, 60 * j);
    }
  }
  return text;
}

async function fit(
  folder: string,
  text: string,
  options: Partial<Parameters<typeof fitLog>[0]> = {},
): Promise<LogFit> {
  const path = `${folder}/log.txt`;
  await Deno.writeTextFile(path, text);
  return await fitLog({ data: [path], cacheDirectory: `${folder}/cache`, ...options });
}

Deno.test("a log that is a whole data set gives a twin of its own sizes, with tables and a figure", () =>
  inFolder(async (folder) => {
    const { parameters, goodness } = await fit(folder, clicks(1400), { sample: 1000, name: "x" });
    const twin = parameters as TwinParameters;
    assert.equal(twin.inputs, 1400);
    assert.deepEqual(twin.sample, { inputs: 1000, fitted: 500 });
    assert.equal(twin.columns[2]!.distinct, 700);
    assert.ok(Math.abs(twin.clicks.rate - 0.3) < 0.04, `${twin.clicks.rate}`);
    assert.equal(twin.name, "x");
    assert.equal(goodness.heldBack, "500 inputs");
    assert.equal(goodness.shares.length, 3 + 2 * 26);
    assert.equal(goodness.distinct.length, 26);
    const dataset = await openTwin({ twin, inputs: 100 });
    assert.equal(dataset.schema.dense.length, 13);

    const text = goodnessMarkdown(goodness);
    assert.match(text, /^\| 500 inputs held back +\| measured \|/);
    assert.match(
      text,
      /\n\nThe shares are those of a twin fitted to the other inputs alone, .+\.\n\n\| distinct ids/,
    );
    assert.match(text, /\| all ids at least 2 times +\| +\d\.\d{4} \| +\d\.\d{4} \|/);
    assert.match(text, /\| C1 +\| +\d+ \| +\d+ \|/);
    const svg = await plotGoodness({ ...goodness, name: "a<b" });
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="1260"/);
    assert.ok(svg.includes("Goodness of fit of the twin a&lt;b"));
    assert.ok((svg.match(/<circle/g) ?? []).length > 26);
  }));

Deno.test("a log of events gives a twin of histories, judged on users held back", () =>
  inFolder(async (folder) => {
    const { parameters, goodness } = await fit(folder, events(80), { sample: 60 });
    assert.ok(isHistories(parameters));
    const twin: HistoryParameters = parameters;
    assert.equal(twin.users, 80);
    assert.equal(twin.columns[1].distinct, 40);
    assert.equal(goodness.heldBack, "30 users");
    const met = goodness.shares.find(({ what }) => what === "events of a category met before")!;
    assert.ok(Math.abs(met.measured - met.twin) < 0.12, JSON.stringify(met));
    const dataset = await openTwin({ twin, inputs: 300 });
    assert.equal(dataset.schema.steps, 21);
    // The same command gives the same file.
    const again = await fit(folder, events(80), { sample: 60 });
    assert.deepEqual(again.parameters, parameters);
  }));

Deno.test("a sample is drawn from all parts of a data set", () =>
  inFolder(async (folder) => {
    const path = `${folder}/log.txt`;
    await Deno.writeTextFile(path, clicks(700));
    const dataset = await openDataset({ data: [path], cacheDirectory: `${folder}/cache` });
    try {
      const sample = await sampleInputs(dataset, 350, 1);
      assert.equal(sample.inputs, 350);
      assert.equal(sample.tables[2]!.ids[0], 0);
      assert.equal(sample.dense[0]!.values.length, 350);
      const other = await sampleInputs(dataset, 350, 2);
      assert.notDeepEqual(other.tables[0]!.ids, sample.tables[0]!.ids);
      const all = await sampleInputs(dataset, 5000, 1);
      assert.equal(all.inputs, 700);
      assert.equal(all.tables[2]!.ids.at(-1), 349);
    } finally {
      dataset.close();
    }
  }));

Deno.test("what cannot be fitted is one clear error", () =>
  inFolder(async (folder) => {
    const cases: [string, Partial<Parameters<typeof fitLog>[0]>, RegExp][] = [
      [clicks(30), { workload: "rm1" }, /:1:2 \(item\): the row has 1 column/],
      [clicks(30), { workload: "rm4", format: "criteo-kaggle" }, /26 tables, not 21/],
      [
        events(4),
        { workload: "rm2", format: "taobao" },
        /twin rm2: the files are in the format taobao/,
      ],
      [event(1, 2, 3, 4), { format: "taobao" }, /has fewer than two users/],
      ["1\t2\n", { format: "criteo-kaggle" }, /:1:3 \(I2\): the row has 2 columns/],
      ["", {}, /empty|no rows|nothing/i],
    ];
    for (const [text, options, message] of cases) {
      await assert.rejects(fit(folder, text, options), (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  }));
