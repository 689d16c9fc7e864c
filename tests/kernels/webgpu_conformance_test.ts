import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { runConformance } from "./conformance.ts";
import { webGpuAvailable } from "./webgpu_available.ts";

if (!webGpuAvailable) {
  // A test's name is the one line that is shown whatever the reporter; what a file prints is not.
  Deno.test("WebGPU tests are skipped: no adapter was found (a Vulkan driver and libvulkan1 bring one)", () => {});
}

runConformance("WebGPU device:", () => openWebGpuDevice({ adapter: "any", timestamps: true }), {
  ignore: !webGpuAvailable,
});
