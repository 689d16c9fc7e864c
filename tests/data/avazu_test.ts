import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { UserError } from "../../core/errors.ts";
import { openDataset, type OpenOptions } from "../../data/open.ts";
import { RandomSplit } from "../../data/random_split.ts";
import type { Dataset, Split } from "../../data/types.ts";
import { AVAZU_HEADER, avazuRow, avazuRows } from "./log_rows.ts";
import { inFolder, readAll } from "./rows.ts";

const SPLITS = ["train", "test", "validation"] as const;
const DEVICE_IP = 9;

function open(
  folder: string,
  names: string[],
  options: Partial<OpenOptions> = {},
): Promise<Dataset> {
  return openDataset({
    data: names.map((name) => `${folder}/${name}`),
    cacheDirectory: `${folder}/cache`,
    ...options,
  });
}

/** The numbers of the rows of a split; row i of `avazuRows` has the i-th device_ip. */
async function numbers(dataset: Dataset, split: Split): Promise<number[]> {
  const { ids, labels, dense, size } = await readAll(dataset, split);
  return Array.from({ length: size }, (_, b) => {
    const i = ids[DEVICE_IP * size + b]!;
    assert.equal(labels[b], i % 2);
    assert.equal(dense[b], Math.fround(i % 24 / 24));
    return i;
  });
}

Deno.test("an Avazu file is recognised and split into eight, one and one of every ten rows", () =>
  inFolder(async (folder) => {
    const count = 200_003;
    await Deno.writeTextFile(`${folder}/f`, `${AVAZU_HEADER}\n${avazuRows(count)}`);
    const dataset = await open(folder, ["f"]);
    assert.equal(dataset.schema.format, "avazu");
    assert.deepEqual(dataset.schema.dense, ["hour"]);
    assert.equal(dataset.schema.tables.length, 21);
    assert.deepEqual(dataset.schema.tables[DEVICE_IP], { name: "device_ip", rows: count });
    assert.deepEqual(dataset.schema.tables[0], { name: "C1", rows: 1 });
    const split = new RandomSplit(123);
    const expected = { train: [] as number[], test: [] as number[], validation: [] as number[] };
    for (let i = 0; i < count; i++) expected[split.at(i)].push(i);
    for (const name of SPLITS) {
      assert.equal(dataset.count(name), expected[name].length);
      assert.deepEqual(await numbers(dataset, name), expected[name]);
    }
    dataset.close();
    // What is beside the rows while they are split does not stay.
    for await (const entry of Deno.readDir(`${folder}/cache`)) {
      if (!entry.isDirectory) continue;
      const names = Array.from(Deno.readDirSync(`${folder}/cache/${entry.name}`), (e) => e.name);
      assert.deepEqual(names.sort(), ["keys.bin", "manifest.json", "rows.bin"]);
    }
  }));

Deno.test("which rows test is drawn from the seed, one of every ten, at every place", () => {
  const places = new Set<string>();
  for (const seed of [1, 2]) {
    const split = new RandomSplit(seed);
    for (let group = 0; group < 500; group++) {
      const names = Array.from({ length: 10 }, (_, k) => split.at(10 * group + k));
      assert.equal(names.filter((name) => name === "test").length, 1);
      assert.equal(names.filter((name) => name === "validation").length, 1);
      places.add(`${names.indexOf("test")}-${names.indexOf("validation")}`);
      assert.equal(new RandomSplit(seed).at(10 * group + 3), names[3]);
    }
  }
  assert.equal(places.size, 90);
});

