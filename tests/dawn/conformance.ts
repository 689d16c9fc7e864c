/** The conformance suite on Dawn: all of it but what takes minutes on a software adapter that runs a call at a time. */

import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { runConformance } from "../kernels/conformance.ts";

runConformance("WebGPU device on Dawn:", () => openWebGpuDevice({ adapter: "any" }), {
  leaveOut: [
    "linear backwardWeights: awkward shapes",
    "embedding backward: rowwise-adagrad with eps 0.125, awkward shapes and bags",
    "sharing: interaction-backward writes no buffer that it reads, but several outputs to one",
  ],
});
