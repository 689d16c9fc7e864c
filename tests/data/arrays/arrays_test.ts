import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { openDataset, type OpenOptions } from "../../../data/open.ts";
import type { Dataset, Split } from "../../../data/types.ts";
import { inFolder, readAll } from "../rows.ts";
import { type ArrayOptions, int32Rows, npy, npz } from "./write_arrays.ts";

/** One input, as the arrays have it. */
interface MadeUp {
  readonly label: number;
  readonly dense: readonly number[];
  readonly ids: readonly number[];
}

/** Inputs that differ in every column. */
function made(count: number, from = 0, dense = 2, tables = 3): MadeUp[] {
  return Array.from({ length: count }, (_, k) => {
    const i = from + k;
    return {
      label: i % 2,
      dense: Array.from({ length: dense }, (_, j) => i + 100 * j),
      ids: Array.from({ length: tables }, (_, t) => (7 * i + t) % (10 + t)),
    };
  });
}

const log1p = (x: number) => Math.fround(Math.log(Math.fround(x + 1)));

/** The inputs of a split as they come out: dense values, and the ids of each bag. */
async function taken(dataset: Dataset, split: Split) {
  const { size, dense, ids, labels } = await readAll(dataset, split);
  const columns = dataset.schema.dense.length;
  return Array.from({ length: size }, (_, b) => {
    let first = 0;
    return {
      label: labels[b]!,
      dense: [...dense.subarray(b * columns, (b + 1) * columns)],
      ids: dataset.schema.tables.flatMap(({ lookups = 1 }) => {
        const from = first * size + b * lookups;
        first += lookups;
        return [...ids.subarray(from, from + lookups)];
      }),
    };
  });
}

const asLoaded = (inputs: readonly MadeUp[]) =>
  inputs.map(({ label, dense, ids }) => ({ label, dense: dense.map(log1p), ids: [...ids] }));

async function open(folder: string, names: readonly string[], options: Partial<OpenOptions> = {}) {
  return await openDataset({
    data: names.map((name) => `${folder}/${name}`),
    cacheDirectory: `${folder}/cache`,
    ...options,
  });
}

async function rejects(
  folder: string,
  names: readonly string[],
  message: RegExp,
  options: Partial<OpenOptions> = {},
) {
  await assert.rejects(open(folder, names, options), (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\.$|\n/);
    return true;
  });
}

/** DLRM's arrays of some inputs. */
function dlrm(
  inputs: readonly MadeUp[],
  { counts, ...options }: ArrayOptions & { counts?: readonly number[] } = {},
) {
  return {
    X_int: npy("i4", inputs.map(({ dense }) => dense)),
    X_cat: npy("i4", inputs.map(({ ids }) => ids), options),
    y: npy("i4", inputs.map(({ label }) => label)),
    ...(counts === undefined ? {} : { counts: npy("i4", counts) }),
  };
}

for (const compressed of [false, true]) {
  for (const fortranOrder of [false, true]) {
    const how = `${compressed ? "deflated" : "stored"}, ${fortranOrder ? "column" : "row"} by ${
      fortranOrder ? "column" : "row"
    }`;
    Deno.test(`DLRM's processed npz (${how}): ids as they are, ln(x + 1), sevenths, counts`, () =>
      inFolder(async (folder) => {
        const inputs = made(70);
        const arrays = dlrm(inputs, { counts: [10, 11, 20], fortranOrder });
        await Deno.writeFile(
          `${folder}/kaggleAdDisplayChallenge_processed.npz`,
          npz(arrays, { compressed }),
        );
        const dataset = await open(folder, ["kaggleAdDisplayChallenge_processed.npz"]);
        assert.equal(dataset.schema.format, "dlrm-npz");
        assert.deepEqual(dataset.schema.tables, [
          { name: "C1", rows: 10 },
          { name: "C2", rows: 11 },
          { name: "C3", rows: 20 },
        ]);
        assert.deepEqual(await taken(dataset, "train"), asLoaded(inputs.slice(0, 60)));
        assert.deepEqual(await taken(dataset, "test"), asLoaded(inputs.slice(60, 65)));
        assert.deepEqual(await taken(dataset, "validation"), asLoaded(inputs.slice(65)));
        dataset.close();
        for await (const { name } of Deno.readDir(`${folder}/cache`)) {
          assert.doesNotMatch(name, /tmp$/);
        }
      }));
  }
}

