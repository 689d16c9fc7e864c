import assert from "node:assert/strict";
import { basename } from "node:path";
import { daysOf, listFiles, missingDays } from "../../data/source_files.ts";
import { openDataset } from "../../data/open.ts";
import { findTextFile, readText } from "../../data/text_source.ts";
import { inFolder, rows } from "./rows.ts";

async function withFiles(names: readonly string[], body: (folder: string) => Promise<void> | void) {
  await inFolder(async (folder) => {
    for (const name of names) await Deno.writeTextFile(`${folder}/${name}`, rows(7));
    await body(folder);
  });
}
const names = (paths: readonly string[]) => paths.map((path) => basename(path));

Deno.test("days are taken in the order of their numbers, whatever order they are given in", () =>
  withFiles(["day_0", "day_1", "day_2", "day_10", "day_11.gz"], async (folder) => {
    const shell = ["day_0", "day_1", "day_10", "day_11.gz", "day_2"].map((n) => `${folder}/${n}`);
    const ordered = ["day_0", "day_1", "day_2", "day_10", "day_11.gz"];
    assert.deepEqual(names(listFiles(shell)), ordered);
    assert.deepEqual(names(listFiles([`${folder}/day_*`])), ordered);
    const days = shell.filter((path) => !path.endsWith(".gz"));
    const dataset = await openDataset({ data: days, cacheDirectory: `${folder}/cache` });
    assert.match(dataset.notes.join("\n"), /The last file is held out, day_10: 21 train/);
    dataset.close();
    assert.throws(() => listFiles([...shell, `${folder}/day_2`]), /it is the same day as day_2/);
    // Files of other names stay as they are given.
    assert.deepEqual(names(listFiles(["b", "a", "day_1"])), ["b", "a", "day_1"]);
  }));

Deno.test("the days behind a prefix are all found, packed ones too, and a gap is an error", () =>
  withFiles(["day_0.gz", "day_1", "day_2.zst", "day_x", "day_1.bak"], async (folder) => {
    assert.deepEqual(names(daysOf(`${folder}/day`)), ["day_0.gz", "day_1", "day_2.zst"]);
    assert.deepEqual(daysOf(`${folder}/week`), []);
    await Deno.writeTextFile(`${folder}/day_10`, "");
    assert.throws(
      () => daysOf(`${folder}/day`),
      /Cannot read the days up to day_10: day 3 is missing after day_2.zst/,
    );
  }));

Deno.test("days that files named by hand or in a folder lack are said", () => {
  const days = (...numbers: number[]) => missingDays(numbers.map((day) => `day_${day}.gz`));
  assert.equal(days(0, 1, 2), null);
  assert.equal(days(4), null);
  assert.equal(days(0, 2, 3, 10), "Of the days from 0 to 10 the files lack 1, 4 to 9");
  assert.equal(missingDays(["day_0", "day_2", "test.tsv"]), null);
});

Deno.test("folders and patterns are their parts, numbers in names by size", () =>
  withFiles(["part-2.csv", "part-10.csv", "_SUCCESS", ".part-2.crc"], (folder) => {
    assert.deepEqual(names(listFiles([folder])), ["part-2.csv", "part-10.csv"]);
    assert.deepEqual(names(listFiles([`${folder}/part-?.csv`])), ["part-2.csv"]);
    assert.deepEqual(names(listFiles([`${folder}/*`])), ["part-2.csv", "part-10.csv"]);
    // As a shell expands the same pattern.
    assert.deepEqual(
      names(
        listFiles(["_SUCCESS", "part-10.csv", "part-2.csv"].map((name) => `${folder}/${name}`)),
      ),
      ["part-10.csv", "part-2.csv"],
    );
    assert.deepEqual(names(listFiles([`${folder}/_SUCCESS`])), ["_SUCCESS"]);
    assert.throws(() => listFiles([`${folder}/x*`]), /no file has such a name/);
    // What lies in folders of parts is not left out in silence.
    Deno.mkdirSync(`${folder}/_temporary`);
    assert.equal(listFiles([folder]).length, 2);
    Deno.mkdirSync(`${folder}/day=2`);
    assert.throws(() => listFiles([folder]), /it has the folder day=2 in it; name the files, a/);
  }));

Deno.test("a file that is not as long as it was is an error", () =>
  withFiles(["f"], async (folder) => {
    const file = await findTextFile(`${folder}/f`);
    await Deno.writeTextFile(`${folder}/f`, rows(3));
    await assert.rejects(async () => {
      for await (const _ of readText(file));
    }, /it had \d+ bytes when it was opened and has \d+ now; wait until it is whole/);
  }));
