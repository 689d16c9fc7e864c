/**
 * What the experiments on the paper's machine share: names for people, and simulations with the registered parameters.
 *
 * @module
 */

import type { WorkloadName } from "../data/twin/workloads.ts";
import type { PaperSetting } from "../sim/paper/setting.ts";
import { simulate, type SimulationResult } from "../sim/simulate.ts";

/** Systems by the simulator's name, as tables and figures call them. */
export const SYSTEM_LABELS = {
  "xdl": "XDL",
  "pytorch-hybrid": "PyTorch hybrid",
  "intel-dlrm": "Intel DLRM",
  "fae": "FAE",
  "hotline": "Hotline",
  "slipstream": "Slipstream",
  "slipstream-hotline": "Hotline + Slipstream",
  "slipstream-fae-intel": "Slipstream, Intel's kernels",
  "gpu-only": "GPU only",
  "slipstream-gpu-only": "GPU only + Slipstream",
} as const;

/** A system of the paper. */
export type PaperSystem = keyof typeof SYSTEM_LABELS;

/** `rm1` as the paper writes it. */
export function workloadLabel(workload: WorkloadName): string {
  return workload.toUpperCase();
}

/** The paper's machine in a title: `4 x V100, PCIe 3`. */
export function machineLabel({ calibrated: { machine } }: PaperSetting, gpus: number): string {
  return `${gpus} x V100, PCIe ${machine.link.generation}`;
}

/** One system on the paper's machine with the calibrated parameters. */
export function simulatePaper(
  { calibrated }: PaperSetting,
  workload: WorkloadName,
  system: PaperSystem,
  gpus: number = calibrated.gpus,
): SimulationResult {
  const { workloads, ...options } = calibrated;
  return simulate({ ...options, trace: workloads[workload], system, gpus });
}

/** A format of so many digits after the point, with a sign. */
export const signed = (digits: number) => (value: number): string =>
  `${value >= 0 ? "+" : ""}${value.toFixed(digits)}`;

/** The least and the largest of some shares, as text: `12.3 % to 20.1 %`; one number where both read alike. */
export function percentRange(shares: readonly number[]): string {
  const low = percent(Math.min(...shares)), high = percent(Math.max(...shares));
  return low === high ? low : `${low} to ${high}`;
}

/** A share as text: `12.3 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