Deno.test("DLRM's reordered days: by number whatever the order given, the last held out, counts beside them", () =>
  inFolder(async (folder) => {
    const days = [made(20), made(30, 20), made(9, 50)];
    for (const [i, day] of [1, 2, 10].entries()) {
      await Deno.writeFile(
        `${folder}/terabyte_${day}_reordered.npz`,
        npz(dlrm(days[i]!), { compressed: true }),
      );
    }
    await Deno.writeFile(
      `${folder}/terabyte_fea_count.npz`,
      npz({ counts: npy("i4", [15, 16, 17]) }),
    );
    const names = [10, 1, 2].map((day) => `terabyte_${day}_reordered.npz`);
    const dataset = await open(folder, names);
    assert.deepEqual(await taken(dataset, "train"), asLoaded([...days[0]!, ...days[1]!]));
    assert.deepEqual(await taken(dataset, "test"), asLoaded(days[2]!.slice(0, 5)));
    assert.deepEqual(await taken(dataset, "validation"), asLoaded(days[2]!.slice(5)));
    assert.deepEqual(dataset.schema.tables.map(({ rows }) => rows), [15, 16, 17]);
    assert.ok(
      dataset.notes.some((note) => note.startsWith("terabyte_10_reordered.npz is held out")),
    );
    dataset.close();
  }));

Deno.test("torchrec's days from any of their files: values as they are, the last day validates, then tests", () =>
  inFolder(async (folder) => {
    const days = [made(20), made(7, 20)];
    for (const [day, inputs] of days.entries()) {
      const write = (role: string, bytes: Uint8Array) =>
        Deno.writeFile(`${folder}/day_${day}_${role}.npy`, bytes);
      await write("dense", npy("f4", inputs.map(({ dense }) => dense.map((x) => x / 8))));
      await write("sparse", npy("i4", inputs.map(({ ids }) => ids), { version: 2 }));
      await write("labels", npy("i4", inputs.map(({ label }) => [label])));
    }
    const dataset = await open(folder, ["day_1_labels.npy", "day_0_dense.npy"]);
    assert.equal(dataset.schema.format, "torchrec-npy");
    const exact = (inputs: readonly MadeUp[]) =>
      inputs.map(({ label, dense, ids }) => ({ label, dense: dense.map((x) => x / 8), ids }));
    assert.deepEqual(await taken(dataset, "train"), exact(days[0]!));
    assert.deepEqual(await taken(dataset, "validation"), exact(days[1]!.slice(0, 4)));
    assert.deepEqual(await taken(dataset, "test"), exact(days[1]!.slice(4)));
    // No counts: a row for each id up to the largest.
    assert.deepEqual(dataset.schema.tables.map(({ rows }) => rows), [10, 11, 12]);
    dataset.close();
  }));

Deno.test("hashes are taken modulo, as Python does, and refused without", () =>
  inFolder(async (folder) => {
    const ids = [-1, 5, -12, 25, 3, 4, 5].map((id) => [id, 0]);
    await Deno.writeFile(`${folder}/day_0_dense.npy`, npy("f4", ids.map(() => [0.5])));
    await Deno.writeFile(`${folder}/day_0_sparse.npy`, npy("i8", ids));
    await Deno.writeFile(`${folder}/day_0_labels.npy`, npy("f4", ids.map((_, i) => [i % 2])));
    await rejects(
      folder,
      ["day_0_sparse.npy"],
      /row 0 of .*day_0_sparse\.npy: its id -1 in C1 is negative, as hashes are; .* by data.maxIndexRange$/,
    );
    const dataset = await open(folder, ["day_0_sparse.npy"], { maxIndexRange: 10 });
    assert.deepEqual((await taken(dataset, "train")).map((input) => input.ids[0]), [
      9,
      5,
      8,
      5,
      3,
      4,
    ]);
    dataset.close();
  }));

