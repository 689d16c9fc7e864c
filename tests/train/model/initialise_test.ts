/** A model that has been trained begins anew as if it were new. */

import assert from "node:assert/strict";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device, Optimizer } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";
import { madeUpInputs, readWeights, SMALL_SHAPE, uploadInputs } from "./dlrm_cases.ts";

const OPTIMIZERS = [
  { kind: "sgd" },
  { kind: "adagrad", eps: 1e-10 },
  { kind: "rowwise-adagrad", eps: 1e-10 },
] as const;

async function checkStart(device: Device, optimizer: Optimizer): Promise<void> {
  const model = new Dlrm(device, SMALL_SHAPE, { optimizer, maxBatch: 16 });
  try {
    const first = await trained(model);
    // Programs are recorded once: what recording sets in motion, the third run does not see.
    assert.deepEqual(await trained(model), first);
    assert.deepEqual(await trained(model), first);
  } finally {
    model.dispose();
  }
}

/** Weights after a few steps from the same beginning. */
async function trained(model: Dlrm): ReturnType<typeof readWeights> {
  await model.initialise(7);
  for (let step = 0; step < 3; step++) {
    uploadInputs(model, madeUpInputs(SMALL_SHAPE, 16, 100 + step));
    model.setStep(0.05, step);
    model.device.run(model.trainProgram(16));
  }
  return await readWeights(model);
}

for (const optimizer of OPTIMIZERS) {
  Deno.test(`a model trains to the same bits each time it is initialised (${optimizer.kind}, CPU)`, async () => {
    using device = await openCpuDevice({ threads: 2 });
    await checkStart(device, optimizer);
  });

  Deno.test({
    name: `a model trains to the same bits each time it is initialised (${optimizer.kind}, WebGPU)`,
    ignore: !webGpuAvailable,
    fn: async () => {
      using device = await openWebGpuDevice({ adapter: "any" });
      await checkStart(device, optimizer);
    },
  });
}

Deno.test("initialise() sets the optimizer state of the second copy of hot rows to zero", async () => {
  using device = await openCpuDevice({ threads: 1 });
  const model = new Dlrm(device, SMALL_SHAPE, {
    optimizer: { kind: "adagrad", eps: 1e-10 },
    maxBatch: 16,
    host: device,
    hotRows: SMALL_SHAPE.tableRows.map((rows) => new Uint32Array(rows > 1 ? [0, 2] : [0])),
  });
  try {
    const { tables } = model.hot!;
    await tables.writeState(0, new Float32Array(tables.totalRows * tables.dim).fill(3));
    await model.initialise(1);
    const state = await tables.readState(0, tables.totalRows);
    assert.equal(state.length, tables.totalRows * tables.dim);
    assert.ok(state.every((value) => value === 0));
  } finally {
    model.dispose();
  }
});
