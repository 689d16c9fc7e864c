/** DLRM on the real devices, held against the float64 reference. */

import { openCpuDevice } from "../../../kernels/cpu/device.ts";
import { openWebGpuDevice } from "../../../kernels/webgpu/device.ts";
import { webGpuAvailable } from "../../kernels/webgpu_available.ts";
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
