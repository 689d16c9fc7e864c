import assert from "node:assert/strict";
import { NO_LOOKUP } from "../../../data/id_layout.ts";
import { RandomStream } from "../../../core/random.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { Dlrm, type DlrmShape } from "../../../train/model/dlrm.ts";
import { readMatrix } from "../../../train/model/matrices.ts";
import { BatchSource } from "../../../train/run/batches.ts";
import { arrayDataset, type ToyBags } from "../plan/plan_cases.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";
import { readWeights } from "./dlrm_cases.ts";
import { ReferenceDlrm } from "./dlrm_reference.ts";

const TABLE_ROWS = [9, 4, 30];
const SIZE = 12, STEPS = 10;

/** Inputs of bags whose lengths are each table's own, or go from none to that. */
function madeUpBags(variable: boolean): { bags: ToyBags[]; inputs: number[][] } {
  const bags = [3, 1, 5].map((lookups) => ({ lookups, variable }));
  const random = new RandomStream(11, "synthetic");
  let p = 0;
  const inputs = Array.from({ length: SIZE * STEPS }, () =>
    bags.flatMap(({ lookups }, t) => {
      const used = variable ? Math.floor(random.uniform(p++) * (lookups + 1)) : lookups;
      return Array.from(
        { length: lookups },
        (_, l) => l < used ? Math.floor(random.uniform(p++) ** 2 * TABLE_ROWS[t]!) : NO_LOOKUP,
      );
    }));
  return { bags, inputs };
}

/** Trains minibatch after minibatch beside the float64 model, and compares losses, rows and logits. */
async function check(device: Device, variable: boolean): Promise<void> {
  const { bags, inputs } = madeUpBags(variable);
  const dataset = arrayDataset(TABLE_ROWS, inputs, undefined, bags);
  const shape: DlrmShape = {
    ...{ tableRows: TABLE_ROWS, lookups: bags.map(({ lookups }) => lookups), dim: 4 },
    ...{ bottom: [1, 5, 4], top: [10, 6, 1] },
  };
  const optimizer = { kind: "adagrad", eps: 1e-10 } as const;
  const model = new Dlrm(device, shape, { optimizer, maxBatch: SIZE });
  try {
    await model.initialise(5);
    const { parameters, tables } = await readWeights(model);
    const reference = new ReferenceDlrm(shape, optimizer, parameters, tables);
    const reader = dataset.reader("train", { kind: "sequential" });
    const source = new BatchSource(reader, dataset.schema, TABLE_ROWS, SIZE);
    const losses: number[] = [];
    const firsts = [0, 3, 4, 9];
    const inputsOf = (from: number) => ({
      size: SIZE,
      dense: Float64Array.from({ length: SIZE }, (_, b) => (from + b) / 100),
      labels: Float64Array.from({ length: SIZE }, (_, b) => (from + b) % 2),
      ids: [],
      bags: bags.map((_, t) =>
        inputs.slice(from, from + SIZE).map((ids) =>
          ids.slice(firsts[t]!, firsts[t + 1]!).filter((id) => id !== NO_LOOKUP)
        )
      ),
    });
    for (let step = 0; step < STEPS; step++) {
      const batch = await source.prepare(step * SIZE, SIZE);
      // The toy's dense column is the input's number, which is large for a weight near 1.
      batch.dense.forEach((x, b) => batch.dense[b] = x / 100);
      await model.trainStep(batch, { number: step, learningRate: 0.02, lossSlot: step });
      losses.push(reference.step(inputsOf(step * SIZE), 0.02));
    }
    const ring = new Float32Array(await device.read(model.losses.buffer, 0, 4 * STEPS));
    const near = (got: number, want: number, what: string) =>
      assert.ok(
        Math.abs(got - want) <= 2e-4 * (1 + Math.abs(want)),
        `${what}: ${got}, not ${want}`,
      );
    losses.forEach((loss, step) => near(ring[step]!, loss, `loss of step ${step}`));
    const after = await readWeights(model);
    after.tables.forEach((table, t) =>
      table.forEach((x, i) => near(x, reference.tables[t]![i]!, `table ${t}, float ${i}`))
    );
    const batch = await source.prepare(0, SIZE);
    batch.dense.forEach((x, b) => batch.dense[b] = x / 100);
    await model.forwardStep(batch);
    const logits = await readMatrix(device, { ...model.logits, rows: SIZE });
    const wanted = reference.logits(inputsOf(0));
    logits.forEach((z, b) => near(z, wanted[b]!, `logit ${b}`));
  } finally {
    model.dispose();
  }
}

const DEVICES = {
  reference: openReferenceDevice,
  cpu: () => openCpuDevice({ threads: 2 }),
  ...(webGpuAvailable ? { webgpu: () => openWebGpuDevice({ adapter: "any" }) } : {}),
} satisfies Record<string, () => Promise<Device>>;

for (const [name, open] of Object.entries(DEVICES)) {
  for (const variable of [false, true]) {
    Deno.test(`bags of ${variable ? "different lengths" : "fixed length"} train as the float64 DLRM's (${name})`, async () => {
      const device = await open();
      try {
        await check(device, variable);
      } finally {
        device.dispose();
      }
    });
  }
}

Deno.test("a shape with lookups of another number of tables is refused", async () => {
  const device = await openReferenceDevice();
  const shape = { tableRows: [2, 3], lookups: [1], dim: 4, bottom: [1, 4], top: [7, 1] };
  assert.throws(
    () => new Dlrm(device, shape, { optimizer: { kind: "sgd" }, maxBatch: 2 }),
    /with lookups 1: there must be a positive integer for each of 2 tables/,
  );
  device.dispose();
});
