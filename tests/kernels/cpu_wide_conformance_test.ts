import { openCpuDevice } from "../../kernels/cpu/device.ts";
import { runConformance } from "./conformance.ts";

runConformance("CPU device, wide:", () => openCpuDevice({ wide: true }));
