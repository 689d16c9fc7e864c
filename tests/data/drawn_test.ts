import { strict as assert } from "node:assert";
import { UserError } from "../../core/errors.ts";
import { Sha256 } from "../../core/files.ts";
import { openDrawn } from "../../data/drawn/cache.ts";
import { createInputs } from "../../data/inputs.ts";
import { materialise } from "../../data/materialised.ts";
import { openTwin, type TwinOptions } from "../../data/twin/open.ts";
import type { Dataset, Order, Split } from "../../data/types.ts";
import { inFolder } from "./rows.ts";

const OPTIONS: TwinOptions = { twin: "rm4", inputs: 7 * 6000, seed: 3, maxIndexRange: 5000 };

const SHUFFLED: Order = { kind: "shuffled", seed: 5, epoch: 1 };

/** A hash of all inputs of a split in an order, read in minibatches of an odd size. */
async function hashOf(dataset: Dataset, split: Split, order: Order): Promise<string> {
  const count = dataset.count(split), reader = dataset.reader(split, order);
  const into = createInputs(dataset.schema, 700), hash = new Sha256();
  for (let start = 0; start < count; start += 700) {
    const size = Math.min(700, count - start);
    await reader.read(start, size, into);
    hash.update(new Uint8Array(into.ids.buffer, 0, 4 * 21 * size))
      .update(new Uint8Array(into.dense.buffer, 0, 4 * size))
      .update(new Uint8Array(into.labels.buffer, 0, 4 * size));
  }
  return hash.hex();
}

Deno.test("a twin drawn into a file has the inputs of one drawn into memory, by any number of threads", () =>
  inFolder(async (folder) => {
    using twin = await openTwin(OPTIONS);
    const inMemory = await materialise(twin, { vocabulary: "seen" });
    assert.equal(
      await hashOf(await materialise(twin, { vocabulary: "seen", threads: 3 }), "test", SHUFFLED),
      await hashOf(inMemory, "test", SHUFFLED),
    );
    for (const threads of [1, 3]) {
      const cacheDirectory = `${folder}/${threads}`;
      using drawn = await openDrawn(twin, { cacheDirectory, threads });
      assert.deepEqual(drawn.schema, inMemory.schema);
      assert.equal(drawn.hash, inMemory.hash);
      assert.deepEqual([drawn.notes, drawn.bayes], [inMemory.notes, inMemory.bayes]);
      for (const split of ["train", "test", "validation"] as const) {
        for (
          const order of [
            { kind: "sequential" },
            SHUFFLED,
          ] as const
        ) {
          assert.equal(
            await hashOf(drawn, split, order),
            await hashOf(inMemory, split, order),
          );
        }
      }
      const [a, b] = [drawn, inMemory].map((dataset) => {
        const into = createInputs(dataset.schema, 3);
        const reader = dataset.reader("train", { kind: "shuffled", seed: 1, epoch: 0 });
        void reader.readAt(Uint32Array.of(35_999, 0, 17), into);
        return into;
      });
      assert.deepEqual(a, b);
    }
  }));

Deno.test("sequences are drawn into a file as into memory", () =>
  inFolder(async (folder) => {
    const options: TwinOptions = { twin: "rm1", inputs: 3000, seed: 2 };
    using twin = await openTwin(options);
    const inMemory = await materialise(twin, { vocabulary: "seen" });
    using drawn = await openDrawn(twin, { cacheDirectory: folder, threads: 2 });
    assert.deepEqual(drawn.schema, inMemory.schema);
    const [a, b] = [drawn, inMemory].map((dataset) => {
      const into = createInputs(dataset.schema, 500);
      void dataset.reader("train", { kind: "shuffled", seed: 9, epoch: 0 }).read(40, 500, into);
      return into;
    });
    assert.deepEqual(a, b);
  }));

Deno.test("inputs are drawn once, and anew after a drawing that was interrupted", () =>
  inFolder(async (folder) => {
    using twin = await openTwin(OPTIONS);
    const stopped = new AbortController();
    const open = async (signal?: AbortSignal) => {
      let drew = 0;
      const onProgress = (done: number) => {
        drew = done;
        stopped.abort(new Error("stopped"));
      };
      const options = { cacheDirectory: folder, threads: 1, signal, onProgress };
      using drawn = await openDrawn(twin, options);
      return [drew, drawn.count("train")];
    };
    await assert.rejects(open(stopped.signal), /^Error: stopped$/);
    const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assert.deepEqual(names().map((name) => name.split(".").at(-1)), ["lock"]);
    // What a process that was killed leaves.
    await Deno.writeTextFile(`${folder}/${names()[0]!.replace("lock", "rows.1.tmp")}`, "half");
    assert.deepEqual(await open(), [42_000, 36_000]);
    assert.deepEqual(await open(), [0, 36_000]);
    assert.deepEqual(names().map((name) => name.split(".").at(-1)), ["json", "lock", "rows"]);
  }));

Deno.test("rows that are missing are drawn anew, and what was changed is one clear error", () =>
  inFolder(async (folder) => {
    using twin = await openTwin(OPTIONS);
    const open = async () =>
      void (await openDrawn(twin, { cacheDirectory: folder, threads: 1 })).close();
    await open();
    const path = (ending: string) =>
      `${folder}/${
        Array.from(Deno.readDirSync(folder), ({ name }) => name)
          .find((name) => name.endsWith(ending))
      }`;
    await Deno.truncate(path(".rows"), 100);
    await open();
    assert.ok((await Deno.stat(path(".rows"))).size > 100);
    await Deno.writeTextFile(
      path(".json"),
      (await Deno.readTextFile(path(".json"))).replace("42000", "9"),
    );
    await assert.rejects(open(), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /^Cannot use .*\.json: it was changed after it was written; remove it to/,
      );
      return true;
    });
  }));
