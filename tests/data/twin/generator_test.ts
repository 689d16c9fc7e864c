import { strict as assert } from "node:assert";
import { Sha256 } from "../../../core/files.ts";
import { createInputs } from "../../../data/inputs.ts";
import { noClicks } from "../../../data/twin/calibrate.ts";
import { ClickModel, logistic } from "../../../data/twin/clicks.ts";
import { Distributions } from "../../../data/twin/distributions.ts";
import { loadTwin, openTwin } from "../../../data/twin/open.ts";
import { TwinGenerator } from "../../../data/twin/generator.ts";
import { possibleIds } from "../../../data/twin/law.ts";
import type { TwinParameters } from "../../../data/twin/parameters.ts";
import { inputWords } from "../../../data/twin/words.ts";

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
    rm2: "60fcd57d52131b6c",
    rm3: "da5e7538853eb446",
    rm4: "c612b8d6346c9d0d",
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
  generator.writeAllIds([5], 1, low);
  generator.writeAllIds([5 + 2 ** 32], 1, high);
  assert.notDeepEqual(low, high);
});

Deno.test("ids follow the law of their column, in columns that lead and that follow", async () => {
  const parameters = await loadTwin("rm2");
  const generator = new TwinGenerator(parameters, 11);
  const n = 40_000, tables = parameters.columns.length;
  const ids = new Uint32Array(n * tables);
  generator.writeAllIds(Array.from({ length: n }, (_, i) => i), n, ids);
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
    generator.writeAllIds([i], 1, ids);
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
    version: 2,
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
    coupling: 0,
    clicks: {
      effectExponent: 0.25,
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
    generator.writeAllIds([i], 1, id);
    generator.parts(i, parts);
    if (id[0]! >= 65_536) beyond++;
    assert.equal(parts[3], id[0]! < popular ? parts[1] : 0, `id ${id[0]}`);
  }
  assert.ok(beyond > 10);
});

Deno.test("an input has as many words as are asked for, and the first are the same for any number", () => {
  const few = new Uint32Array(5), many = new Uint32Array(40);
  inputWords(2 ** 40 + 3, 7, few, 5);
  inputWords(2 ** 40 + 3, 7, many, 40);
  assert.deepEqual(many.subarray(0, 5), few);
  assert.equal(new Set(many).size, 40);
  inputWords(3, 7, few, 5);
  assert.notDeepEqual(many.subarray(0, 5), few);
});

Deno.test("a word leads to the cell and place of its quantile", () => {
  const found = new Distributions([[1, 0, 3], [0.5, 0.5, 0]]);
  const at = (distribution: number, word: number) => {
    found.draw(distribution, word);
    return [found.cell, found.place];
  };
  assert.deepEqual(at(0, 0), [0, 0]);
  assert.deepEqual(at(0, 2 ** 29), [0, 0.5]);
  assert.deepEqual(at(0, 2 ** 30), [2, 0]);
  assert.deepEqual(at(0, 2 ** 31), [2, 1 / 3]);
  assert.deepEqual(at(1, 2 ** 31), [1, 0]);
  assert.deepEqual(at(1, 3 * 2 ** 30), [1, 0.5]);
  assert.equal(at(1, 2 ** 32 - 1)[0], 1);
});

Deno.test("columns that keep to the level of popularity lie in the same eighth of their law", () => {
  const twin = uniformTwin(2, 1);
  const generator = new TwinGenerator(twin, 1), ids = new Uint32Array(2);
  for (let i = 0; i < 1000; i++) {
    generator.writeAllIds([i], 1, ids);
    assert.equal(ids[0]! >> 3, ids[1]! >> 3, `input ${i}: ${ids}`);
  }
  const free = new TwinGenerator({ ...twin, coupling: 0.5 }, 1);
  let same = 0;
  for (let i = 0; i < 20_000; i++) {
    free.writeAllIds([i], 1, ids);
    if (ids[0]! >> 3 === ids[1]! >> 3) same++;
  }
  // Both keep to it in a quarter of the inputs; in the others one eighth agrees by chance.
  assert.ok(Math.abs(same / 20_000 - (1 / 4 + 3 / 4 / 8)) < 0.015, `${same}`);
});

/** Columns of 64 equally likely ids, independent of each other but for the coupling. */
function uniformTwin(columns: number, coupling: number): TwinParameters {
  return {
    version: 2,
    name: "made-up",
    inputs: 1000,
    sample: { inputs: 1000, fitted: 500 },
    columns: Array.from({ length: columns }, (_, t) => ({
      name: `C${t}`,
      distinct: 64,
      law: Array.from({ length: 8 }, () => ({ ids: 8, mass: 0.125 })),
      cells: [0.25, 1],
      parent: null,
      follows: 0,
      given: null,
    })),
    dense: [],
    classes: [{
      weight: 1,
      columns: Array.from({ length: columns }, () => [0.25, 0.75]),
      dense: [],
    }],
    coupling,
    clicks: noClicks(),
  };
}

Deno.test("effects of popular rows shrink by the exponent asked for, and clicks stay as frequent", async () => {
  const { columns, clicks, otherClicks } = await loadTwin("rm2");
  const all = [clicks, ...otherClicks!];
  assert.deepEqual(all.map(({ effectExponent }) => effectExponent).sort(), [0, 0.25, 0.5]);
  // The most popular of C9's ids has a share of a third or more: 1 + p / 1e-4 is some thousands.
  const t = columns.findIndex(({ name }) => name === "C9"), share = columns[t]!.law[0]!.mass;
  const effect = (exponent: 0 | 0.25 | 0.5) => {
    const one = { columns: [columns[t]!], dense: [], clicks: noClicks(exponent) };
    const parts = new Float64Array(5);
    new ClickModel(one).parts(new Uint32Array(1), new Uint32Array(1), new Float64Array(0), parts);
    return parts[1]!;
  };
  for (const exponent of [0.25, 0.5] as const) {
    const ratio = effect(exponent) / effect(0);
    assert.ok(Math.abs(ratio - (1 + share / 1e-4) ** -exponent) < 1e-12);
  }
  for (const effectExponent of [0, 0.5]) {
    const dataset = await openTwin({ twin: "rm2", inputs: 35_000, effectExponent });
    const into = createInputs(dataset.schema, 30_000);
    dataset.reader("train", { kind: "sequential" }).read(0, 30_000, into);
    const rate = into.labels.reduce((a, b) => a + b, 0) / 30_000;
    assert.ok(Math.abs(rate - 0.256) < 0.01, `${effectExponent}: ${rate}`);
  }
});
