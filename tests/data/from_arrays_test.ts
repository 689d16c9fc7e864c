import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { type ArraysOptions, datasetFromArrays } from "../../data/from_arrays.ts";
import { createInputs } from "../../data/inputs.ts";
import { readAll } from "./rows.ts";

/** Ten inputs of two dense columns and two tables: input b has dense 2b and 2b + 1, ids b and 9 - b, label b mod 2. */
function ten(): ArraysOptions {
  return {
    dense: Float32Array.from({ length: 20 }, (_, k) => k),
    ids: [
      Uint32Array.from({ length: 10 }, (_, b) => b),
      Uint32Array.from({ length: 10 }, (_, b) => 9 - b),
    ],
    labels: Float32Array.from({ length: 10 }, (_, b) => b % 2),
  };
}

Deno.test("arrays become a data set in the order train, test, validation", async () => {
  const dataset = datasetFromArrays({ ...ten(), split: { test: 2, validation: 1 } });
  assert.deepEqual(dataset.schema, {
    format: "arrays",
    dense: ["I1", "I2"],
    tables: [{ name: "C1", rows: 10 }, { name: "C2", rows: 10 }],
  });
  assert.deepEqual(
    (["train", "test", "validation"] as const).map((split) => dataset.count(split)),
    [7, 2, 1],
  );
  assert.deepEqual(await readAll(dataset, "test"), {
    size: 2,
    dense: Float32Array.of(14, 15, 16, 17),
    // Table-major.
    ids: Uint32Array.of(7, 8, 2, 1),
    labels: Float32Array.of(1, 0),
  });
  const { labels, dense } = await readAll(dataset, "validation");
  assert.deepEqual([...labels, ...dense], [1, 18, 19]);
});

Deno.test("the default split is in sevenths, and a shuffled order reads every training input once", async () => {
  const dataset = datasetFromArrays(ten());
  assert.deepEqual(
    (["train", "test", "validation"] as const).map((split) => dataset.count(split)),
    [9, 1, 0],
  );
  const reader = dataset.reader("train", { kind: "shuffled", seed: 3, epoch: 0 });
  const into = createInputs(dataset.schema, 9);
  await reader.read(0, 9, into);
  const ids = [...into.ids.subarray(0, 9)];
  assert.notDeepEqual(ids, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(ids.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([...into.dense], ids.flatMap((b) => [2 * b, 2 * b + 1]));
});

Deno.test("inputs may be sequences of steps", async () => {
  const dataset = datasetFromArrays({
    steps: 3,
    dense: Float32Array.from({ length: 12 }, (_, k) => k),
    ids: [Uint32Array.from({ length: 12 }, (_, k) => k), new Uint32Array(12).fill(5)],
    labels: [0, 1, 1, 0],
    tableRows: [100, 6],
    tableNames: ["item", "user"],
    denseNames: ["seconds"],
    format: "mine",
    split: { test: 2 },
  });
  assert.deepEqual(dataset.schema, {
    format: "mine",
    dense: ["seconds"],
    tables: [{ name: "item", rows: 100 }, { name: "user", rows: 6 }],
    steps: 3,
  });
  assert.deepEqual(await readAll(dataset, "test"), {
    size: 2,
    dense: Float32Array.of(6, 7, 8, 9, 10, 11),
    ids: Uint32Array.of(6, 7, 8, 9, 10, 11, 5, 5, 5, 5, 5, 5),
    labels: Float32Array.of(1, 0),
  });
});

Deno.test("the hash follows the inputs and the split, not the type of the arrays", () => {
  const hash = datasetFromArrays(ten()).hash;
  const { dense, ids, labels } = ten();
  assert.equal(
    datasetFromArrays({
      dense: Array.from(dense),
      ids: ids.map((table) => Int32Array.from(table)),
      labels: Uint8Array.from(labels),
    }).hash,
    hash,
  );
  const others: ArraysOptions[] = [
    { ...ten(), dense: Float32Array.from(dense, (x, k) => k === 19 ? 0 : x) },
    { ...ten(), ids: [ids[1]!, ids[0]!] },
    { ...ten(), labels: Float32Array.from(labels, (x) => 1 - x) },
    { ...ten(), tableRows: [10, 11] },
    { ...ten(), split: { test: 2 } },
  ];
  const hashes = new Set([hash, ...others.map((other) => datasetFromArrays(other).hash)]);
  assert.equal(hashes.size, others.length + 1);
});

Deno.test("arrays that make no data set are refused by what is wrong and where", () => {
  const refusals: [Partial<ArraysOptions>, RegExp][] = [
    [{ labels: [], dense: [], ids: [[]] }, /Cannot split 0 inputs into train and test/],
    [{ dense: new Float32Array(21) }, /: dense has 21 values, which is no multiple of the 10 rows/],
    [
      { dense: Float32Array.of(...new Array(19).fill(0), NaN) },
      /: dense column 1 of row 9 is NaN and must be a finite float32$/,
    ],
    [
      { dense: new Array(20).fill(1e39) },
      /: dense column 0 of row 0 is 1e\+39 and must be a finite/,
    ],
    [{ ids: [] }, /: ids has no table and there must be at least one$/],
    [{ ids: [new Uint32Array(9)] }, /: ids\[0\] has 9 ids and must have 10 \(labels × steps\)$/],
    [{ ids: [new Array(10).fill(0.5)] }, /: ids\[0\]\[0\] is 0.5 and must be an integer from 0/],
    [{ ids: [new Array(10).fill(-1)] }, /: ids\[0\]\[0\] is -1 and must be an integer from 0/],
    [{ tableRows: [10, 9] }, /: ids\[1\]\[0\] is 9 and the table has 9 rows$/],
    [{ tableRows: [10] }, /: tableRows has 1 values and must have one a table: 2$/],
    [{ tableRows: [10, 0] }, /: tableRows\[1\] is 0 and must be an integer from 1 to 4294967295$/],
    [{ tableNames: ["a"] }, /: tableNames has 1 values and must have one a table: 2$/],
    [{ denseNames: ["a"] }, /: denseNames has 1 values and must have one a dense column: 2$/],
    [{ labels: [0, 1, 2, 0, 0, 0, 0, 0, 0, 0] }, /: the label of input 2 is 2 and must be 0 or 1$/],
    [
      { steps: 1 },
      /: steps is 1 and must be an integer from 2, or absent for inputs without steps$/,
    ],
    [{ steps: 2 }, /: ids\[0\] has 10 ids and must have 20 \(labels × steps\)$/],
    [{ split: { test: 0 } }, /: split.test is 0 and must be an integer from 1/],
    [
      { split: { test: 1, validation: -1 } },
      /: split.validation is -1 and must be an integer from 0/,
    ],
    [
      { split: { test: 6, validation: 4 } },
      /: split leaves nothing to train with: 6 to test and 4/,
    ],
  ];
  for (const [options, message] of refusals) {
    assert.throws(() => datasetFromArrays({ ...ten(), ...options }), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});
