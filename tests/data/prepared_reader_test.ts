import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "../npm/fast_check.ts";
import { Permutation } from "../../core/random.ts";
import { BlockStore } from "../../data/block_store.ts";
import { createInputs } from "../../data/inputs.ts";
import { type BlockRecord, CACHE_VERSION, type Manifest } from "../../data/manifest.ts";
import { PreparedDataset } from "../../data/prepared_dataset.ts";
import { planWindows } from "../../data/prepared_reader.ts";
import { RowBlock } from "../../data/row_block.ts";
import { splitSevenths } from "../../data/split.ts";
import type { Dataset, Order, Split } from "../../data/types.ts";
import { checkReadAtOf } from "./read_at.ts";
import { inFolder } from "./rows.ts";

const BLOCK = 10, DENSE = 2, TABLES = 3;
/** Bytes of one input in memory. */
const ROW_BYTES = 4 * (DENSE + TABLES + 1);

/** A cache of small blocks; input i has dense (i, -i), ids i + 1000 t and label i mod 2. */
async function write(folder: string, rows: number): Promise<Manifest> {
  const blocks: BlockRecord[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (let start = 0; start < rows; start += BLOCK) {
    const block = new RowBlock(DENSE, TABLES);
    block.rows = Math.min(BLOCK, rows - start);
    for (let r = 0; r < block.rows; r++) {
      block.labels[r] = (start + r) % 2;
      for (let j = 0; j < DENSE; j++) block.dense[j * block.stride + r] = (start + r) * (1 - 2 * j);
      for (let t = 0; t < TABLES; t++) block.ids[t * block.stride + r] = start + r + 1000 * t;
    }
    const packed = block.pack(new Uint8Array(1000));
    blocks.push({ offset, rows: block.rows, crc32: crc32(packed) });
    parts.push(packed);
    offset += packed.length;
  }
  await Deno.writeFile(`${folder}/rows.bin`, Uint8Array.from(parts.flatMap((part) => [...part])));
  return {
    version: CACHE_VERSION,
    options: {
      format: "criteo-kaggle",
      limit: null,
      maxIndexRange: 0,
      minCount: 0,
      badRows: "error",
      seed: 123,
      leak: false,
      schema: null,
      events: null,
      heldOut: null,
    },
    sources: [],
    notes: [],
    rows,
    blockRows: BLOCK,
    dense: ["I1", "I2"],
    tables: ["C1", "C2", "C3"].map((name) => ({ name, rows: 5000 })),
    splits: splitSevenths(rows),
    skipped: { count: 0, first: [] },
    blocks,
    keys: { tables: [], bytes: 0, crc32: 0, hash: "" },
    labelled: true,
    hash: "",
    checksum: "",
  };
}

async function withDataset(
  rows: number,
  budget: number,
  body: (dataset: Dataset) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const manifest = await write(folder, rows);
    const dataset = new PreparedDataset(
      folder,
      manifest,
      await BlockStore.open(folder, manifest),
      budget,
      "",
    );
    try {
      await body(dataset);
    } finally {
      dataset.close();
    }
  });
}

/** A store that notes which blocks are read. */
async function countingStore(folder: string, manifest: Manifest) {
  const store = await BlockStore.open(folder, manifest);
  const blocks: number[] = [];
  const readRows = store.readRows.bind(store);
  store.readRows = (block, ...rest) => {
    blocks.push(block);
    return readRows(block, ...rest);
  };
  return { store, blocks, [Symbol.dispose]: () => store.close() };
}

