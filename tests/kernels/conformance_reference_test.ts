import { runConformance } from "./conformance.ts";
import { openReferenceDevice } from "./reference_device.ts";

runConformance("reference device", () => openReferenceDevice());
