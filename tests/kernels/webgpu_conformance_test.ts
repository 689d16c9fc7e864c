import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { runConformance } from "./conformance.ts";
import { webGpuAvailable } from "./webgpu_available.ts";

runConformance("WebGPU device:", () => openWebGpuDevice({ adapter: "any" }), {
  ignore: !webGpuAvailable,
});