Deno.test("MLPerf's binary: 40 int32 a row, split by the files' names", () =>
  inFolder(async (folder) => {
    const splits = {
      train: made(30, 0, 13, 26),
      test: made(6, 30, 13, 26),
      val: made(5, 36, 13, 26),
    };
    for (const [name, inputs] of Object.entries(splits)) {
      await Deno.writeFile(
        `${folder}/${name}_data.bin`,
        int32Rows(inputs.map(({ label, dense, ids }) => [label, ...dense, ...ids])),
      );
    }
    const names = ["val_data.bin", "test_data.bin", "train_data.bin"];
    const dataset = await open(folder, names);
    assert.equal(dataset.schema.format, "mlperf-binary");
    assert.deepEqual(await taken(dataset, "train"), asLoaded(splits.train));
    assert.deepEqual(await taken(dataset, "test"), asLoaded(splits.test));
    assert.deepEqual(await taken(dataset, "validation"), asLoaded(splits.val));
    dataset.close();
    const alone = await open(folder, ["train_data.bin"], { limit: 14 });
    assert.equal(alone.count("train"), 12);
    assert.deepEqual(await taken(alone, "test"), asLoaded(splits.train.slice(12, 13)));
    alone.close();
    await Deno.writeFile(`${folder}/odd.bin`, new Uint8Array(161));
    await rejects(
      folder,
      ["odd.bin"],
      /odd\.bin: it has 161 bytes, .*multiple of the 160 of a row/,
    );
  }));

Deno.test("DLRM-v2's multi-hot days: bags of each table's own length", () =>
  inFolder(async (folder) => {
    const lookups = [3, 1, 2];
    const inputs = made(14).map((input, i) => ({
      ...input,
      ids: lookups.flatMap((some, t) => Array.from({ length: some }, (_, l) => i + 5 * l + t)),
    }));
    const table = (t: number) => {
      const first = lookups.slice(0, t).reduce((sum, some) => sum + some, 0);
      return npy("i4", inputs.map(({ ids }) => ids.slice(first, first + lookups[t]!)));
    };
    await Deno.writeFile(
      `${folder}/day_0_sparse_multi_hot.npz`,
      npz({ 0: table(0), 1: table(1), 2: table(2) }),
    );
    await Deno.writeFile(`${folder}/day_0_dense.npy`, npy("f4", inputs.map(({ dense }) => dense)));
    await Deno.writeFile(
      `${folder}/day_0_labels.npy`,
      npy("i4", inputs.map(({ label }) => [label])),
    );
    const dataset = await open(folder, ["day_0_sparse_multi_hot.npz"]);
    assert.deepEqual(dataset.schema.tables, [
      { name: "C1", rows: 24, lookups: 3 },
      { name: "C2", rows: 15 },
      { name: "C3", rows: 21, lookups: 2 },
    ]);
    assert.deepEqual(
      await taken(dataset, "train"),
      inputs.slice(0, 12).map(({ label, dense, ids }) => ({ label, dense, ids })),
    );
    dataset.close();
  }));

Deno.test("blocks and pieces of a long array meet; the cache is found again; a changed file is prepared anew", () =>
  inFolder(async (folder) => {
    const inputs = made(70_000);
    const path = `${folder}/long_processed.npz`;
    await Deno.writeFile(path, npz(dlrm(inputs, { fortranOrder: true }), { zip64: true }));
    const dataset = await open(folder, ["long_processed.npz"]);
    assert.deepEqual(await taken(dataset, "train"), asLoaded(inputs.slice(0, 60_000)));
    assert.deepEqual(await taken(dataset, "validation"), asLoaded(inputs.slice(65_000)));
    dataset.close();
    let stages = 0;
    const again = await open(folder, ["long_processed.npz"], { onProgress: () => stages++ });
    assert.equal(stages, 0);
    assert.equal(again.hash, dataset.hash);
    again.close();
    await Deno.writeFile(path, npz(dlrm(inputs.slice(1), { fortranOrder: true })));
    const changed = await open(folder, ["long_processed.npz"]);
    assert.notEqual(changed.hash, dataset.hash);
    assert.equal(changed.count("train"), 60_000);
    changed.close();
  }));

