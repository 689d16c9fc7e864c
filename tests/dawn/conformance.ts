/** The conformance suite on Dawn: all of it but the cases that take minutes there on a software adapter. */

import { openWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { runConformance } from "../kernels/conformance.ts";

const SLOW = [
  "linear backwardWeights: (awkward|large) shapes",
  "embedding backward: rowwise-adagrad with eps 0.125",
  "sharing: interaction-backward",
];

runConformance("WebGPU device on Dawn:", () => openWebGpuDevice({ adapter: "any" }), {
  cases: new RegExp(`^(?!${SLOW.join("|")})`),
});
