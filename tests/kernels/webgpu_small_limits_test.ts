import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { runConformance } from "./conformance.ts";
import { webGpuAvailable } from "./webgpu_available.ts";

// Tables over many shards, single tables over several, and grids folded into two and three dimensions.
runConformance(
  "WebGPU device of small shards and grids:",
  () => openWebGpuDevice({ adapter: "any", maxBindingBytes: 1024, maxWorkgroupsPerDimension: 12 }),
  { ignore: !webGpuAvailable },
);
