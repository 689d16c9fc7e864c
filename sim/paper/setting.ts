/**
 * What the paper's ratios are computed for: its testbed, the four workloads and the frozen parameters.
 *
 * @module
 */

import { loadMachine, type MachineDocument, machineOf } from "../machine.ts";
import type { Parameters } from "../parameters.ts";
import type { Scenario } from "./evaluate.ts";
import { type Frozen, loadFrozen } from "./frozen.ts";
import { loadPaperWorkloads } from "./workloads.ts";

/** All that is frozen, loaded. */
export interface PaperSetting {
  readonly frozen: Frozen;
  readonly document: MachineDocument;
  /** Parameters as they start. */
  readonly uncalibrated: Scenario;
  /** With the three scalars that published ratios of other systems set. */
  readonly calibrated: Scenario;
}

/** Loads it and checks the hashes. Throws a `UserError` where a file is not what was frozen. */
export async function loadPaperSetting(): Promise<PaperSetting> {
  const frozen = await loadFrozen();
  const document = await loadMachine(frozen.machine);
  const { protocol, start, calibrated } = frozen;
  const common = {
    machine: machineOf(document),
    workloads: await loadPaperWorkloads(),
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
    drop: protocol.drop_share,
  };
  return {
    frozen,
    document,
    uncalibrated: { ...common, parameters: start as Parameters },
    calibrated: { ...common, parameters: calibrated as Parameters },
  };
}
