import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { UsageError, UserError } from "../../core/errors.ts";
import { openDataset, type OpenOptions } from "../../data/open.ts";
import type { PreparationProgress } from "../../data/source_scan.ts";
import { inFolder, readAll, readNumbers, row, rows } from "./rows.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const gz = (text: string) => gzipSync(new TextEncoder().encode(text));

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) found.push(entry.name);
  return found.sort();
}

/** Opens files of one folder, with the cache beside them, and says what the preparation did. */
async function open(folder: string, data: string[], options: Partial<OpenOptions> = {}) {
  const stages = new Set<PreparationProgress["stage"]>();
  const dataset = await openDataset({
    data: data.map((name) => `${folder}/${name}`),
    cacheDirectory: `${folder}/cache`,
    onProgress: (progress) => stages.add(progress.stage),
    ...options,
  });
  return { dataset, stages: [...stages] };
}

async function rejects(folder: string, data: string[], message: RegExp, options = {}) {
  await assert.rejects(open(folder, data, options), (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\.$|\n/);
    return true;
  });
}

Deno.test("one file: sevenths, ln(x + 1), ids in order of first appearance over all rows", () =>
  inFolder(async (folder) => {
    const lines = range(0, 14).map((i) =>
      row(i % 2, { 1: i - 1 }, {
        1: "ff",
        2: (100 - (i % 3)).toString(16),
        26: i === 13 ? "1" : "",
      })
    );
    await Deno.writeTextFile(`${folder}/train.txt`, lines.join("\n") + "\n");
    const { dataset } = await open(folder, ["train.txt"]);
    assert.equal(dataset.schema.format, "criteo-kaggle");
    assert.equal(dataset.schema.dense.length, 13);
    assert.deepEqual(dataset.schema.tables.slice(0, 3), [
      { name: "C1", rows: 1 },
      { name: "C2", rows: 3 },
      { name: "C3", rows: 1 },
    ]);
    assert.equal(dataset.schema.tables[25]!.rows, 2);
    const train = await readAll(dataset, "train");
    assert.equal(train.size, 12);
    assert.deepEqual([...train.labels], range(0, 12).map((i) => i % 2));
    assert.deepEqual(
      range(0, 12).map((b) => train.dense[13 * b]),
      range(0, 12).map((i) => Math.fround(Math.log(Math.max(0, i - 1) + 1))),
    );
    assert.deepEqual([...train.ids.subarray(12, 24)], range(0, 12).map((i) => i % 3));
    const test = await readAll(dataset, "test");
    assert.deepEqual([...test.ids], [0, 0, ...Array(24).fill(0)]);
    const validation = await readAll(dataset, "validation");
    assert.equal(validation.ids[25], 1);
    assert.equal(dataset.bayes, null);
    dataset.close();
    dataset.close();
  }));

Deno.test("several files: the last is held out and halved", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/day_0`, rows(5));
    await Deno.writeTextFile(`${folder}/day_1`, rows(3, 5).slice(0, -1));
    await Deno.writeFile(`${folder}/day_2.gz`, gz(rows(5, 8)));
    const { dataset } = await open(folder, ["day_0", "day_1", "day_2.gz"]);
    assert.equal(dataset.schema.format, "criteo-terabyte");
    assert.deepEqual(await readNumbers(dataset, "train"), range(0, 8));
    assert.deepEqual(await readNumbers(dataset, "test"), range(8, 11));
    assert.deepEqual(await readNumbers(dataset, "validation"), range(11, 13));
    assert.match(
      dataset.notes.join("\n"),
      /last file is held out, day_2.gz: 8 train, 3 test, 2 validation/,
    );
    dataset.close();
    const kaggle = (await open(folder, ["day_0", "day_1"], { format: "criteo-kaggle" })).dataset;
    assert.deepEqual(await readNumbers(kaggle, "train"), range(0, 7));
    kaggle.close();
    await rejects(folder, ["day_0"], /Cannot split 5 inputs into train and test/);
  }));

Deno.test("a limit takes the first rows of all files; what it cuts short is split in sevenths", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/day_0`, rows(10));
    await Deno.writeTextFile(`${folder}/day_1`, rows(10, 10));
    for (const [limit, train, test] of [[7, 6, 1], [10, 9, 1], [14, 12, 1], [19, 17, 1]] as const) {
      const { dataset } = await open(folder, ["day_0", "day_1"], { limit });
      assert.deepEqual(await readNumbers(dataset, "train"), range(0, train), `${limit}`);
      assert.deepEqual(await readNumbers(dataset, "test"), range(train, train + test));
      assert.match(dataset.notes.join("\n"), /limit of \d+ inputs came before the end/);
      dataset.close();
    }
    for (const limit of [20, 21]) {
      const { dataset } = await open(folder, ["day_0", "day_1"], { limit });
      assert.deepEqual(await readNumbers(dataset, "train"), range(0, 10));
      assert.doesNotMatch(dataset.notes.join("\n"), /came before/);
      dataset.close();
    }
    await rejects(folder, ["day_0"], /Cannot split 6 inputs .* at least 7/, { limit: 6 });
  }));

