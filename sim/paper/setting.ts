/**
 * What the paper's ratios are computed for: its testbed, the four workloads and the registered parameters.
 *
 * @module
 */

import { loadMachine, type MachineDocument, machineOf } from "../machine.ts";
import type { Scenario } from "./evaluate.ts";
import { loadRegistration, type Registration } from "./registration.ts";
import { loadPaperWorkloads } from "./workloads.ts";

/** All that is registered, loaded. */
export interface PaperSetting {
  readonly registration: Registration;
  readonly document: MachineDocument;
  /** Parameters as they start. */
  readonly uncalibrated: Scenario;
  /** With the scalars that published ratios of other systems set. */
  readonly calibrated: Scenario;
}

/** Loads it and checks the hashes. Throws a `UserError` where a file is not what was registered. */
export async function loadPaperSetting(): Promise<PaperSetting> {
  const registration = await loadRegistration();
  const document = await loadMachine(registration.machine);
  const { protocol, start, calibrated } = registration;
  const common = {
    machine: machineOf(document),
    workloads: await loadPaperWorkloads(),
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
    drop: protocol.drop_share,
  };
  return {
    registration,
    document,
    uncalibrated: { ...common, parameters: start },
    calibrated: { ...common, parameters: calibrated },
  };
}
