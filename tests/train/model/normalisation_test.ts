import assert from "node:assert/strict";
import { bce } from "../../../kernels/bce/reference.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { embeddingForward } from "../../../kernels/embedding/reference.ts";
import { interactionForward } from "../../../kernels/interaction/reference.ts";
import { layerNormForward } from "../../../kernels/layer_norm/reference.ts";
import { linearForward } from "../../../kernels/linear/reference.ts";
import { standardise } from "../../../kernels/standardise/reference.ts";
import type { Device } from "../../../kernels/types.ts";
import { BatchSource } from "../../../train/run/batches.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { evaluate } from "../../../train/run/evaluate.ts";
import { readMatrix } from "../../../train/model/matrices.ts";
import { statisticsWeight } from "../../../train/model/statistics.ts";
import type { Normalisation } from "../../../train/model/tower.ts";
import { loadWeights, saveWeights } from "../../../train/weights/weights.ts";
import { inFolder } from "../checkpoint/checkpoint_cases.ts";
import { madeUpInputs, readWeights, SMALL_SHAPE, uploadInputs } from "./dlrm_cases.ts";
import { type ReferenceInputs, referenceLayers } from "./dlrm_reference.ts";
import { memoryDataset } from "../run/memory_dataset.ts";

const B = 16;
const { tableRows, dim, bottom, top } = SMALL_SHAPE;
const F = tableRows.length + 1;

async function withModel(
  normalisation: Normalisation,
  body: (model: Dlrm, device: Device) => Promise<void>,
): Promise<void> {
  const device = await openCpuDevice({ threads: 1 });
  try {
    const model = makeModel(device, normalisation);
    await model.initialise(7);
    await body(model, device);
    model.dispose();
  } finally {
    device.dispose();
  }
}

function makeModel(device: Device, normalisation: Normalisation): Dlrm {
  return new Dlrm(device, SMALL_SHAPE, {
    optimizer: { kind: "sgd" },
    maxBatch: 64,
    normalisation,
  });
}

/** Mean and variance of the running statistics, by name. */
async function statistics(model: Dlrm): Promise<Record<string, Float32Array>> {
  const found: Record<string, Float32Array> = {};
  for (const { name, value } of model.buffers) found[name] = await readMatrix(model.device, value);
  return found;
}

interface Weights {
  readonly parameters: Map<string, Float32Array>;
  readonly tables: Float32Array[];
}

/** The loss in float64, with statistics taken as they are. */
function lossOf(
  { parameters, tables }: Weights,
  inputs: ReferenceInputs,
  normalisation: Normalisation,
  stats: Record<string, Float32Array>,
): number {
  const norm = (name: string, x: Float64Array): Float64Array =>
    normalisation !== "batch" ? x : standardise(
      x,
      Float64Array.from(stats[`norm.${name}.mean`]!),
      Float64Array.from(stats[`norm.${name}.variance`]!),
      1e-5,
    );
  let x = norm("dense", inputs.dense);
  referenceLayers(parameters, "bot_l", bottom).forEach((layer, l) =>
    x = linearForward(x, layer.w, layer.b, B, bottom[l]!, bottom[l + 1]!, true)
  );
  const bags = inputs.ids.map((column) => column.map((id) => [id]));
  const vectors = embeddingForward(tables.map((t) => Float64Array.from(t)), bags, B, dim);
  let v = new Float64Array(B * F * dim);
  for (let b = 0; b < B; b++) {
    v.set(x.subarray(b * dim, (b + 1) * dim), b * F * dim);
    v.set(vectors.subarray(b * (F - 1) * dim, (b + 1) * (F - 1) * dim), b * F * dim + dim);
  }
  if (normalisation === "layer") v = layerNormForward(v, dim) as Float64Array<ArrayBuffer>;
  x = norm("interaction", interactionForward(v, B, F, dim));
  referenceLayers(parameters, "top_l", top).forEach((layer, l) =>
    x = linearForward(x, layer.w, layer.b, B, top[l]!, top[l + 1]!, l + 2 < top.length)
  );
  return bce(x, inputs.labels).loss;
}

