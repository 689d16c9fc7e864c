import assert from "node:assert/strict";
import { openSynthetic } from "../../../data/synthetic.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";

Deno.test({
  name: "WebGPU: the same losses from minibatches that other threads prepare",
  ignore: !webGpuAvailable,
  fn: async () => {
    using device = await openWebGpuDevice({ adapter: "any" });
    using dataset = openSynthetic({ inputs: 2000 });
    const run = async (plan: "baseline" | "fae", prepareWorkers: number) => {
      const { losses, evaluations } = await runTraining({
        data: dataset,
        model: { preset: "rm2", shape: { dim: 4, bottom: [13, 8, 4], top: [8, 1] } },
        training: { batch: 64, maxSteps: 12 },
        plan: { name: plan, hotMemoryMib: 0.05, profile: 1 },
        device: { open: { device, host: null }, placement: "device", prepareWorkers },
      });
      return { losses, evaluations };
    };
    const alone = await run("baseline", 0), ahead = await run("baseline", 2);
    assert.equal(alone.losses.length, 12);
    assert.deepEqual(ahead, alone);
    const apart = await run("fae", 2);
    assert.deepEqual(apart.losses, (await run("fae", 0)).losses);
  },
});