Deno.test("what is wrong with arrays is said", () =>
  inFolder(async (folder) => {
    const write = (name: string, bytes: Uint8Array) => Deno.writeFile(`${folder}/${name}`, bytes);
    const good = dlrm(made(14));
    const broken = async (name: string, arrays: Record<string, Uint8Array>, message: RegExp) => {
      await write(name, npz(arrays));
      await rejects(folder, [name], message);
    };
    await broken(
      "label_processed.npz",
      { ...good, y: npy("i4", Array.from({ length: 14 }, (_, i) => i)) },
      /row 2 of y of .*: its label is 2, neither 0 nor 1/,
    );
    await broken(
      "dense_processed.npz",
      { ...good, X_int: npy("i4", made(14).map(() => [-2, 0])) },
      /row 0 of X_int of .*: its dense value I1 is -2, and ln\(x \+ 1\) is taken/,
    );
    await broken(
      "counts_processed.npz",
      dlrm(made(14), { counts: [10, 11, 2] }),
      /row 0 of X_cat of .*: its id 2 in C3 is beyond the 2 ids that its counts give/,
    );
    await broken(
      "short_processed.npz",
      { ...good, y: npy("i4", [0, 1, 0]) },
      /X_int of .*: it has 14 rows and y of .* has 3/,
    );
    await broken(
      "cut_processed.npz",
      { ...good, X_cat: good.X_cat.subarray(0, 200) },
      /X_cat of .*: it is cut short: 200 bytes where 14 × 3 elements take/,
    );
    await broken(
      "strange.npz",
      { a: good.y, b: good.y },
      /its arrays are a, b where DLRM has X_int/,
    );
    await write(
      "flipped_processed.npz",
      npz(good, { compressed: true }).map((b, i) => i === 150 ? b ^ 1 : b),
    );
    await rejects(folder, ["flipped_processed.npz"], /its member \w+\.npy is damaged or cut short/);
    await write("tail_processed.npz", npz(good).slice(0, -40));
    await rejects(
      folder,
      ["tail_processed.npz"],
      /its zip directory is missing, so it is cut short/,
    );
    await write("array.npy", npy("i4", [1, 2]));
    await rejects(
      folder,
      ["array.npy"],
      /array\.npy: an array by itself is read as torchrec names it/,
    );
    await write("day_3_labels.npy", npy("i4", [[1], [0]]));
    await rejects(
      folder,
      ["day_3_labels.npy"],
      /day_3_dense\.npy, the same day's dense, is not beside it/,
    );
    await write("ok_processed.npz", npz(good));
    await rejects(
      folder,
      ["ok_processed.npz"],
      /with a minimum count of 2: ids .* are used as they are/,
      {
        minCount: 2,
      },
    );
    await rejects(folder, ["ok_processed.npz"], /as mlperf-binary: it is of the format dlrm-npz/, {
      format: "mlperf-binary",
    });
    await write("day_0", new TextEncoder().encode("1\t2\n"));
    await rejects(
      folder,
      ["ok_processed.npz", "day_0"],
      /day_0 beside .*: it is no file of the format dlrm-npz/,
    );
  }));

Deno.test("bad rows are left out and counted where that is asked", () =>
  inFolder(async (folder) => {
    const inputs = made(15);
    const labels = inputs.map(({ label }, i) => i === 3 ? 5 : label);
    await Deno.writeFile(
      `${folder}/some_processed.npz`,
      npz({ ...dlrm(inputs), y: npy("i4", labels) }),
    );
    const dataset = await open(folder, ["some_processed.npz"], { badRows: "skip" });
    const good = inputs.filter((_, i) => i !== 3);
    assert.deepEqual(await taken(dataset, "train"), asLoaded(good.slice(0, 12)));
    assert.ok(dataset.notes.some((note) => /row 3 of y of .*: its label is 5/.test(note)));
    dataset.close();
  }));

Deno.test("archives with a byte changed anywhere are refused, or give the same inputs", () =>
  inFolder(async (folder) => {
    const inputs = made(14);
    const random = new RandomStream(5, "sampling");
    let place = 0, refused = 0;
    for (let k = 0; k < 120; k++) {
      const options = { compressed: k % 2 === 1, zip64: k % 4 > 1 };
      const bytes = npz(dlrm(inputs, { counts: [10, 11, 12] }), options);
      const at = Math.floor(random.uniform(place++) * bytes.length);
      bytes[at]! ^= 1 + Math.floor(random.uniform(place++) * 255);
      const name = `mutant_${k}.npz`;
      await Deno.writeFile(`${folder}/${name}`, bytes);
      try {
        const dataset = await open(folder, [name]);
        assert.deepEqual(
          await taken(dataset, "train"),
          asLoaded(inputs.slice(0, 12)),
          `byte ${at}`,
        );
        dataset.close();
      } catch (error) {
        assert.ok(error instanceof UserError, `byte ${at}: ${error}`);
        refused++;
      }
    }
    assert.ok(refused > 60, `only ${refused} were refused`);
  }));
