import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { KERNEL_CHOICES } from "../../kernels/webgpu/variants.ts";
import { runConformance } from "./conformance.ts";
import { webGpuAvailable } from "./webgpu_available.ts";

// Every way of computing that is not the standard one, at once; rows have workgroups of their own from 8 lookups on.
runConformance(
  "WebGPU device of other kernels:",
  () =>
    openWebGpuDevice({
      adapter: "any",
      kernels: { ...KERNEL_CHOICES.all, ...KERNEL_CHOICES["segments-8"] },
    }),
  { ignore: !webGpuAvailable, cases: /^(linear|interaction|embedding|dense step|one program)/ },
);
