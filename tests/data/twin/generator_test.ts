import { strict as assert } from "node:assert";
import { Sha256 } from "../../../core/files.ts";
import { createInputs } from "../../../data/inputs.ts";
import { logistic } from "../../../data/twin/clicks.ts";
import { loadTwin, openTwin } from "../../../data/twin/open.ts";
import { TwinGenerator } from "../../../data/twin/generator.ts";
import { possibleIds } from "../../../data/twin/law.ts";

Deno.test("the first inputs of the shipped twins never change", async () => {
  const hashes: Record<string, string> = {};
  for (const twin of ["rm2", "rm3", "rm4"]) {
    const dataset = await openTwin({ twin, inputs: 7000, seed: 1 });
    const into = createInputs(dataset.schema, 1000);
    dataset.reader("train", { kind: "sequential" }).read(0, 1000, into);
    hashes[twin] = new Sha256()
      .update(new Uint8Array(into.ids.buffer))
      .update(new Uint8Array(into.dense.buffer))
      .update(new Uint8Array(into.labels.buffer)).hex().slice(0, 16);
  }
  assert.deepEqual(hashes, {
    rm2: "baab2640ce5a1b5e",
    rm3: "bcfb25960ac29e50",
    rm4: "4d3674f3535196fc",
  });
});

Deno.test("any input can be had without those before it", async () => {
  const dataset = await openTwin({ twin: "rm2", inputs: 70_000, seed: 3 });
  const reader = dataset.reader("train", { kind: "sequential" });
  const all = createInputs(dataset.schema, 300), one = createInputs(dataset.schema, 1);
  reader.read(40_000, 300, all);
  const tables = dataset.schema.tables.length;
  for (const k of [299, 0, 150, 151]) {
    reader.read(40_000 + k, 1, one);
    for (let t = 0; t < tables; t++) assert.equal(one.ids[t], all.ids[t * 300 + k]);
    assert.deepEqual(one.dense, all.dense.subarray(k * 13, (k + 1) * 13));
    assert.equal(one.labels[0], all.labels[k]);
  }
  const shuffled = dataset.reader("train", { kind: "shuffled", seed: 1, epoch: 0 });
  shuffled.read(5, 1, one);
  const before = one.ids.slice();
  shuffled.read(900, 1, one);
  shuffled.read(5, 1, one);
  assert.deepEqual(one.ids, before);
  assert.throws(() => reader.read(60_000, 1, one), RangeError);
});

Deno.test("positions beyond 2^32 differ from those below", async () => {
  const generator = new TwinGenerator(await loadTwin("rm3"), 1);
  const low = new Uint32Array(26), high = new Uint32Array(26);
  generator.writeIds(5, low, 0);
  generator.writeIds(5 + 2 ** 32, high, 0);
  assert.notDeepEqual(low, high);
});

Deno.test("ids follow the law of their column, in columns that lead and that follow", async () => {
  const parameters = await loadTwin("rm2");
  const generator = new TwinGenerator(parameters, 11);
  const n = 40_000, tables = parameters.columns.length;
  const ids = new Uint32Array(n * tables);
  for (let i = 0; i < n; i++) generator.writeIds(i, ids, i * tables);
  for (const [t, { name, law, follows }] of parameters.columns.entries()) {
    // Bins of neighbouring segments with at least 200 expected inputs.
    const ends: number[] = [], expected: number[] = [];
    let end = 0, mass = 0;
    for (const segment of law) {
      end += segment.ids;
      mass += segment.mass;
      if (mass * n >= 200) {
        ends.push(end);
        expected.push(mass * n);
        mass = 0;
      }
    }
    expected[expected.length - 1]! += mass * n;
    ends[ends.length - 1] = possibleIds(law);
    const seen = expected.map(() => 0);
    for (let i = 0; i < n; i++) {
      const id = ids[i * tables + t]!;
      assert.ok(id < ends.at(-1)!);
      seen[ends.findIndex((e) => id < e)]!++;
    }
    const square = seen.reduce((sum, s, k) => sum + (s - expected[k]!) ** 2 / expected[k]!, 0);
    const free = Math.max(1, expected.length - 1);
    if (follows === 0) {
      // Mean and deviation of the chi-square distribution; the cells' shares are written with five digits.
      assert.ok(square < free + 5 * Math.sqrt(2 * free) + 5, `${name}: ${square} for ${free}`);
    } else {
      // Whole ids of the parent are handed out, so shares agree only to a few per cent.
      for (const [k, s] of seen.entries()) {
        const band = 5 * Math.sqrt(expected[k]!) + 0.1 * expected[k]!;
        assert.ok(Math.abs(s - expected[k]!) < band, `${name} bin ${k}: ${s} for ${expected[k]}`);
      }
    }
  }
});

