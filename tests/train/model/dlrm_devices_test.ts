/** DLRM on the real devices, held against the float64 reference. */

import assert from "node:assert/strict";
import { LookupGrouper } from "../../../kernels/embedding/group.ts";
import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { Dlrm } from "../../../train/model/dlrm.ts";
import { onWgpu, webGpuAvailable } from "../../kernels/webgpu_available.ts";
import { checkAgainstReference } from "./dlrm_cases.ts";

const OPTIMIZERS = [
  { kind: "sgd" },
  { kind: "adagrad", eps: 1e-10 },
  { kind: "rowwise-adagrad", eps: 1e-10 },
] as const;

for (const optimizer of OPTIMIZERS) {
  Deno.test(`Dlrm records the steps of the float64 DLRM (${optimizer.kind}, CPU)`, async () => {
    using device = await openCpuDevice({ threads: 2 });
    await checkAgainstReference(device, optimizer);
  });

  Deno.test({
    name: `Dlrm records the steps of the float64 DLRM (${optimizer.kind}, WebGPU)`,
    ignore: !webGpuAvailable,
    fn: async () => {
      using device = await openWebGpuDevice({ adapter: "any" });
      await checkAgainstReference(device, optimizer);
    },
  });
}

/** RM2's widths over small tables. */
const RM2 = {
  tableRows: Array<number>(26).fill(50),
  dim: 16,
  bottom: [13, 512, 256, 64, 16],
  top: [367, 512, 256, 1],
};

// Dawn's SwiftShader takes minutes for Adagrad's dense update; how many dispatches there are is decided before.
for (const kind of onWgpu ? ["sgd", "adagrad"] as const : ["sgd"] as const) {
  Deno.test({
    name: `a step of RM2 takes 19 dispatches where the tables are one shard (${kind})`,
    ignore: !webGpuAvailable,
    fn: async () => {
      using device = await openWebGpuDevice({ adapter: "any" });
      const optimizer = kind === "sgd" ? { kind } : { kind, eps: 1e-10 };
      using model = new Dlrm(device, RM2, { optimizer, maxBatch: 40 });
      const ids = Uint32Array.from({ length: 26 * 40 }, (_, i) => i * 7 % 50);
      const lookups = new LookupGrouper(RM2.tableRows).group({ bags: 40, ids, offsets: null });
      const batch = { size: 40, dense: new Float32Array(40 * 13), labels: new Float32Array(40) };
      model.upload({ ...batch, lookups });
      const before = device.counters.dispatches;
      device.run(model.trainProgram(40));
      assert.equal(device.counters.dispatches - before, 19);
      await device.sync();
    },
  });
}
