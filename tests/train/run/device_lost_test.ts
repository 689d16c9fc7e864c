import assert from "node:assert/strict";
import { openWebGpuDevice, WebGpuDevice } from "../../../kernels/webgpu/device.ts";
import type { ResultDocument } from "../../../train/run/result.ts";
import { runTraining } from "../../../train/run/run_training.ts";
import { TrainingFailure } from "../../../train/run/trainer.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";

Deno.test({
  name: "a WebGPU device lost in the middle of a run is one error, and what is known is written",
  ignore: !webGpuAvailable,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const device = await openWebGpuDevice({ adapter: "any" });
    try {
      assert.ok(device instanceof WebGpuDevice);
      const { gpu } = device;
      const run = runTraining({
        data: "synthetic:7000",
        model: {
          preset: "rm2",
          shape: { dim: 4, bottom: [13, 8, 4], top: [8, 1], tables: Array(26).fill(50) },
        },
        training: { batch: 64 },
        evaluation: { every: 10 },
        device: { open: { device, host: null } },
        checkpoints: { folder: `${folder}/run`, every: 10 },
        outputs: { result: `${folder}/out.json`, weights: `${folder}/weights` },
      }, {
        onStep: ({ step }) => {
          // What a driver's crash does, as far as the API shows it.
          if (step === 25) gpu.destroy();
        },
      });
      await assert.rejects(run, (error) => {
        assert.ok(error instanceof TrainingFailure, String(error));
        assert.match(
          error.message,
          /^Cannot go on with WebGPU: the device is lost \(.*\), after step/,
        );
        return true;
      });
      const result: ResultDocument = JSON.parse(await Deno.readTextFile(`${folder}/out.json`));
      assert.equal(result.ended.how, "failed");
      assert.ok(result.ended.step >= 20 && result.ended.step <= 25, `${result.ended.step}`);
      assert.equal(result.losses.length, result.ended.step);
      assert.equal(result.evaluations.length, 2);
      assert.equal(result.device.details.backend, "vulkan");
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      assert.deepEqual(names, ["out.json", "run"]);
      assert.ok((await Deno.stat(`${folder}/run/step-000000020`)).isDirectory);
    } finally {
      device.dispose();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