Deno.test("gzip, by content and in several members, gives the same data set", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/plain`, rows(40));
    await Deno.writeFile(`${folder}/one.gz`, gz(rows(40)));
    const members = [gz(rows(15)), gz(rows(25, 15))];
    await Deno.writeFile(`${folder}/two`, Uint8Array.from(members.flatMap((m) => [...m])));
    const hashes = new Set<string>();
    for (const name of ["plain", "one.gz", "two"]) {
      const { dataset } = await open(folder, [name]);
      assert.deepEqual(await readNumbers(dataset, "train"), range(0, 35));
      hashes.add(dataset.hash);
      dataset.close();
    }
    assert.equal(hashes.size, 1);
  }));

Deno.test("ids are unsigned and take the index range as such", () =>
  inFolder(async (folder) => {
    const ids = ["ffffffff", "4bcbff", "80000000", "0", "", "989680", "989681"];
    await Deno.writeTextFile(`${folder}/f`, ids.map((id) => row(0, {}, { 1: id })).join("\n"));
    const { dataset } = await open(folder, ["f"], { maxIndexRange: 10_000_000 });
    // 0xffffffff mod 10^7 is 0x4bcbbf (4967295); 0x989680 is 10^7.
    assert.deepEqual([...(await readAll(dataset, "train")).ids.subarray(0, 6)], [0, 1, 2, 3, 3, 3]);
    assert.equal(dataset.schema.tables[0]!.rows, 5);
    dataset.close();
  }));

Deno.test("days, an index range and a frequency threshold together, over several blocks", () =>
  inFolder(async (folder) => {
    const counts = [70_000, 70_001, 2001], range = 100_000;
    for (const [day, count] of counts.entries()) {
      const start = counts.slice(0, day).reduce((a, b) => a + b, 0);
      await Deno.writeTextFile(`${folder}/day_${day}`, rows(count, start));
    }
    const days = ["day_0", "day_1", "day_2"];
    const { dataset } = await open(folder, days, { maxIndexRange: range, minCount: 2 });
    assert.match(dataset.notes.join("\n"), /The last file is held out, day_2: 140,?001 train/);
    // Row i has id i mod 100000 in C1: 0 to 40000 come twice in training, 40001 to 42001 once more in the last day.
    const kept = 140_001 - range;
    assert.equal(dataset.schema.tables[0]!.rows, kept + 1);
    const train = await readAll(dataset, "train"), test = await readAll(dataset, "test");
    const expected = (i: number) => i % range < kept ? i % range + 1 : 0;
    assert.deepEqual(
      train.ids.subarray(0, train.size),
      Uint32Array.from(train.labels, (_, i) => expected(i)),
    );
    assert.ok(test.ids.subarray(0, test.size).every((id) => id === 0));
    // C2 has three ids, which stay; the others only the empty one.
    assert.deepEqual(dataset.schema.tables.slice(1, 3).map((table) => table.rows), [4, 2]);
    dataset.close();
  }));

Deno.test("bad files are one sentence each", () =>
  inFolder(async (folder) => {
    const write = (name: string, data: string | Uint8Array) =>
      Deno.writeFile(
        `${folder}/${name}`,
        typeof data === "string" ? new TextEncoder().encode(data) : data,
      );
    await write("empty", "");
    await write("mark", "\ufeff");
    await write("empty.gz", gz(""));
    await write("csv", "id,click\n1,0\n");
    await write("late", rows(20) + row(0, { 4: "x" }) + "\n" + rows(20));
    await write("cut.gz", gz(rows(2000)).subarray(0, 4000));
    await write("damaged.gz", gz(rows(2000)).fill(0x55, 3000, 3010));
    await write("good", rows(20));
    await Deno.mkdir(`${folder}/folder`);
    await rejects(folder, ["missing"], /^Cannot read .*missing: No such file or directory$/);
    await rejects(folder, ["folder"], /^Cannot read .*folder: it is a folder without files$/);
    await rejects(folder, ["empty"], /^Cannot read .*empty: it is empty$/);
    await rejects(folder, ["mark"], /Cannot recognise|is empty/);
    await rejects(folder, ["mark"], /^Cannot read .*mark: it is empty$/, {
      format: "criteo-kaggle",
    });
    await rejects(folder, ["empty.gz"], /^Cannot read .*empty.gz: it is empty$/);
    await rejects(folder, ["good", "empty"], /^Cannot read .*empty: it is empty$/);
    await rejects(
      folder,
      ["csv"],
      /Cannot recognise the format of .*csv: its first lines have 2 columns between commas, where Criteo has 40, .*; deno task data schema .*csv drafts a schema/,
    );
    await rejects(folder, ["csv"], /csv:1:2 \(I1\): the row has 1 column/, {
      format: "criteo-kaggle",
    });
    await rejects(folder, ["late"], /^Cannot read .*late:21:5 \(I4\): "x" is not a number$/);
    await rejects(folder, ["cut.gz"], /^Cannot read .*cut.gz: its gzip data are cut short/);
    await rejects(folder, ["damaged.gz"], /^Cannot read .*damaged.gz: its gzip data are damaged/);
    assert.deepEqual(
      (await names(`${folder}/cache`)).filter((name) => !name.endsWith(".lock")),
      [],
    );
  }));

Deno.test("bad options are said before anything is read", async () => {
  const bad: [Partial<OpenOptions>, RegExp][] = [
    [{}, /no file is given/],
    [{ limit: 0 }, /limit is 0/],
    [{ limit: 1.5 }, /limit is 1.5/],
    [{ maxIndexRange: -1 }, /maximum index range is -1/],
    [{ memoryBudget: NaN }, /memory budget is NaN/],
    [{ format: "movielens" as "avazu" }, /format is movielens, not one of criteo-kaggle,/],
    [{ minCount: -1 }, /minimum count is -1/],
    [{ seed: 0.5 }, /seed is 0.5/],
    [{ badRows: "drop" as "skip" }, /bad rows is drop/],
    [{ format: "synthetic", data: ["x"] }, /takes no files/],
  ];
  for (const [options, message] of bad) {
    await assert.rejects(openDataset({ data: [], ...options }), (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("skipped rows are counted and the first few quoted", () =>
  inFolder(async (folder) => {
    const bad = [row(3), "x", row(0, { 2: "?" }), "", "y".repeat(9000), row(0, {}, { 1: "q" })];
    await Deno.writeTextFile(`${folder}/f`, rows(10) + bad.join("\n") + "\n" + rows(53, 10));
    const { dataset } = await open(folder, ["f"], { badRows: "skip" });
    assert.deepEqual(await readNumbers(dataset, "train"), range(0, 54));
    const notes = dataset.notes.join("\n");
    assert.match(
      notes,
      /Skipped 6 bad rows, the first:\n.*f:11:1 \(label\): label "3" is not 0 or 1/,
    );
    assert.match(notes, /f:15:1 \(label\): the line has more than 4096 bytes/);
    assert.doesNotMatch(notes, /f:16/);
    dataset.close();
    await Deno.writeTextFile(`${folder}/many`, rows(10) + bad.join("\n") + "\n" + rows(40, 10));
    await rejects(
      folder,
      ["many"],
      /6 of 56 rows are bad, more than a tenth, so the format is likely to be another; the first is .*many:11:1/,
      { badRows: "skip" },
    );
    await Deno.writeTextFile(`${folder}/all`, "x\ny\n");
    await rejects(folder, ["all"], /all of its rows are bad, first .*all:1:2 \(I1\)/, {
      badRows: "skip",
      format: "criteo-kaggle",
    });
  }));

Deno.test("a prepared cache is found again; other options, sizes or texts are prepared anew", () =>
  inFolder(async (folder) => {
    const path = `${folder}/f`;
    await Deno.writeTextFile(path, rows(20));
    const time = new Date(1_600_000_000_000);
    await Deno.utime(path, time, time);
    const first = await open(folder, ["f"]);
    assert.deepEqual(first.stages, ["preparing"]);
    const again = await open(folder, ["f"]);
    assert.deepEqual(again.stages, []);
    assert.equal(again.dataset.hash, first.dataset.hash);
    assert.deepEqual(again.dataset.notes, first.dataset.notes);
    const hashes = new Set([first.dataset.hash]);
    for (const options of [{ limit: 10 }, { maxIndexRange: 5 }, { badRows: "skip" as const }]) {
      const other = await open(folder, ["f"], options);
      assert.deepEqual(other.stages, ["preparing"]);
      hashes.add(other.dataset.hash);
      other.dataset.close();
    }
    assert.equal(hashes.size, 4);
    // Same size, other time, same text: hashed once, then taken as unchanged.
    const later = new Date(1_700_000_000_000);
    await Deno.utime(path, later, later);
    const touched = await open(folder, ["f"]);
    assert.deepEqual(touched.stages, ["checking"]);
    assert.deepEqual((await open(folder, ["f"])).stages, []);
    // Same size and time, other text: only a verification notices.
    await Deno.writeTextFile(path, rows(20).replace("1\t1\t", "0\t1\t"));
    await Deno.utime(path, later, later);
    assert.deepEqual((await open(folder, ["f"])).stages, []);
    const verified = await open(folder, ["f"], { verify: true });
    assert.deepEqual(verified.stages, ["checking", "preparing"]);
    assert.notEqual(verified.dataset.hash, first.dataset.hash);
    // Other size. Readers of the old cache keep what they opened.
    await Deno.writeTextFile(path, rows(30));
    const grown = await open(folder, ["f"]);
    assert.deepEqual(grown.stages, ["preparing"]);
    assert.equal(grown.dataset.count("train"), 26);
    assert.deepEqual(await readNumbers(first.dataset, "train"), range(0, 18));
    for (const { dataset } of [first, again, touched, verified, grown]) dataset.close();
  }));

Deno.test("a damaged or unfinished cache is never believed", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, rows(20));
    (await open(folder, ["f"])).dataset.close();
    const cache = `${folder}/cache`;
    const name = (await names(cache)).find((entry) => !entry.endsWith(".lock"))!;
    const expectPrepared = async () => {
      const { dataset, stages } = await open(folder, ["f"]);
      assert.deepEqual(stages, ["preparing"]);
      assert.deepEqual(await readNumbers(dataset, "train"), range(0, 18));
      dataset.close();
    };
    const manifest = `${cache}/${name}/manifest.json`, blocks = `${cache}/${name}/rows.bin`;
    await Deno.remove(manifest);
    await expectPrepared();
    const text = await Deno.readTextFile(manifest);
    for (
      const damaged of [
        "",
        "{",
        "[]",
        "null",
        text.slice(0, -20),
        text.replace('"rows":20', '"rows":21'),
      ]
    ) {
      await Deno.writeTextFile(manifest, damaged);
      await expectPrepared();
    }
    await Deno.truncate(blocks, 100);
    await expectPrepared();
    await Deno.remove(blocks);
    await expectPrepared();
    // What a killed run leaves is cleared away.
    await Deno.mkdir(`${cache}/${name}.dead.tmp`);
    await Deno.remove(manifest);
    await expectPrepared();
    assert.deepEqual(await names(cache), [name, `${name}.lock`]);
    // A flipped bit in a block is found when it is read.
    const data = await Deno.readFile(blocks);
    data[50]! ^= 1;
    await Deno.writeFile(blocks, data);
    const { dataset } = await open(folder, ["f"]);
    await assert.rejects(async () => await readAll(dataset, "train"), /block 0 of .* is damaged/);
    dataset.close();
    await rejects(folder, ["f"], /is damaged/, { verify: true });
  }));

Deno.test("a stopped preparation leaves nothing that looks like a cache", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, rows(20_000));
    const controller = new AbortController();
    await assert.rejects(
      open(folder, ["f"], {
        signal: controller.signal,
        onProgress: () => controller.abort(new Error("stopped")),
      }),
      /stopped/,
    );
    assert.deepEqual(
      (await names(`${folder}/cache`)).filter((name) => !name.endsWith(".lock")),
      [],
    );
    await assert.rejects(open(folder, ["f"], { signal: controller.signal }), /stopped/);
  }));

Deno.test("two preparations of one cache at a time do not harm each other", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, rows(20_000));
    const code = `
      import { openDataset } from ${JSON.stringify(import.meta.resolve("../../data/open.ts"))};
      const dataset = await openDataset({ data: [${JSON.stringify(`${folder}/f`)}],
        cacheDirectory: ${JSON.stringify(`${folder}/cache`)} });
      console.log(dataset.hash, dataset.count("train"));
      dataset.close();`;
    await Deno.writeTextFile(`${folder}/open.ts`, code);
    const run = async () => {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-check",
          `--allow-read`,
          `--allow-write=${folder}/cache`,
          `${folder}/open.ts`,
        ],
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(new TextDecoder().decode(stderr), "");
      return new TextDecoder().decode(stdout);
    };
    const here = Array.from({ length: 3 }, async () => {
      const { dataset, stages } = await open(folder, ["f"]);
      const text = `${dataset.hash} ${dataset.count("train")}\n`;
      dataset.close();
      return { text, prepared: stages.includes("preparing") };
    });
    const [other, another, ...mine] = await Promise.all([run(), run(), ...here]);
    assert.equal(other, another);
    for (const { text } of mine) assert.equal(text, other);
    assert.ok(mine.filter((one) => one.prepared).length <= 1);
    assert.equal((await names(`${folder}/cache`)).length, 2);
  }));

Deno.test("a place where nothing can be written is one sentence", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, rows(20));
    await rejects(folder, ["f"], /^Cannot prepare the cache in .*f\/cache: Not a directory/, {
      cacheDirectory: `${folder}/f/cache`,
    });
  }));