Deno.test("several Avazu files are one log, with headers or without, plain or gzip", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/all`, avazuRows(50));
    await Deno.writeTextFile(`${folder}/a`, `${AVAZU_HEADER}\n${avazuRows(13)}`);
    const rest = new TextEncoder().encode(`${AVAZU_HEADER}\n${avazuRows(37, 13)}`);
    await Deno.writeFile(`${folder}/b.gz`, gzipSync(rest));
    const all = await open(folder, ["all"]), parts = await open(folder, ["a", "b.gz"]);
    for (const split of SPLITS) {
      assert.deepEqual(await numbers(parts, split), await numbers(all, split));
    }
    const other = await open(folder, ["all"], { seed: 7 });
    assert.notDeepEqual(await numbers(other, "test"), await numbers(all, "test"));
    assert.notEqual(other.hash, all.hash);
    const limited = await open(folder, ["a", "b.gz"], { limit: 20 });
    assert.equal(limited.count("train"), 16);
    assert.match(limited.notes.join("\n"), /limit of 20 inputs came before the end of the files$/m);
    for (const dataset of [all, parts, other, limited]) dataset.close();
  }));

Deno.test("ids that training has too seldom share row 0, by counts over the training rows alone", () =>
  inFolder(async (folder) => {
    const values = (i: number) => Math.floor(Math.sqrt(i));
    const lines = Array.from({ length: 400 }, (_, i) => avazuRow({ 12: values(i).toString(16) }));
    await Deno.writeTextFile(`${folder}/f`, lines.join("\n"));
    const plain = await open(folder, ["f"]);
    const split = new RandomSplit(123);
    const counts = new Map<number, number>();
    for (let i = 0; i < 400; i++) {
      if (split.at(i) === "train") counts.set(values(i), (counts.get(values(i)) ?? 0) + 1);
    }
    for (const minCount of [1, 2, 9, 1000]) {
      const kept = Array.from({ length: 20 }, (_, v) => v).filter((v) =>
        (counts.get(v) ?? 0) >= minCount
      );
      const dataset = await open(folder, ["f"], { minCount });
      assert.equal(dataset.schema.tables[DEVICE_IP]!.rows, kept.length + 1);
      for (const name of SPLITS) {
        const before = await readAll(plain, name), after = await readAll(dataset, name);
        const from = DEVICE_IP * before.size, to = from + before.size;
        assert.deepEqual(
          [...after.ids.subarray(from, to)],
          [...before.ids.subarray(from, to)].map((v) => kept.indexOf(v) + 1),
        );
        assert.deepEqual(after.dense, before.dense);
        assert.deepEqual(after.labels, before.labels);
      }
      // The only id of C1 is frequent, unless nothing is.
      assert.equal(dataset.schema.tables[0]!.rows, minCount === 1000 ? 1 : 2);
      assert.match(
        dataset.notes.join("\n"),
        /Ids seen fewer than \d+ times? in training share row 0/,
      );
      assert.notEqual(dataset.hash, plain.hash);
      dataset.close();
    }
    plain.close();
  }));

Deno.test("the index range comes before the threshold", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, avazuRows(100));
    const dataset = await open(folder, ["f"], { maxIndexRange: 4, minCount: 2 });
    assert.equal(dataset.schema.tables[DEVICE_IP]!.rows, 5);
    for (const { rows } of dataset.schema.tables) assert.ok(rows <= 5);
    dataset.close();
  }));

Deno.test("bad Avazu files are one sentence each, or bad rows are skipped", () =>
  inFolder(async (folder) => {
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    await write("header", `${AVAZU_HEADER}\n`);
    await write("ragged", `${avazuRows(20)}1,0,14102100\n${avazuRows(20)}`);
    await write("cut", avazuRows(20).slice(0, -30));
    await write("oversized", `${avazuRows(20)}${"1".repeat(100_000)}\n`);
    await Deno.writeFile(
      `${folder}/utf16`,
      Uint8Array.from(
        [0xff, 0xfe, ...avazuRows(20)].flatMap((c) =>
          typeof c === "number" ? [c] : [c.charCodeAt(0), 0]
        ),
      ),
    );
    await write("few", avazuRows(9));
    const rejects = async (name: string, message: RegExp, options: Partial<OpenOptions> = {}) => {
      await assert.rejects(open(folder, [name], options), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\.$|\n/);
        return true;
      });
    };
    await rejects("header", /^Cannot prepare .*header: it has no rows$/);
    await rejects("ragged", /ragged:21:4 \(C1\): the row has 3 columns where an Avazu row has 24$/);
    await rejects("cut", /cut:20:15 \(device_type\): the row has 14 columns/);
    await rejects("oversized", /oversized:21:1 \(id\): the line has more than 4096 bytes$/);
    const utf16 = /utf16: it is text in UTF-16; convert it with iconv -f UTF-16 -t UTF-8 first$/;
    await rejects("utf16", utf16, { format: "avazu" });
    await rejects("few", /^Cannot split 9 inputs into train and test: at least 10 are needed$/);
    const skipped = await open(folder, ["ragged"], { badRows: "skip" });
    assert.equal(skipped.count("train"), 32);
    assert.match(skipped.notes.join("\n"), /Skipped 1 bad row, the first:\n.*ragged:21:4 \(C1\)/);
    skipped.close();
  }));
