/**
 * What the experiments on the paper's machine share: names for people, and simulations with the registered parameters.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import { counted } from "../core/format.ts";
import type { WorkloadName } from "../data/twin/workloads.ts";
import { loadGpuMachine, machineOf } from "../sim/machine.ts";
import { loadPaperSetting, type PaperSetting } from "../sim/paper/setting.ts";
import { simulate, type SimulationResult } from "../sim/simulate.ts";
import type { Settings } from "./experiment.ts";

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

/**
 * What is predicted: the paper's machine, or the one that is asked for with all of its GPUs and the same registered costs of
 * software.
 *
 * @throws {UserError} It is no machine, or there are several.
 */
export async function predictedSetting(
  { machine: [asked, ...others] }: Pick<Settings, "machine">,
): Promise<PaperSetting> {
  const setting = await loadPaperSetting();
  if (asked === undefined) return setting;
  if (others.length > 0) {
    throw new UsageError(
      `Cannot use --machine ${[asked, ...others].join(",")}: these tables are of one machine`,
    );
  }
  const document = await loadGpuMachine(asked);
  const there = { machine: machineOf(document), gpus: document.gpu.count.value };
  const { calibrated, uncalibrated } = setting;
  return {
    ...setting,
    document,
    calibrated: { ...calibrated, ...there },
    uncalibrated: { ...uncalibrated, ...there },
  };
}

/** Whether a setting is of the paper's machine. */
export function isPaperMachine({ document, registration }: PaperSetting): boolean {
  return document.name === registration.machine;
}

/** Numbers of GPUs up to those of a setting's machine: 1, 2, 4, …. */
export function gpuNumbers({ calibrated: { gpus } }: PaperSetting): number[] {
  const powers = Array.from({ length: Math.ceil(Math.log2(gpus)) }, (_, i) => 2 ** i);
  return [...powers, gpus];
}

/** The machine in a title: `4 x V100, PCIe 3`, `h100x8, 8 GPUs, PCIe 5`. */
export function machineLabel(setting: PaperSetting, gpus: number): string {
  const { document: { name }, calibrated: { machine } } = setting;
  const label = isPaperMachine(setting) ? `${gpus} x V100` : `${name}, ${counted(gpus, "GPU")}`;
  return `${label}, PCIe ${machine.link.generation}`;
}

/** What a title says of the machine: `the paper's machine (4 x V100, PCIe 3)`. */
export function machineTitle(setting: PaperSetting): string {
  const label = machineLabel(setting, setting.calibrated.gpus);
  return isPaperMachine(setting) ? `the paper's machine (${label})` : label;
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
