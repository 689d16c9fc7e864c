/** TBSM on the real devices, held against the float64 reference. */

import assert from "node:assert/strict";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import type { Device, Optimizer } from "../../../kernels/types.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";
import {
  checkRepeats,
  checkTbsm,
  checkZeroVectors,
  RM1_SHAPE,
  SMALL_TBSM,
  tbsmBits,
} from "./tbsm_cases.ts";

const ADAGRAD: Optimizer = { kind: "adagrad", eps: 1e-10 };

const OPENERS: readonly {
  readonly name: string;
  readonly ignore: boolean;
  readonly open: () => Promise<Device>;
}[] = [
  { name: "CPU", ignore: false, open: () => openCpuDevice({ threads: 2 }) },
  { name: "WebGPU", ignore: !webGpuAvailable, open: () => openWebGpuDevice({ adapter: "any" }) },
];

for (const { name, ignore, open } of OPENERS) {
  const test = (what: string, check: (device: Device) => Promise<void>): void =>
    Deno.test({
      name: `${what} (${name})`,
      ignore,
      fn: async () => {
        const device = await open();
        try {
          await check(device);
        } finally {
          device.dispose();
        }
      },
    });
  test("Tbsm records the steps of the float64 TBSM: sgd", (device) =>
    checkTbsm(device, {
      shape: SMALL_TBSM,
      optimizer: { kind: "sgd" },
      batch: 16,
      steps: 12,
      learningRate: 0.1,
    }));
  test("Tbsm records the steps of the float64 TBSM: adagrad", (device) =>
    checkTbsm(device, {
      shape: SMALL_TBSM,
      optimizer: ADAGRAD,
      batch: 16,
      steps: 12,
      learningRate: 0.01,
    }));
  test("Tbsm records the steps of the float64 TBSM: RM1's widths", (device) =>
    checkTbsm(device, {
      shape: RM1_SHAPE,
      optimizer: ADAGRAD,
      batch: 32,
      steps: 4,
      learningRate: 0.01,
    }));
  test("Tbsm trains on vectors of zeros without NaN", checkZeroVectors);
  test("Tbsm gives the same bits again", checkRepeats);
}

Deno.test("Tbsm gives the same bits with any number of threads", async () => {
  using one = await openCpuDevice({ threads: 1 });
  const bits = await tbsmBits(one);
  for (const threads of [2, 3]) {
    using device = await openCpuDevice({ threads });
    assert.deepEqual(await tbsmBits(device), bits, `${threads} threads`);
  }
});