/** Reads a split in steps, checks that each input's numbers belong together, and returns which inputs came. */
async function walk(
  dataset: Dataset,
  split: Split,
  order: Order,
  step: number,
  start = 0,
): Promise<number[]> {
  const reader = dataset.reader(split, order);
  const into = createInputs(dataset.schema, step);
  const seen: number[] = [];
  for (let at = start; at < reader.count; at += step) {
    const size = Math.min(step, reader.count - at);
    await reader.read(at, size, into);
    assert.equal(into.size, size);
    for (let b = 0; b < size; b++) {
      const i = into.ids[b]!;
      seen.push(i);
      assert.equal(into.dense[DENSE * b], i);
      assert.equal(into.dense[DENSE * b + 1], -i);
      assert.equal(into.labels[b], i % 2);
      for (let t = 0; t < TABLES; t++) assert.equal(into.ids[t * size + b], i + 1000 * t);
    }
  }
  return seen;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const ALL = 1 << 20;

Deno.test("every split in sequence, whatever the memory and the steps", async () => {
  for (const budget of [ALL, 0, 25 * ROW_BYTES]) {
    await withDataset(147, budget, async (dataset) => {
      for (const step of [1, 7, 10, 64, 200]) {
        const order = { kind: "sequential" } as const;
        assert.deepEqual(await walk(dataset, "train", order, step), range(0, 126));
        assert.deepEqual(await walk(dataset, "test", order, step), range(126, 137));
        assert.deepEqual(await walk(dataset, "validation", order, step), range(137, 147));
      }
    });
  }
});

Deno.test("in memory a shuffled order is the seed's permutation", () =>
  withDataset(147, ALL, async (dataset) => {
    for (const [seed, epoch] of [[1, 0], [1, 1], [2, 0]] as const) {
      const permutation = new Permutation(126, seed, epoch);
      assert.deepEqual(
        await walk(dataset, "train", { kind: "shuffled", seed, epoch }, 32),
        range(0, 126).map((i) => permutation.at(i)),
      );
    }
  }));

Deno.test("from the disk a shuffled order holds every input once and depends on nothing else", async () => {
  await withDataset(345, 25 * ROW_BYTES, async (dataset) => {
    const count = dataset.count("train");
    const orders = [];
    for (const [seed, epoch] of [[1, 0], [1, 1], [2, 0]] as const) {
      const order = { kind: "shuffled", seed, epoch } as const;
      const whole = await walk(dataset, "train", order, 32);
      assert.deepEqual(whole.toSorted((a, b) => a - b), range(0, count));
      assert.deepEqual(await walk(dataset, "train", order, 7), whole);
      assert.deepEqual(await walk(dataset, "train", order, 50, 123), whole.slice(123));
      // A window of two blocks is mixed: its first ten inputs are not one block.
      assert.ok(new Set(whole.slice(0, 10).map((i) => Math.floor(i / BLOCK))).size > 1);
      orders.push(whole.join(" "));
    }
    assert.equal(new Set(orders).size, 3);
  });
});

Deno.test("a split that is in memory is read at once; one promise is enough", () =>
  withDataset(147, ALL, async (dataset) => {
    const order = { kind: "sequential" } as const;
    const into = createInputs(dataset.schema, 10);
    const first = dataset.reader("train", order).read(0, 10, into);
    assert.ok(first instanceof Promise);
    await first;
    assert.equal(dataset.reader("train", order).read(50, 10, into), undefined);
    assert.equal(into.ids[0], 50);
    const shuffled = dataset.reader("train", { kind: "shuffled", seed: 1, epoch: 0 });
    assert.equal(shuffled.read(0, 10, into), undefined);
  }));

Deno.test("reads that overlap do not disturb each other", () =>
  withDataset(147, 0, async (dataset) => {
    const reader = dataset.reader("train", { kind: "sequential" });
    const reads = range(0, 12).map(async (k) => {
      const into = createInputs(dataset.schema, 10);
      await reader.read(10 * k + 3, 10, into);
      return [...into.ids.subarray(0, 10)];
    });
    assert.deepEqual((await Promise.all(reads)).flat(), range(3, 123));
  }));

Deno.test("inputs at any positions are those that reading one by one gives, whatever the memory", async () => {
  for (const budget of [ALL, 0, 25 * ROW_BYTES]) {
    await withDataset(147, budget, async (dataset) => {
      for (const split of ["train", "test", "validation"] as const) {
        await checkReadAtOf(dataset, split);
      }
    });
  }
});

Deno.test("positions load each window once, whatever their sequence, and none that is not needed", async () => {
  await inFolder(async (folder) => {
    const manifest = await write(folder, 147);
    using store = await countingStore(folder, manifest);
    const dataset = new PreparedDataset(folder, manifest, store.store, 0, "");
    const into = createInputs(dataset.schema, 126);
    const ascending = range(0, 126), picked = [95, 3, 91, 7, 99, 5, 3];
    for (
      const [positions, blocks] of [
        [ascending, range(0, 13)],
        [ascending.toReversed(), range(0, 13)],
        [picked, [0, 9]],
        [[125, 0, 125, 0], [0, 12]],
        [[], []],
      ] as const
    ) {
      store.blocks.length = 0;
      await dataset.reader("train", { kind: "sequential" })
        .readAt(Uint32Array.from(positions), into);
      assert.deepEqual(store.blocks, blocks);
      assert.deepEqual([...into.ids.subarray(0, positions.length)], positions);
    }
  });
});

Deno.test("positions in memory are read at once, and calls that overlap do not disturb each other", async () => {
  await withDataset(147, ALL, async (dataset) => {
    const into = createInputs(dataset.schema, 3);
    const reader = dataset.reader("train", { kind: "shuffled", seed: 1, epoch: 0 });
    const positions = Uint32Array.of(4, 100, 4);
    const first = reader.readAt(positions, into);
    assert.ok(first instanceof Promise);
    await first;
    assert.equal(reader.readAt(positions, into), undefined);
  });
  await withDataset(147, 0, async (dataset) => {
    const reader = dataset.reader("train", { kind: "sequential" });
    const reads = range(0, 12).map(async (k) => {
      const into = createInputs(dataset.schema, 4);
      await reader.readAt(Uint32Array.of(120 - k, 7 * k, 50, 10 * k), into);
      assert.deepEqual([...into.ids.subarray(0, 4)], [120 - k, 7 * k, 50, 10 * k]);
    });
    await Promise.all(reads);
  });
});

Deno.test("reads outside the split or into short arrays throw", () =>
  withDataset(147, ALL, (dataset) => {
    const reader = dataset.reader("test", { kind: "sequential" });
    const into = createInputs(dataset.schema, 5);
    for (const [start, count] of [[-1, 1], [0, 12], [11, 1], [0.5, 1], [0, 6], [0, NaN]] as const) {
      assert.throws(() => reader.read(start, count, into), RangeError);
    }
    assert.equal(reader.read(11, 0, into), undefined);
    assert.equal(into.size, 0);
    return Promise.resolve();
  }));

Deno.test("a closed data set says so", () =>
  withDataset(147, ALL, async (dataset) => {
    const reader = dataset.reader("train", { kind: "sequential" });
    dataset.close();
    await assert.rejects(
      async () => await reader.read(0, 1, createInputs(dataset.schema, 1)),
      /the data set is closed/,
    );
  }));

Deno.test("windows cover a split exactly once", () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.nat(500),
      fc.constantFrom(1, 2, 5, Infinity),
      fc.nat(5),
      (start, count, windowBlocks, epoch) => {
        const order = { kind: "shuffled", seed: 1, epoch } as const;
        const { windows, starts } = planWindows({ start, count }, BLOCK, windowBlocks, order);
        const inputs = windows.flat().flatMap(({ block, from, to }) =>
          range(block * BLOCK + from, block * BLOCK + to)
        );
        assert.deepEqual(inputs.toSorted((a, b) => a - b), range(start, start + count));
        assert.equal(starts.length, windows.length + 1);
        for (const [w, parts] of windows.entries()) {
          const rows = parts.reduce((sum, { from, to }) => sum + to - from, 0);
          assert.equal(starts[w + 1]! - starts[w]!, rows);
          assert.ok(parts.length <= windowBlocks && rows > 0);
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});
