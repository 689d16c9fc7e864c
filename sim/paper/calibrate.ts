/**
 * The three scalars that published ratios may set, none of which is of Slipstream: FAE against hybrid DLRM, FAE against XDL,
 * Hotline against hybrid DLRM. RM4, which FAE's paper does not have, sets nothing.
 *
 * @module
 */

import type { WorkloadName } from "../../data/twin/workloads.ts";
import type { Machine } from "../machine.ts";
import { MinibatchMemo } from "../memo.ts";
import {
  type ParameterName,
  PARAMETERS,
  type Parameters,
  START_PARAMETERS,
} from "../parameters.ts";
import { simulateWith } from "../simulate.ts";
import type { PaperWorkloads } from "./workloads.ts";

/** A published ratio that sets a scalar: time of `slower` over time of `faster`, mean over workloads. */
export interface Target {
  readonly parameter: ParameterName;
  readonly slower: string;
  readonly faster: string;
  readonly ratio: number;
  /** What the ratio may be, given that published means disagree. */
  readonly low: number;
  readonly high: number;
  readonly source: string;
}

/**
 * Chains of published means that should agree differ by 8 to 17 % (FAE over XDL times Slipstream over FAE is 9 % below
 * Slipstream over XDL, FAE over its baseline times the same 17 % above, Hotline over its 8 % above): a target may be off by
 * the largest of these, either way.
 */
const CLOSURE = 1.17;

function target(
  parameter: ParameterName,
  slower: string,
  faster: string,
  ratio: number,
  source: string,
): Target {
  const low = ratio / CLOSURE, high = ratio * CLOSURE;
  return { parameter, slower, faster, ratio, low, high, source };
}

/** In the order in which they are met: each leaves those before it as they are. */
export const TARGETS: readonly Target[] = [
  target(
    "pytorch_lookup_ns",
    "pytorch-hybrid",
    "fae",
    2.34,
    "FAE, first version, against Xeon + V100 PyTorch, mean of Kaggle, Terabyte and Alibaba",
  ),
  target(
    "xdl_scale",
    "xdl",
    "fae",
    1.52,
    "FAE, third version's abstract, against XDL CPU-GPU",
  ),
  target(
    "hotline_second_share",
    "pytorch-hybrid",
    "hotline",
    2.2,
    "Hotline, second version's abstract, against a CPU-GPU DLRM that it calls Intel-optimised",
  ),
];

/** Workloads whose mean ratios set scalars. */
export const CALIBRATION_WORKLOADS: readonly WorkloadName[] = ["rm1", "rm2", "rm3"];

/** What to calibrate with. */
export interface CalibrateOptions {
  readonly machine: Machine;
  readonly workloads: PaperWorkloads;
  readonly gpus: number;
  readonly batchPerGpu: number;
  /** Those whose mean counts; {@link CALIBRATION_WORKLOADS} unless told. */
  readonly names?: readonly WorkloadName[];
  /** {@link TARGETS} unless told. */
  readonly targets?: readonly Target[];
  /** What the scalars and all others are before. */
  readonly start?: Parameters;
  /** Minibatches of earlier simulations on the same machine. */
  readonly memo?: MinibatchMemo | undefined;
}

/** Scalars, and what they reach. */
export interface Calibration {
  readonly parameters: Parameters;
  readonly reached: readonly {
    readonly parameter: ParameterName;
    readonly value: number;
    readonly ratio: number;
    readonly target: number;
    /** The scalar stopped at an end of its range. */
    readonly atEnd: boolean;
  }[];
}

const BISECTIONS = 40;
const RATIO_TOLERANCE = 1e-4;

/** Sets each scalar, within its range, so that its mean ratio is the published one, or as near as the range allows. */
export function calibrate(options: CalibrateOptions): Calibration {
  const { targets = TARGETS, names = CALIBRATION_WORKLOADS, machine } = options;
  const memo = options.memo ?? new MinibatchMemo(machine);
  let parameters = options.start ?? START_PARAMETERS;
  const reached: Calibration["reached"][number][] = [];
  for (const { parameter, slower, faster, ratio: target } of targets) {
    const ratioAt = (value: number): number => {
      const tried = { ...parameters, [parameter]: value };
      const ratios = names.map((name) => {
        const time = (system: string) =>
          simulateWith({
            trace: options.workloads[name],
            machine,
            system,
            gpus: options.gpus,
            batchPerGpu: options.batchPerGpu,
            parameters: tried,
          }, memo).epoch_ms;
        return time(slower) / time(faster);
      });
      return ratios.reduce((a, b) => a + b, 0) / ratios.length;
    };
    const { value, ratio, atEnd } = meet(ratioAt, target, PARAMETERS[parameter]);
    parameters = { ...parameters, [parameter]: value };
    reached.push({ parameter, value, ratio, target, atEnd });
  }
  return { parameters, reached };
}

/** The value in a range at which a monotone function meets a target, by false position with a guard. */
function meet(
  at: (value: number) => number,
  target: number,
  { low, high }: { readonly low: number; readonly high: number },
): { value: number; ratio: number; atEnd: boolean } {
  let a = low, b = high, fa = at(a) - target, fb = at(b) - target;
  if (Math.abs(fa) < RATIO_TOLERANCE) return { value: a, ratio: fa + target, atEnd: true };
  if (fa * fb >= 0) {
    const nearA = Math.abs(fa) <= Math.abs(fb);
    return { value: nearA ? a : b, ratio: (nearA ? fa : fb) + target, atEnd: true };
  }
  for (let k = 0; k < BISECTIONS; k++) {
    // Illinois: an end that stays counts half, so that both ends move.
    const value = k % 3 === 2 ? (a + b) / 2 : (a * fb - b * fa) / (fb - fa);
    const f = at(value) - target;
    if (Math.abs(f) < RATIO_TOLERANCE) return { value, ratio: f + target, atEnd: false };
    if (f * fa < 0) {
      b = value;
      fb = f;
    } else {
      a = value;
      fa = f;
    }
  }
  const value = (a + b) / 2;
  return { value, ratio: at(value), atEnd: false };
}
