/**
 * Data of the report's calculator: the closed form of an epoch on machines of then and now, by workload and system.
 *
 * @module
 */

import type { WorkloadName } from "../data/twin/workloads.ts";
import { epochFormula, epochSeconds } from "../sim/epoch_formula.ts";
import { loadMachine, type MachineDocument } from "../sim/machine.ts";
import type { PaperSetting } from "../sim/paper/setting.ts";
import { hotInputShare } from "../sim/variants.ts";
import { condense } from "../sim/work.ts";
import { figureColumn, numberColumn, plainColumn, tableOf } from "./columns.ts";
import type { CalculatedEpoch, ResultTable } from "./experiment.ts";
import { SYSTEM_LABELS, workloadLabel } from "./paper_machine.ts";

/** Beside the paper's machine. */
const MACHINES = ["t4", "l4", "rtx4090", "a100x8", "h100x8", "gh200", "b200x8"] as const;

const SYSTEMS = ["pytorch-hybrid", "fae", "slipstream", "gpu-only", "slipstream-gpu-only"] as const;

/** An epoch of each workload at its published size on each machine, with all of its GPUs. */
export async function calculatedEpochs(
  { calibrated, document }: PaperSetting,
  workloads: readonly WorkloadName[],
  signal: AbortSignal,
): Promise<CalculatedEpoch[]> {
  const { batchPerGpu, drop, parameters } = calibrated;
  const documents: MachineDocument[] = [document];
  for (const name of MACHINES) documents.push(await loadMachine(name));
  return documents.flatMap((document) =>
    workloads.map((workload) => {
      signal.throwIfAborted();
      const trace = condense(calibrated.workloads[workload]);
      const gpus = document === documents[0] ? calibrated.gpus : document.gpu.count.value;
      return {
        workload: workloadLabel(workload),
        machine: `${document.name}, ${gpus === 1 ? "1 GPU" : `${gpus} GPUs`}`,
        hot_share: hotInputShare(trace),
        drop_share: drop,
        systems: SYSTEMS.flatMap((system) => {
          const formula = epochFormula({ document, gpus, system, trace, batchPerGpu, parameters });
          return formula === null ? [] : [{ system: SYSTEM_LABELS[system], ...formula }];
        }),
      };
    })
  );
}

/** What the calculator says at first, for those who read without it. */
export function epochTable(epochs: readonly CalculatedEpoch[], drop: number): ResultTable {
  const title = `Seconds of an epoch by machine, at each workload's share of hot inputs and D = ${
    drop.toFixed(2)
  }`;
  return tableOf({ title, origin: "predicted" }, epochs, [
    plainColumn("machine", ({ machine }) => machine),
    plainColumn("workload", ({ workload }) => workload),
    numberColumn("hot inputs, %", 1, ({ hot_share }) => 100 * hot_share),
    ...SYSTEMS.map((system) =>
      figureColumn<CalculatedEpoch>(SYSTEM_LABELS[system], ({ systems, hot_share, drop_share }) => {
        const formula = systems.find((one) => one.system === SYSTEM_LABELS[system]);
        return formula === undefined
          ? "no room"
          : epochSeconds(formula, hot_share, drop_share).toFixed(1);
      })
    ),
  ]);
}
