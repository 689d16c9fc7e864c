import assert from "node:assert/strict";
import { UserError } from "../../../core/errors.ts";
import { openDataset } from "../../../data/open.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { Evaluation } from "../../../train/run/metrics.ts";
import { runScoring } from "../../../train/run/run_scoring.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { npy, npz } from "../../data/arrays/write_arrays.ts";
import { inFolder } from "../../data/rows.ts";
import { RandomStream } from "../../../core/random.ts";

const COUNTS = [20, 7, 50];

/** A log in DLRM's arrays whose labels follow a column and an id. */
async function writeLog(path: string, inputs: number, seed: number, counts = COUNTS) {
  const random = new RandomStream(seed, "synthetic");
  let p = 0;
  const rows = Array.from({ length: inputs }, () => {
    const dense = [0, 1].map(() => Math.floor(random.uniform(p++) * 20));
    const ids = counts.map((count) => Math.floor(random.uniform(p++) ** 2 * count));
    const z = dense[0]! / 5 - 2 + (ids[0]! % 2 === 0 ? 1 : -1);
    return { dense, ids, label: Number(random.uniform(p++) < 1 / (1 + Math.exp(-z))) };
  });
  await Deno.writeFile(
    path,
    npz({
      X_int: npy("i4", rows.map(({ dense }) => dense)),
      X_cat: npy("i4", rows.map(({ ids }) => ids)),
      y: npy("i4", rows.map(({ label }) => label)),
      counts: npy("i4", counts),
    }),
  );
  return rows.map(({ label }) => label);
}

const CPU = { kind: "cpu", threads: 1 } as const;

async function trained(folder: string) {
  await writeLog(`${folder}/day_0_processed.npz`, 2100, 1);
  return await runTraining({
    data: { source: `${folder}/day_0_processed.npz`, cache: `${folder}/cache` },
    model: { preset: "rm2", shape: { dim: 4, bottom: [2, 8, 4], top: [8, 1] } },
    training: { batch: 32, optimizer: "adagrad", learningRate: 0.05 },
    device: CPU,
    outputs: { weights: `${folder}/weights` },
  });
}

/** The columns of a scores file. */
async function readScores(path: string) {
  const [header, ...lines] = (await Deno.readTextFile(path)).trimEnd().split("\n");
  return { header, rows: lines.map((line) => line.split(",").map(Number)) };
}

Deno.test("scoring a data set that is open gives the metrics that the run ended with", () =>
  inFolder(async (folder) => {
    const { metrics } = await trained(folder);
    const dataset = await openDataset({
      data: [`${folder}/day_0_processed.npz`],
      cacheDirectory: `${folder}/cache`,
    });
    const document = await runScoring({
      weights: `${folder}/weights`,
      data: dataset,
      device: CPU,
      batch: 32,
    });
    assert.deepEqual(document.metrics, metrics);
    assert.equal(document.dataset.inputs, 150);
    assert.ok(metrics!.auc! > 0.6, String(metrics!.auc));
    dataset.close();
  }));

Deno.test("a log is scored whole, in the order of its file, whatever the minibatch", () =>
  inFolder(async (folder) => {
    await trained(folder);
    const labels = await writeLog(`${folder}/day_1_processed.npz`, 40, 2);
    const data = { source: `${folder}/day_1_processed.npz`, cache: `${folder}/cache` };
    const files: string[] = [];
    for (const batch of [undefined, 7]) {
      const scores = `${folder}/scores-${batch}.csv`;
      const document = await runScoring({
        ...{ weights: `${folder}/weights`, data, device: CPU, batch },
        outputs: { scores, result: `${folder}/result.json` },
      });
      assert.equal(document.dataset.inputs, 40);
      const { header, rows } = await readScores(scores);
      assert.equal(header, "input,label,probability");
      assert.deepEqual(rows.map(([input]) => input), labels.map((_, i) => i));
      assert.deepEqual(rows.map(([, label]) => label), labels);
      // The file's scores are what the metrics are of.
      const again = new Evaluation();
      again.add(
        Float32Array.from(rows, (row) => Math.log(row[2]! / (1 - row[2]!))),
        Float32Array.from(labels),
      );
      const { auc, logloss } = again.metrics();
      assert.equal(auc, document.metrics!.auc);
      assert.ok(Math.abs(logloss! - document.metrics!.logloss!) < 1e-5);
      assert.deepEqual(
        JSON.parse(await Deno.readTextFile(`${folder}/result.json`)),
        JSON.parse(JSON.stringify(document)),
      );
      files.push(await Deno.readTextFile(scores));
    }
    assert.equal(files[0], files[1]);
  }));

Deno.test("a model that only scores takes no room for gradients or optimizer state", () =>
  inFolder(async (folder) => {
    await trained(folder);
    const dataset = await openDataset({
      data: [`${folder}/day_0_processed.npz`],
      cacheDirectory: `${folder}/cache`,
    });
    const labels: string[] = [];
    const device = await openReferenceDevice();
    const create = device.createMatrix.bind(device);
    device.createMatrix = (rows, cols, label) => {
      if (rows > 1) labels.push(label ?? "");
      return create(rows, cols, label);
    };
    await runScoring({
      weights: `${folder}/weights`,
      data: dataset,
      device: { open: { device, host: null } },
    });
    assert.ok(labels.includes("logits"), labels.join());
    assert.deepEqual(labels.filter((label) => /gradient/.test(label)), []);
    assert.equal(device.counters.bytesAllocated, 0, "all of it is given back");
    device.dispose();
    dataset.close();
  }));

Deno.test("what cannot be scored is one error", () =>
  inFolder(async (folder) => {
    await trained(folder);
    const weights = `${folder}/weights`;
    const rejects = async (name: string, message: RegExp, more = {}) => {
      await assert.rejects(
        runScoring({
          ...{ weights, device: CPU },
          data: { source: `${folder}/${name}`, cache: `${folder}/cache` },
          ...more,
        }),
        (error: unknown) => {
          assert.ok(error instanceof UserError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    };
    await writeLog(`${folder}/more_processed.npz`, 20, 3, [20, 8, 50]);
    await rejects("more_processed.npz", /table C2 has 8 ids in the log and 7 rows in the model$/);
    await writeLog(`${folder}/few_processed.npz`, 20, 3, [20, 7]);
    await rejects("few_processed.npz", /the inputs have 2 tables, and the model 3$/);
    await rejects("missing_processed.npz", /Cannot read .*missing_processed\.npz/);
    await rejects("few_processed.npz", /it has no model\.json/, { weights: folder });
    await rejects("few_processed.npz", /Cannot use outputs\.scores/, {
      outputs: { scores: `${folder}/few_processed.npz/scores.csv` },
    });
  }));
