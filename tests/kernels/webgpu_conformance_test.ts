import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { runConformance } from "./conformance.ts";
import { webGpuAvailable } from "./webgpu_available.ts";

if (!webGpuAvailable) {
  console.warn(
    "WebGPU tests are skipped: no adapter was found (a Vulkan driver and libvulkan1 bring one)",
  );
}

runConformance("WebGPU device:", () => openWebGpuDevice({ adapter: "any" }), {
  ignore: !webGpuAvailable,
});
