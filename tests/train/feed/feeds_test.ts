import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { datasetFromArrays } from "../../../data/from_arrays.ts";
import { openDataset } from "../../../data/open.ts";
import { openSynthetic } from "../../../data/synthetic.ts";
import { openTwin } from "../../../data/twin/open.ts";
import type { Dataset, Order } from "../../../data/types.ts";
import { LookupError } from "../../../kernels/embedding/group.ts";
import { type Feeds, openFeeds, openFeedsAhead } from "../../../train/feed/feeds.ts";
import { automaticWorkers, openRunFeeds } from "../../../train/feed/open_feeds.ts";
import type { HostBatch } from "../../../train/model/model.ts";
import { inFolder, rows } from "../../data/rows.ts";

const SHUFFLED: Order = { kind: "shuffled", seed: 4, epoch: 1 };

function tableRows(dataset: Dataset): number[] {
  return dataset.schema.tables.map((table) => table.rows);
}

async function ahead(dataset: Dataset, threads: number): Promise<Feeds> {
  const parts = { dataset, tableRows: tableRows(dataset), hot: null };
  const feeds = await openFeedsAhead(parts, threads);
  assert.ok(feeds !== null);
  return feeds;
}

/** What counts of a minibatch, in memory of its own. */
function kept({ size, dense, labels, lookups }: HostBatch, dataset: Dataset) {
  const { bags, tables, unique, offsets } = lookups;
  const columns = (dataset.schema.steps ?? 1) * dataset.schema.dense.length;
  return {
    ...{ size, bags, tables, unique },
    dense: dense.slice(0, size * columns),
    labels: labels.slice(0, size),
    rows: lookups.rows.slice(0, lookups.lookups),
    offsets: offsets?.slice(0, tables * bags + 1) ?? null,
    uniqueRows: lookups.uniqueRows.slice(0, unique),
    segments: lookups.segments.slice(0, unique + 1),
    positions: lookups.positions.slice(0, lookups.lookups),
  };
}

async function allOf(feeds: Feeds, dataset: Dataset, batch: number, most = 12) {
  const all: ReturnType<typeof kept>[] = [];
  for (const split of ["train", "test"] as const) {
    const minibatches = feeds.minibatches(split, SHUFFLED, batch);
    for (let at = 0; at < minibatches.count && all.length < most; at += batch) {
      const size = Math.min(batch, minibatches.count - at);
      all.push(kept(await minibatches.prepare(at, size), dataset));
    }
    minibatches.dispose();
  }
  return all;
}

async function sameOf(dataset: Dataset, batch: number, threads: number): Promise<void> {
  const parts = { dataset, tableRows: tableRows(dataset), hot: null };
  using alone = openFeeds(parts);
  const expected = await allOf(alone, dataset, batch);
  for (const wanted of [1, 3]) {
    using feeds = await ahead(dataset, wanted);
    assert.equal(feeds.threads, Math.min(wanted, threads));
    assert.deepEqual(await allOf(feeds, dataset, batch), expected, `${wanted} threads`);
  }
}

const DATASETS: Readonly<Record<string, () => Promise<Dataset> | Dataset>> = {
  "a twin of single inputs": () =>
    openTwin({ twin: "rm4", inputs: 300, seed: 3, maxIndexRange: 500 }),
  "a twin of bags": () => openTwin({ twin: "meta2021", inputs: 70, seed: 3, maxIndexRange: 500 }),
  "a twin of sequences": () => openTwin({ twin: "rm1", inputs: 300, seed: 3 }),
  "generated clicks": () => openSynthetic({ inputs: 300, tableRows: [30, 5], seed: 9 }),
  "arrays": () =>
    datasetFromArrays({
      dense: Float32Array.from({ length: 300 }, (_, i) => i / 7),
      ids: [1, 2, 3].map((t) => Uint32Array.from({ length: 300 }, (_, i) => i * t % 11)),
      labels: Float32Array.from({ length: 300 }, (_, i) => i % 2),
      split: { test: 40 },
    }),
};

for (const [name, open] of Object.entries(DATASETS)) {
  Deno.test(`${name}: other threads prepare the same minibatches`, async () => {
    using dataset = await open();
    await sameOf(dataset, 32, 3);
  });
}

