import assert from "node:assert/strict";
import fc from "../npm/fast_check.ts";
import { UserError } from "../../core/errors.ts";
import { createInputs } from "../../data/inputs.ts";
import { openDataset } from "../../data/open.ts";
import { openSynthetic } from "../../data/synthetic.ts";
import type { Dataset } from "../../data/types.ts";
import { readAll } from "./rows.ts";

const SMALL = { inputs: 700, denseColumns: 2, tableRows: [5, 100, 1], seed: 3 };

function read(dataset: Dataset, start: number, count: number) {
  const into = createInputs(dataset.schema, count);
  dataset.reader("train", { kind: "sequential" }).read(start, count, into);
  return into;
}

Deno.test("the same options give the same bits, other options others", () => {
  const one = read(openSynthetic(SMALL), 0, 600);
  assert.deepEqual(read(openSynthetic(SMALL), 0, 600), one);
  assert.equal(openSynthetic(SMALL).hash, openSynthetic({ ...SMALL }).hash);
  const hashes = new Set(
    [SMALL, { ...SMALL, seed: 4 }, { ...SMALL, inputs: 701 }, { ...SMALL, bayesAuc: 0.7 }]
      .map((options) => openSynthetic(options).hash),
  );
  assert.equal(hashes.size, 4);
  assert.notDeepEqual(read(openSynthetic({ ...SMALL, seed: 4 }), 0, 600), one);
});

Deno.test("an input depends on its position alone", () => {
  const dataset = openSynthetic(SMALL);
  const whole = read(dataset, 0, 600);
  fc.assert(
    fc.property(fc.nat(599), fc.nat(40), (start, size) => {
      const count = Math.min(size, 600 - start);
      const part = read(openSynthetic({ ...SMALL, inputs: 700 }), start, count);
      assert.deepEqual(part.dense, whole.dense.slice(2 * start, 2 * (start + count)));
      assert.deepEqual(part.labels, whole.labels.slice(start, start + count));
      for (let t = 0; t < 3; t++) {
        assert.deepEqual(
          part.ids.slice(t * count, (t + 1) * count),
          whole.ids.slice(600 * t + start, 600 * t + start + count),
        );
      }
    }),
    { seed: 1, numRuns: 10 },
  );
  // A larger data set begins with the same inputs.
  assert.deepEqual(read(openSynthetic({ ...SMALL, inputs: 7000 }), 0, 600), whole);
});

Deno.test("splits do not overlap and a shuffled epoch holds every input once", async () => {
  const dataset = openSynthetic(SMALL);
  const counts = (["train", "test", "validation"] as const).map((split) => dataset.count(split));
  assert.deepEqual(counts, [600, 50, 50]);
  const key = (dense: Float32Array, b: number) => `${dense[2 * b]} ${dense[2 * b + 1]}`;
  const straight = read(dataset, 0, 600);
  const epoch = async (number: number) => {
    const reader = dataset.reader("train", { kind: "shuffled", seed: 9, epoch: number });
    const into = createInputs(dataset.schema, 600);
    await reader.read(0, 600, into);
    return Array.from({ length: 600 }, (_, b) => key(into.dense, b));
  };
  const first = await epoch(0), second = await epoch(1);
  assert.notDeepEqual(first, second);
  const sorted = Array.from({ length: 600 }, (_, b) => key(straight.dense, b)).sort();
  assert.deepEqual(first.toSorted(), sorted);
  assert.deepEqual(second.toSorted(), sorted);
});

Deno.test("labels follow the click rate and reach the stated rates", async () => {
  const dataset = openSynthetic({
    inputs: 140_000,
    tableRows: [50, 1000, 20],
    denseColumns: 3,
    seed: 7,
    clickRate: 0.2,
  });
  const { auc, logloss } = dataset.bayes!;
  assert.ok(Math.abs(auc - 0.8) < 0.015, `${auc}`);
  const entropy = -0.2 * Math.log(0.2) - 0.8 * Math.log(0.8);
  assert.ok(logloss > 0 && logloss < entropy);
  const { labels, size } = await readAll(dataset, "train");
  const rate = labels.reduce((sum, y) => sum + y, 0) / size;
  assert.ok(Math.abs(rate - 0.2) < 0.01, `${rate}`);
  assert.match(dataset.notes.join("\n"), /AUC 0\.\d{4}, log-loss 0\.\d{4}.*standard error/);
});

Deno.test("the signal lies in the inputs: row means of the first table alone beat chance", async () => {
  const dataset = openSynthetic({ inputs: 35_000, tableRows: [20], denseColumns: 0, seed: 2 });
  const train = await readAll(dataset, "train"), test = await readAll(dataset, "test");
  const clicks = new Float64Array(20), seen = new Float64Array(20);
  for (let b = 0; b < train.size; b++) {
    clicks[train.ids[b]!]! += train.labels[b]!;
    seen[train.ids[b]!]!++;
  }
  const score = (b: number) => clicks[test.ids[b]!]! / seen[test.ids[b]!]!;
  let wins = 0, pairs = 0;
  for (let i = 0; i < test.size; i++) {
    for (let j = 0; j < test.size; j++) {
      if (test.labels[i] !== 1 || test.labels[j] !== 0) continue;
      pairs++;
      wins += score(i) > score(j) ? 1 : score(i) === score(j) ? 0.5 : 0;
    }
  }
  assert.ok(Math.abs(wins / pairs - dataset.bayes!.auc) < 0.02, `${wins / pairs}`);
  assert.ok(dataset.bayes!.auc > 0.75);
});

Deno.test("accesses follow the stated distribution, at any size of table", async () => {
  for (const zipfExponent of [0, 0.7, 1, 1.05, 2]) {
    const n = 10;
    const dataset = openSynthetic({
      inputs: 70_000,
      tableRows: [n, 10_000_000],
      denseColumns: 0,
      zipfExponent,
    });
    const { ids, size } = await readAll(dataset, "train");
    const integral = (x: number) =>
      zipfExponent === 1 ? Math.log(x) : x ** (1 - zipfExponent) / (1 - zipfExponent);
    const total = integral(n + 1) - integral(1);
    for (let k = 0; k < n; k++) {
      const expected = (integral(k + 2) - integral(k + 1)) / total;
      const share = ids.subarray(0, size).filter((id) => id === k).length / size;
      const deviation = Math.sqrt(expected * (1 - expected) / size);
      assert.ok(Math.abs(share - expected) < 4.5 * deviation, `${zipfExponent} ${k} ${share}`);
    }
    assert.ok(ids.subarray(size, 2 * size).every((id) => id < 10_000_000));
  }
});

Deno.test("options that make no data set are said", async () => {
  const bad: [object, RegExp][] = [
    [{ inputs: 6 }, /number of inputs is 6/],
    [{ denseColumns: -1 }, /dense columns is -1/],
    [{ tableRows: [3, 0] }, /size of table 1 is 0/],
    [{ seed: 2 ** 32 }, /seed is 4294967296/],
    [{ zipfExponent: -1 }, /Zipf exponent is -1/],
    [{ clickRate: 0 }, /click rate is 0/],
    [{ bayesAuc: 1 }, /Bayes AUC is 1/],
    [{ denseColumns: 0, tableRows: [1, 1] }, /no signal|a signal/],
  ];
  for (const [options, message] of bad) {
    assert.throws(() => openSynthetic(options), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      return true;
    });
  }
  const limited = await openDataset({ data: [], format: "synthetic", limit: 70 });
  assert.deepEqual([limited.count("train"), limited.count("test")], [60, 5]);
});
