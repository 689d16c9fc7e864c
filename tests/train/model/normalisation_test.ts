import assert from "node:assert/strict";
import { bce } from "../../../kernels/bce/reference.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { embeddingForward } from "../../../kernels/embedding/reference.ts";
import { interactionForward } from "../../../kernels/interaction/reference.ts";
import { linearForward } from "../../../kernels/linear/reference.ts";
import { standardise } from "../../../kernels/standardise/reference.ts";
import type { Device } from "../../../kernels/types.ts";
import { varianceNormForward } from "../../../kernels/variance_norm/reference.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { denseStatistics } from "../../../train/run/dense_statistics.ts";
import { BatchSource } from "../../../train/run/batches.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { evaluate } from "../../../train/run/evaluate.ts";
import { readMatrix } from "../../../train/model/matrices.ts";
import type { Normalisation } from "../../../train/model/tower.ts";
import { loadWeights, saveWeights } from "../../../train/weights/weights.ts";
import { inFolder } from "../checkpoint/checkpoint_cases.ts";
import { madeUpInputs, readWeights, SMALL_SHAPE, uploadInputs } from "./dlrm_cases.ts";
import { type ReferenceInputs, referenceLayers } from "./dlrm_reference.ts";
import { arrayDataset } from "../plan/plan_cases.ts";
import { memoryDataset } from "../run/memory_dataset.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";

const B = 16;
const { tableRows, dim, bottom, top } = SMALL_SHAPE;
const F = tableRows.length + 1;
const STATISTICS = { mean: Float32Array.of(0.5, -1, 0), variance: Float32Array.of(4, 0.25, 1) };

async function withModel(
  normalisation: Normalisation,
  body: (model: Dlrm, device: Device) => Promise<void>,
  on: "cpu" | "webgpu" = "cpu",
): Promise<void> {
  const device = on === "cpu"
    ? await openCpuDevice({ threads: 1 })
    : await openWebGpuDevice({ adapter: "any" });
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
    denseStatistics: STATISTICS,
  });
}

/** Fixed numbers of the normalisation, by name. */
async function fixed(model: Dlrm): Promise<Record<string, Float32Array>> {
  const found: Record<string, Float32Array> = {};
  for (const { name, value } of model.buffers) found[name] = await readMatrix(model.device, value);
  return found;
}

interface Weights {
  readonly parameters: Map<string, Float32Array>;
  readonly tables: Float32Array[];
}

/** The loss in float64. */
function lossOf(
  { parameters, tables }: Weights,
  inputs: ReferenceInputs,
  normalisation: Normalisation,
  numbers: Record<string, Float32Array>,
): number {
  const wide = (name: string) => Float64Array.from(numbers[`norm.${name}`]!);
  let x = normalisation === "dense"
    ? standardise(inputs.dense, wide("dense.mean"), wide("dense.variance"), 0)
    : inputs.dense;
  referenceLayers(parameters, "bot_l", bottom).forEach((layer, l) =>
    x = linearForward(x, layer.w, layer.b, B, bottom[l]!, bottom[l + 1]!, true)
  );
  const bags = inputs.ids.map((column) => column.map((id) => [id]));
  let vectors = embeddingForward(tables.map((t) => Float64Array.from(t)), bags, B, dim);
  if (normalisation === "vectors") {
    const gain = Float64Array.from(parameters.get("norm.vectors.gain")!);
    vectors = varianceNormForward(vectors, dim, gain, wide("vectors.eps"));
  }
  const v = new Float64Array(B * F * dim);
  for (let b = 0; b < B; b++) {
    v.set(x.subarray(b * dim, (b + 1) * dim), b * F * dim);
    v.set(vectors.subarray(b * (F - 1) * dim, (b + 1) * (F - 1) * dim), b * F * dim + dim);
  }
  x = interactionForward(v, B, F, dim);
  referenceLayers(parameters, "top_l", top).forEach((layer, l) =>
    x = linearForward(x, layer.w, layer.b, B, top[l]!, top[l + 1]!, l + 2 < top.length)
  );
  return bce(x, inputs.labels).loss;
}