for (const normalisation of ["none", "layer", "batch"] as const) {
  Deno.test(`${normalisation}: gradients are the finite differences of the loss`, () =>
    withModel(normalisation, async (model, device) => {
      const inputs = madeUpInputs(SMALL_SHAPE, B, 11);
      const before = await readWeights(model);
      uploadInputs(model, inputs);
      const rate = 0.5;
      model.setStep(rate, 0);
      device.run(model.trainProgram(B));
      const [loss] = new Float32Array(await device.read(model.losses.buffer, 0, 4));
      const stats = await statistics(model);
      const at = (weights: Weights): number => lossOf(weights, inputs, normalisation, stats);
      assert.ok(Math.abs(loss! - at(before)) < 1e-5, `loss ${loss}, not ${at(before)}`);
      const after = await readWeights(model);
      let compared = 0, large = 0;
      // float64 copies, so that a small step is not rounded away.
      const wide = {
        parameters: new Map(
          [...before.parameters].map(([name, w]) => [name, Float64Array.from(w)]),
        ),
        tables: before.tables.map((table) => Float64Array.from(table)),
      };
      const weights = wide as unknown as Weights;
      const compare = (
        w: Float64Array,
        old: Float32Array,
        now: Float32Array,
        what: string,
      ): void => {
        const stride = Math.max(1, Math.floor(w.length / 12));
        for (let i = 0; i < w.length; i += stride) {
          const gradient = (old[i]! - now[i]!) / rate, kept = w[i]!, h = 1e-5;
          w[i] = kept + h;
          const up = at(weights);
          w[i] = kept - h;
          const down = at(weights);
          w[i] = kept;
          const wanted = (up - down) / (2 * h);
          assert.ok(
            Math.abs(gradient - wanted) <= 2e-4 * Math.max(1, Math.abs(wanted)),
            `${what}[${i}]: ${gradient}, not ${wanted}`,
          );
          compared++;
          if (Math.abs(wanted) > 2e-3) large++;
        }
      };
      for (const [name, w] of wide.parameters) {
        compare(w, before.parameters.get(name)!, after.parameters.get(name)!, name);
      }
      wide.tables.forEach((w, t) => compare(w, before.tables[t]!, after.tables[t]!, `table ${t}`));
      assert.ok(compared > 60 && large > 20, `${large} of ${compared} gradients are large`);
    }));
}

Deno.test("batch: statistics are the plain mean over minibatches at first, then that of about a thousand", () =>
  withModel("batch", async (model, device) => {
    const means: number[][] = [], variances: number[][] = [];
    for (let step = 0; step < 5; step++) {
      const size = step === 2 ? 5 : B;
      const inputs = madeUpInputs(SMALL_SHAPE, size, 20 + step);
      uploadInputs(model, inputs);
      model.setStep(0.1, step, step);
      device.run(model.trainProgram(size));
      const columns = [0, 1, 2].map((c) => {
        const column = Array.from({ length: size }, (_, b) => inputs.dense[b * 3 + c]!);
        const mean = column.reduce((sum, x) => sum + x, 0) / size;
        return [mean, column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / size] as const;
      });
      means.push(columns.map(([mean]) => mean));
      variances.push(columns.map(([, variance]) => variance));
      const found = await statistics(model);
      assert.deepEqual(Object.keys(found), [
        ...["norm.dense.mean", "norm.dense.variance"],
        ...["norm.interaction.mean", "norm.interaction.variance"],
      ]);
      for (const [name, rows] of [["mean", means], ["variance", variances]] as const) {
        found[`norm.dense.${name}`]!.forEach((x, c) => {
          const wanted = rows.reduce((sum, row) => sum + row[c]!, 0) / rows.length;
          assert.ok(
            Math.abs(x - wanted) < 1e-5,
            `${name} ${c} of step ${step}: ${x}, not ${wanted}`,
          );
        });
      }
      assert.equal(found["norm.interaction.mean"]!.length, top[0]);
    }
    assert.deepEqual([0, 1, 9, 999, 5000].map(statisticsWeight), [1, 0.5, 0.1, 1e-3, 1e-3]);
  }));

Deno.test("batch: evaluation leaves statistics alone, and they are saved and loaded with the weights", () =>
  withModel("batch", (model, device) =>
    inFolder(async (folder) => {
      for (let step = 0; step < 3; step++) {
        uploadInputs(model, madeUpInputs(SMALL_SHAPE, B, 30 + step));
        model.setStep(0.1, step, step);
        device.run(model.trainProgram(B));
      }
      const before = await statistics(model);
      const dataset = memoryDataset(100);
      const of = (some: Dlrm) => {
        const reader = dataset.reader("test", { kind: "sequential" });
        return evaluate(some, new BatchSource(reader, dataset.schema, tableRows, 16), 16);
      };
      const metrics = await of(model);
      assert.deepEqual(await statistics(model), before);
      assert.ok(Object.values(before).every((values) => values.some((x) => x !== 0)));

      const document = { model: "dlrm", table_rows: tableRows, dim, bottom, top } as const;
      await saveWeights(model, { ...document, optimizer: model.optimizer }, folder);
      const other = makeModel(device, "batch");
      await loadWeights(other, other.optimizer, folder);
      assert.deepEqual(await statistics(other), before);
      assert.deepEqual(await of(other), metrics);
      other.dispose();
      // Weights without statistics do not make such a model, nor the other way round.
      const plain = makeModel(device, "none");
      await assert.rejects(
        loadWeights(plain, plain.optimizer, folder),
        /it holds tensor norm\.dense\.mean, which the model does not have$/,
      );
      await plain.initialise(1);
      await saveWeights(plain, { ...document, optimizer: plain.optimizer }, `${folder}/plain`);
      const third = makeModel(device, "batch");
      await assert.rejects(
        loadWeights(third, third.optimizer, `${folder}/plain`),
        /norm\.dense\.mean/,
      );
      plain.dispose();
      third.dispose();
    })));