Deno.test("a cache: other threads prepare the same minibatches, and one alone where it is read in windows", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/day.txt`, rows(300));
    const options = { data: [`${folder}/day.txt`], cacheDirectory: `${folder}/cache` };
    using held = await openDataset(options);
    await sameOf(held, 32, 3);
    using windows = await openDataset({ ...options, memoryBudget: 0 });
    await sameOf(windows, 32, 1);
  }));

Deno.test("minibatches that were not expected next are the right ones all the same", async () => {
  using dataset = openSynthetic({ inputs: 300, tableRows: [30, 5] });
  using alone = openFeeds({ dataset, tableRows: [30, 5], hot: null });
  using feeds = await ahead(dataset, 2);
  const [here, there] = [alone, feeds].map((one) => one.minibatches("train", SHUFFLED, 32));
  for (const [at, size] of [[0, 32], [32, 32], [32, 32], [100, 7], [107, 32], [0, 1], [1, 1]]) {
    const expected = kept(await here!.prepare(at!, size!), dataset);
    assert.deepEqual(kept(await there!.prepare(at!, size!), dataset), expected);
  }
});

Deno.test("threads stop at the slots there are, and nobody waits for what is there", async () => {
  using dataset = openSynthetic({ inputs: 70_000, tableRows: [30, 5] });
  using feeds = await ahead(dataset, 1);
  const minibatches = feeds.minibatches("train", SHUFFLED, 16);
  const first = await minibatches.prepare(0, 16);
  // Three slots: the minibatch given and two to come. Once they have come, each is there at once.
  const { waitedMs } = feeds;
  const second = minibatches.prepare(16, 16);
  const given = second instanceof Promise ? await second : second;
  assert.notEqual(given.dense.buffer, first.dense.buffer);
  assert.ok(feeds.waitedMs >= waitedMs);
  const third = await minibatches.prepare(32, 16), fourth = await minibatches.prepare(48, 16);
  assert.equal(new Set([first, given, third].map((one) => one.dense.buffer)).size, 3);
  assert.equal(fourth.dense.buffer, first.dense.buffer);
});

Deno.test("an id beyond the model's tables is the same error, at the same minibatch", async () => {
  using dataset = openSynthetic({ inputs: 300, tableRows: [30, 5] });
  // So that a rare row of the first table is missing.
  const parts = { dataset, tableRows: [25, 5], hot: null };
  const told = async (feeds: Feeds): Promise<string> => {
    const minibatches = feeds.minibatches("train", SHUFFLED, 4);
    for (let at = 0;; at += 4) {
      try {
        await minibatches.prepare(at, 4);
      } catch (error) {
        assert.ok(error instanceof LookupError, String(error));
        return `${at}: ${error.message}`;
      }
    }
  };
  using alone = openFeeds(parts);
  const expected = await told(alone);
  assert.match(expected, /^\d+: Cannot look up row \d+ of table 0 \(C1\) at position \d/);
  using feeds = (await openFeedsAhead(parts, 2))!;
  assert.equal(await told(feeds), expected);
});

Deno.test("a damaged cache is the same error from another thread", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/day.txt`, rows(300));
    using dataset = await openDataset({
      data: [`${folder}/day.txt`],
      cacheDirectory: `${folder}/cache`,
      memoryBudget: 0,
    });
    const [cache] = [...Deno.readDirSync(`${folder}/cache`)].filter((one) => one.isDirectory);
    const path = `${folder}/cache/${cache!.name}/rows.bin`;
    const bytes = await Deno.readFile(path);
    bytes[100]! ^= 1;
    await Deno.writeFile(path, bytes);
    using feeds = await ahead(dataset, 1);
    const minibatches = feeds.minibatches("train", SHUFFLED, 16);
    await assert.rejects(Promise.resolve(minibatches.prepare(0, 16)), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(
        error.message,
        `Cannot read block 0 of ${path}: it is damaged; remove the cache folder to have it prepared again`,
      );
      return true;
    });
  }));

Deno.test("a data set that no other thread can open is read in this one, or refused if threads are asked for", async () => {
  const { schema, hash, notes, bayes } = openSynthetic({ inputs: 70, tableRows: [3] });
  const dataset: Dataset = {
    ...{ schema, hash, notes, bayes },
    count: () => 70,
    reader: () => assert.fail("nothing is read"),
    close: () => {},
    [Symbol.dispose]: () => {},
  };
  const parts = { dataset, tableRows: [3], hot: null };
  const gpu = {
    kind: "webgpu",
    name: "",
    details: {},
    isFallbackAdapter: false,
    threads: 1,
  } as const;
  using feeds = await openRunFeeds(parts, gpu, null, 1e9);
  assert.equal(feeds.threads, 0);
  await assert.rejects(
    openRunFeeds(parts, gpu, 2, 1e9),
    /^UserError: Cannot use device.prepareWorkers 2: the data set synthetic cannot be opened in another thread/,
  );
});

Deno.test("by default a short run has no threads, and threads that are asked for are there", async () => {
  using dataset = openSynthetic({ inputs: 70, tableRows: [3] });
  const parts = { dataset, tableRows: [3], hot: null };
  const cpu = { kind: "cpu", name: "", details: {}, isFallbackAdapter: false, threads: 1 } as const;
  using short = await openRunFeeds(parts, cpu, null, 99_999);
  using none = await openRunFeeds(parts, cpu, 0, 1e9);
  using asked = await openRunFeeds(parts, cpu, 3, 60);
  assert.deepEqual([short.threads, none.threads, asked.threads], [0, 0, 3]);
});

Deno.test("by default threads are those that the device leaves over", () => {
  const device = { name: "", details: {}, isFallbackAdapter: false } as const;
  const cpu = (threads: number, cores: number) =>
    automaticWorkers({ ...device, kind: "cpu", threads }, cores);
  assert.deepEqual([cpu(1, 1), cpu(2, 2), cpu(1, 2), cpu(4, 16)], [0, 0, 1, 2]);
  const gpu = (cores: number, isFallbackAdapter = false) =>
    automaticWorkers({ ...device, kind: "webgpu", threads: 1, isFallbackAdapter }, cores);
  assert.deepEqual([gpu(1), gpu(2), gpu(16), gpu(16, true)], [0, 1, 15, 0]);
});
