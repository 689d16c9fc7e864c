import assert from "node:assert/strict";
import type { Device, Pending } from "../../../kernels/types.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { train, TrainingFailure, type TrainOptions } from "../../../train/run/trainer.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { openReferenceDevice } from "../../kernels/reference_device.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";
import { SMALL_SHAPE } from "../model/dlrm_cases.ts";
import { memoryDataset } from "./memory_dataset.ts";

const OPTIONS: TrainOptions = {
  batch: 32,
  epochs: 1,
  seed: 5,
  schedule: { base: 0.1, warmupSteps: 0, decayStartStep: 0, decaySteps: 0 },
  evalBatch: 50,
};

/** A device whose reads come only after so many others have been begun, and how many of them were waited for. */
function delayed(device: Device, reads: number): { waited: number } {
  const counted = { waited: 0 };
  let begun = 0;
  const readLater = device.readLater.bind(device);
  device.readLater = (buffer, offset, length): Pending<ArrayBuffer> => {
    const value = readLater(buffer, offset, length), comes = begun++ + reads;
    return {
      take: () => begun > comes ? value.take() : null,
      wait: async () => {
        if (begun <= comes) counted.waited++;
        return await value.wait();
      },
    };
  };
  return counted;
}

async function run(
  reads: number,
  { lossSlots = 1024, ...options }: Partial<TrainOptions> & { lossSlots?: number } = {},
) {
  const device = await openReferenceDevice();
  const counted = delayed(device, reads);
  const model = new Dlrm(device, SMALL_SHAPE, {
    optimizer: { kind: "sgd" },
    maxBatch: 50,
    lossSlots,
  });
  await model.initialise(2);
  try {
    const trained = await train(model, memoryDataset(2000), { ...OPTIONS, ...options });
    return { ...trained, waited: counted.waited };
  } finally {
    model.dispose();
    device.dispose();
  }
}

Deno.test("losses that come late are the same losses in the same order, and nobody waits before the end", async () => {
  const prompt = await run(0);
  const late = await run(2);
  assert.equal(prompt.losses.length, Math.ceil(1500 / 32));
  assert.deepEqual(late.losses, prompt.losses);
  assert.deepEqual(late.evaluations, prompt.evaluations);
  assert.equal(prompt.waited, 0);
  // At the end no further reads bring the last two and the logits of the evaluation.
  assert.equal(late.waited, 3);
});

Deno.test("losses that never come by themselves are waited for when four readings are on their way", async () => {
  const prompt = await run(0);
  const waiting = await run(Infinity);
  assert.deepEqual(waiting.losses, prompt.losses);
  assert.ok(waiting.waited > 2 && waiting.waited <= 10, `${waiting.waited} waits`);
  const narrow = await run(Infinity, { lossSlots: 3 });
  assert.deepEqual(narrow.losses, prompt.losses);
});

Deno.test("a loss that is not finite names its own step, however late it comes", async () => {
  for (const reads of [0, 2, Infinity]) {
    const base = 1e30;
    const schedule = { ...OPTIONS.schedule, base };
    await assert.rejects(run(reads, { schedule }), (error) => {
      assert.ok(error instanceof TrainingFailure, String(error));
      assert.match(error.message, /^Cannot go on after step 2: its loss is (NaN|Infinity) at/);
      assert.equal(error.run.losses.length, 2);
      return true;
    });
  }
});

Deno.test({
  name: "WebGPU: no mapping is awaited between two evaluations",
  ignore: !webGpuAvailable,
  fn: async () => {
    using device = await openWebGpuDevice({ adapter: "any" });
    const model = new Dlrm(device, SMALL_SHAPE, { optimizer: { kind: "sgd" }, maxBatch: 50 });
    await model.initialise(2);
    const awaited: number[] = [];
    const { losses } = await train(model, memoryDataset(2000), {
      ...OPTIONS,
      evalEvery: 12,
      // The first step after an evaluation, and the last before the next.
      onStep: ({ step }) => {
        if (step % 12 < 2) awaited.push(device.counters.awaitedMappings);
      },
    });
    assert.ok(losses.every(Number.isFinite));
    for (let i = 0; i + 1 < awaited.length; i += 2) assert.equal(awaited[i], awaited[i + 1]);
    assert.ok(awaited.length >= 7);
    model.dispose();
  },
});
