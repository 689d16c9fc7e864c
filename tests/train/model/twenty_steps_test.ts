/**
 * Twenty steps of each model on WebGPU, with the losses of the CPU device beside them. On Deno's own WebGPU and on Dawn
 * (`deno task test:dawn`) alike, so that the two agree as well.
 */

import assert from "node:assert/strict";
import { openSynthetic } from "../../../data/synthetic.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { Tbsm } from "../../../train/model/tbsm.ts";
import { train } from "../../../train/run/trainer.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";
import { madeUpSequences, SMALL_TBSM, uploadSequences } from "./tbsm_cases.ts";

const STEPS = 20;

const MODELS: Readonly<Record<string, (device: Device) => Promise<Float32Array>>> = {
  async DLRM(device) {
    const tableRows = [300, 50, 1000, 7];
    const model = new Dlrm(device, {
      tableRows,
      dim: 8,
      bottom: [13, 20, 8],
      top: [18, 24, 1],
    }, { optimizer: { kind: "sgd" }, maxBatch: 32 });
    await model.initialise(3);
    const { losses } = await train(model, openSynthetic({ inputs: 1000, tableRows }), {
      batch: 32,
      epochs: 1,
      seed: 3,
      shuffle: true,
      schedule: { base: 0.02, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
      evalEvery: 0,
      evalBatch: 32,
      maxSteps: STEPS,
    });
    model.dispose();
    return losses;
  },
  async TBSM(device) {
    const model = new Tbsm(device, SMALL_TBSM, { optimizer: { kind: "sgd" }, maxBatch: 32 });
    await model.initialise(3);
    for (let step = 0; step < STEPS; step++) {
      uploadSequences(model, madeUpSequences(SMALL_TBSM, 32, 300 + step));
      model.setStep(0.05, step);
      device.run(model.trainProgram(32));
    }
    const losses = new Float32Array(await device.read(model.losses.buffer, 0, 4 * STEPS));
    model.dispose();
    return losses;
  },
};

for (const [name, losses] of Object.entries(MODELS)) {
  Deno.test({
    name: `${name}'s losses of ${STEPS} steps on WebGPU are the CPU device's within 1e-6`,
    ignore: !webGpuAvailable,
    fn: async () => {
      using cpu = await openCpuDevice({ threads: 1 });
      using gpu = await openWebGpuDevice({ adapter: "any" });
      const [want, got] = [await losses(cpu), await losses(gpu)];
      assert.equal(want.length, STEPS);
      // It trains: the last losses are not the first.
      assert.ok(Math.abs(want.at(-1)! - want[0]!) > 1e-3);
      want.forEach((loss, step) => {
        assert.ok(
          Math.abs(got[step]! - loss) <= 1e-6 * (1 + loss),
          `step ${step}: ${got[step]}, not ${loss}`,
        );
      });
    },
  });
}
