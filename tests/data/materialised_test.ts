import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { createInputs } from "../../data/inputs.ts";
import { type MaterialisationProgress, materialise } from "../../data/materialised.ts";
import { openDataset } from "../../data/open.ts";
import { openSynthetic } from "../../data/synthetic.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset } from "../../data/types.ts";
import { memoryDataset } from "../train/run/memory_dataset.ts";
import { BOTH_ORDERS, checkReadAtOf, used } from "./read_at.ts";
import { inFolder, rows } from "./rows.ts";

const SPLITS = ["train", "test", "validation"] as const;

async function checkCopy(original: Dataset): Promise<void> {
  const copy = await materialise(original);
  for (const key of ["schema", "hash", "notes", "bayes"] as const) {
    assert.deepEqual(copy[key], original[key]);
  }
  for (const split of SPLITS) {
    const count = original.count(split);
    assert.equal(copy.count(split), count);
    for (const order of BOTH_ORDERS) {
      const [want, got] = [createInputs(original.schema, 300), createInputs(original.schema, 300)];
      const [from, to] = [original.reader(split, order), copy.reader(split, order)];
      assert.equal(to.count, count);
      for (let at = 0; at < count; at += 300) {
        const size = Math.min(300, count - at);
        await from.read(at, size, want);
        await to.read(at, size, got);
        assert.deepEqual(used(original.schema, got), used(original.schema, want));
      }
    }
    if (count > 0) await checkReadAtOf(copy, split);
  }
  copy.close();
}

for (const twin of ["rm1", "rm2", "rm3", "rm4"]) {
  Deno.test(`a twin in memory has the same inputs at the same positions: ${twin}`, async () => {
    await checkCopy(await openTwin({ twin, inputs: 6000, seed: 9 }));
    await checkCopy(await openTwin({ twin, inputs: 700, seed: 9, maxIndexRange: 100 }));
  });
}

Deno.test("so have generated inputs, and a data set without validation inputs", async () => {
  await checkCopy(openSynthetic({ inputs: 7000, denseColumns: 2, tableRows: [5, 100, 1] }));
  await checkCopy(openSynthetic({ inputs: 70, denseColumns: 0, tableRows: [9] }));
  await checkCopy(memoryDataset(200));
});

Deno.test("so has a prepared log that fits its memory, also after the original is closed", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log`, rows(500));
    const open = () => openDataset({ data: [`${folder}/log`], cacheDirectory: `${folder}/cache` });
    const original = await open();
    await checkCopy(original);
    const copy = await materialise(original);
    original.close();
    await checkReadAtOf(copy, "train");
  }));

Deno.test("materialise() says how far it is, and stops when told to", async () => {
  const dataset = await openTwin({ twin: "rm4", inputs: 21_000, seed: 1 });
  const seen: MaterialisationProgress[] = [];
  await materialise(dataset, { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(seen.at(-1), { done: 21_000, total: 21_000 });
  assert.ok(seen.length > 4 && seen.every((p, i) => i === 0 || p.done > seen[i - 1]!.done));
  const stopped = new AbortController();
  const onProgress = () => stopped.abort(new Error("enough"));
  await assert.rejects(
    materialise(dataset, { onProgress, signal: stopped.signal }),
    /^Error: enough$/,
  );
  await assert.rejects(materialise(dataset, { signal: stopped.signal }), /^Error: enough$/);
  const timed = materialise(await openTwin({ twin: "rm2", inputs: 300_000, seed: 1 }), {
    signal: AbortSignal.timeout(60),
  });
  await assert.rejects(timed, { name: "TimeoutError" });
});

Deno.test("materialise() refuses what its limit does not hold, before it draws anything", async () => {
  const full = await openTwin({ twin: "rm2" });
  await assert.rejects(materialise(full), (error: Error) => {
    assert.ok(error instanceof UserError);
    assert.match(
      error.message,
      /^Cannot keep [\d,]+ inputs of twin-rm2 in memory: they take 7\.\d+ GB, and the limit is 6\.44 GB$/,
    );
    return true;
  });
  const small = openSynthetic({ inputs: 70, denseColumns: 2, tableRows: [5, 100, 3] });
  const bytes = 70 * (4 * 5 + 1);
  await assert.rejects(materialise(small, { memoryLimit: bytes - 1 }), UserError);
  assert.equal((await materialise(small, { memoryLimit: bytes })).count("train"), 60);
});

Deno.test("materialise() refuses labels that a byte does not hold", async () => {
  const dataset = memoryDataset(100);
  const reader = dataset.reader.bind(dataset);
  dataset.reader = (split, order) => {
    const inner = reader(split, order);
    return {
      count: inner.count,
      readAt: () => {},
      async read(start, count, into) {
        await inner.read(start, count, into);
        into.labels[3] = 0.5;
      },
    };
  };
  await assert.rejects(
    materialise(dataset),
    /^RangeError: Cannot keep input 3 of the train split in memory: its label is 0\.5, neither 0 nor 1$/,
  );
});