Deno.test("equal rare ids of a deciding column give equal ids", async () => {
  const parameters = await loadTwin("rm2");
  const generator = new TwinGenerator(parameters, 1);
  const child = parameters.columns.findIndex(({ name }) => name === "C12");
  const parent = parameters.columns[child]!.parent!;
  const seen = new Map<number, number>(), ids = new Uint32Array(26);
  let pairs = 0, same = 0;
  for (let i = 0; i < 30_000; i++) {
    generator.writeIds(i, ids, 0);
    const before = seen.get(ids[parent]!);
    if (before !== undefined && ids[parent]! > 2000) {
      pairs++;
      if (before === ids[child]) same++;
    }
    seen.set(ids[parent]!, ids[child]!);
  }
  assert.ok(pairs > 300 && same / pairs > 0.9, `${same} of ${pairs}`);
});

Deno.test("the logistic function agrees with Math.exp", () => {
  for (let x = -20; x <= 20; x += 0.37) {
    const wanted = 1 / (1 + Math.exp(-x));
    assert.ok(Math.abs(logistic(x) / wanted - 1) < 1e-8, `${x}`);
  }
  assert.ok(logistic(-1000) > 0 && logistic(1000) <= 1);
});

Deno.test("the hour of Avazu's twin goes round once in as many inputs as a day has", async () => {
  const { inputs, dense, clicks } = await loadTwin("rm4");
  assert.deepEqual([inputs, clicks.rate], [40_428_967, 0.17]);
  assert.ok(clicks.strength.dense > 0, "clicks depend on the hour");
  assert.deepEqual(dense, [{
    name: "hour",
    ranges: [[0, 1]],
    clock: { inputs: Math.round(inputs / 240), steps: 24 },
  }]);
  const dataset = await openTwin({ twin: "rm4" });
  const one = createInputs(dataset.schema, 1);
  const reader = dataset.reader("train", { kind: "sequential" });
  for (const hour of [0, 1, 23, 24, 49]) {
    reader.read(hour * dense[0]!.clock!.inputs, 1, one);
    assert.equal(one.dense[0], Math.fround(hour % 24 / 24));
  }
});

Deno.test("a law may have more segments than 16 bits number", () => {
  // A popular id has 100 uses in two million inputs and counts as learnable, a rare one has 17 and does not.
  const popular = 10_000, rare = 60_000;
  const generator = new TwinGenerator({
    version: 1,
    name: "made-up",
    inputs: 1000,
    sample: { inputs: 1000, fitted: 500 },
    columns: [{
      name: "C1",
      distinct: popular + rare,
      law: Array.from(
        { length: popular + rare },
        (_, s) => ({ ids: 1, mass: 0.5 / (s < popular ? popular : rare) }),
      ),
      cells: [1],
      parent: null,
      follows: 0,
      given: null,
    }],
    dense: [],
    classes: [{ weight: 1, columns: [[1]], dense: [] }],
    clicks: {
      rate: 0.5,
      bias: 0,
      strength: { dense: 0, rows: 1, pairs: 0 },
      bayes: { auc: 0.5, logloss: 0.7 },
      learnableAuc: 0.5,
    },
  }, 1);
  const id = new Uint32Array(1), parts = new Float64Array(5);
  let beyond = 0;
  for (let i = 0; i < 1000; i++) {
    generator.writeIds(i, id, 0);
    generator.parts(i, parts);
    if (id[0]! >= 65_536) beyond++;
    assert.equal(parts[3], id[0]! < popular ? parts[1] : 0, `id ${id[0]}`);
  }
  assert.ok(beyond > 10);
});