const DEVICES = webGpuAvailable ? ["cpu", "webgpu"] as const : ["cpu"] as const;
const CASES = DEVICES.flatMap((on) =>
  (["none", "dense", "vectors"] as const).map((normalisation) => ({ on, normalisation }))
);
for (const { on, normalisation } of CASES) {
  Deno.test(`${normalisation}, ${on}: gradients are the finite differences of the loss`, () =>
    withModel(normalisation, async (model, device) => {
      const inputs = madeUpInputs(SMALL_SHAPE, B, 11);
      const before = await readWeights(model);
      uploadInputs(model, inputs);
      const rate = 0.5;
      model.setStep(rate, 0);
      device.run(model.trainProgram(B));
      const [loss] = new Float32Array(await device.read(model.losses.buffer, 0, 4));
      const numbers = await fixed(model);
      const at = (weights: Weights): number => lossOf(weights, inputs, normalisation, numbers);
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
    }, on));
}

Deno.test("vectors: eps is the variance that a table's rows start with, and at least 0.01; a gain starts at its root", () =>
  withModel("vectors", async (model) => {
    const { "norm.vectors.eps": eps } = await fixed(model);
    assert.deepEqual([...eps!], [1 / 15, 1 / 3, 0.01, 1 / 21].map(Math.fround));
    const gain = model.parameters.find(({ name }) => name === "norm.vectors.gain")!;
    assert.deepEqual(
      [...await readMatrix(model.device, gain.value)],
      [1 / 15, 1 / 3, 0.01, 1 / 21].map((square) => Math.fround(Math.sqrt(square))),
    );
  }));

Deno.test("statistics of the dense features: of all inputs, or of a sample; a column that never varies gets 1", async () => {
  // Dense column 0 is the input's number.
  const { mean, variance } = await denseStatistics(
    arrayDataset([2], Array.from({ length: 5 }, () => [0])),
    1,
  );
  assert.deepEqual([[...mean], [...variance]], [[2], [2]]);
  const one = await denseStatistics(arrayDataset([2], [[0]]), 1);
  assert.deepEqual([[...one.mean], [...one.variance]], [[0], [1]]);
  // Far more than are read: the numbers 0 to n − 1 have mean n/2 and variance n²/12.
  const n = 500_000;
  const sampled = await denseStatistics(arrayDataset([2], Array.from({ length: n }, () => [0])), 1);
  assert.ok(Math.abs(sampled.mean[0]! / (n / 2) - 1) < 0.01, `${sampled.mean[0]}`);
  assert.ok(Math.abs(sampled.variance[0]! / (n * n / 12) - 1) < 0.01, `${sampled.variance[0]}`);
});

for (const normalisation of ["dense", "vectors"] as const) {
  Deno.test(`${normalisation}: training leaves the fixed numbers alone, and they are saved and loaded with the weights`, () =>
    withModel(normalisation, (model, device) =>
      inFolder(async (folder) => {
        const atFirst = await fixed(model);
        for (let step = 0; step < 3; step++) {
          uploadInputs(model, madeUpInputs(SMALL_SHAPE, B, 30 + step));
          model.setStep(0.1, step);
          device.run(model.trainProgram(B));
        }
        const dataset = memoryDataset(100);
        const of = (some: Dlrm) => {
          const reader = dataset.reader("test", { kind: "sequential" });
          return evaluate(some, new BatchSource(reader, dataset.schema, tableRows, 16), 16);
        };
        const metrics = await of(model);
        assert.deepEqual(await fixed(model), atFirst);

        const document = { model: "dlrm", table_rows: tableRows, dim, bottom, top } as const;
        await saveWeights(model, { ...document, optimizer: model.optimizer }, folder);
        // Without statistics or eps of its own: the weights bring them.
        const bare = { optimizer: { kind: "sgd" }, maxBatch: 64, normalisation } as const;
        using other = new Dlrm(device, SMALL_SHAPE, bare);
        await loadWeights(other, other.optimizer, folder);
        assert.deepEqual(await fixed(other), atFirst);
        assert.deepEqual(await of(other), metrics);
        // Weights without these numbers do not make such a model, nor the other way round.
        using plain = makeModel(device, "none");
        await assert.rejects(
          loadWeights(plain, plain.optimizer, folder),
          /it holds tensor norm\.(dense\.mean|vectors\.(gain|eps)), which the model does not have$/,
        );
        await plain.initialise(1);
        await saveWeights(plain, { ...document, optimizer: plain.optimizer }, `${folder}/plain`);
        await assert.rejects(
          loadWeights(other, other.optimizer, `${folder}/plain`),
          /norm\.(dense\.mean|vectors\.gain)/,
        );
      })));
}
