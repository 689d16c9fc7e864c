/**
 * Monte Carlo over the ranges of the machine's numbers and of the parameters: what the ratios may be given how little is
 * known. Draw d of number n is position d of the sampling stream's sub-stream n, so that draws can be shared out.
 *
 * @module
 */

import { RandomStream } from "../../core/random.ts";
import {
  type Machine,
  MACHINE_PATHS,
  type MachineDocument,
  machineOf,
  type MachinePath,
  type Quantity,
  withRates,
} from "../machine.ts";
import { MinibatchMemo } from "../memo.ts";
import { PARAMETER_NAMES, type ParameterName, PARAMETERS, type Parameters } from "../parameters.ts";
import { calibrate } from "./calibrate.ts";
import { mapeOf, type Ratio, ratiosOf } from "./evaluate.ts";
import type { Frozen, HeldOut } from "./frozen.ts";
import type { PaperWorkloads } from "./workloads.ts";

/** A number with a range: of the machine, a parameter, or the share that is skipped. */
export interface Uncertain {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly machine?: MachinePath;
  readonly parameter?: ParameterName;
}

/** Ranges wider than this factor are drawn evenly in their logarithm. */
const WIDE = 4;
const SUB = 0x4d43;

/** All numbers with a range: the machine's, the parameters that are not fixed, and the drop share within its tolerance. */
function uncertainOf(document: MachineDocument, protocol: Frozen["protocol"]): Uncertain[] {
  const found: Uncertain[] = [];
  for (const path of MACHINE_PATHS) {
    const [section, field] = path.split(".") as ["cpu", "cores"];
    const { low, high }: Quantity = document[section][field];
    if (low !== undefined && high !== undefined) {
      found.push({ name: path, low, high, machine: path });
    }
  }
  for (const name of PARAMETER_NAMES) {
    const { low, high, status } = PARAMETERS[name];
    if (status !== "fixed") found.push({ name, low, high, parameter: name });
  }
  found.push({
    name: "drop_share",
    low: protocol.drop_share_low,
    high: protocol.drop_share_high,
  });
  return found;
}

/** Everything a draw needs. */
export interface DrawOptions {
  readonly document: MachineDocument;
  readonly workloads: PaperWorkloads;
  readonly frozen: Frozen;
  readonly pairs: readonly Pick<HeldOut, "slower" | "faster">[];
  /** Whether the three scalars are calibrated anew in each draw; else they are drawn too. */
  readonly recalibrate: boolean;
}

/** The ratios of one draw, in the order of `pairs`. */
export function drawRatios(options: DrawOptions, draw: number): Ratio[] {
  const { document, frozen } = options;
  const uncertain = uncertainOf(document, frozen.protocol);
  const changed = uncertain.map((one, n) => {
    const u = new RandomStream(frozen.protocol.seed, "sampling", SUB + n).uniform(draw);
    const { low, high } = one;
    const value = low > 0 && high / low > WIDE ? low * (high / low) ** u : low + (high - low) * u;
    return { one, value };
  });
  return ratiosWith(options, changed);
}

/** The ratios with some uncertain numbers changed, the three scalars calibrated anew if the options say so. */
export function ratiosWith(
  { document, workloads, frozen, pairs, recalibrate }: DrawOptions,
  changed: readonly { readonly one: Uncertain; readonly value: number }[],
): Ratio[] {
  const { protocol } = frozen;
  const rates: Partial<Record<MachinePath, number>> = {};
  const scalars: Record<string, number> = { ...frozen.start };
  let drop = protocol.drop_share;
  for (const { one, value } of changed) {
    if (one.machine !== undefined) rates[one.machine] = value;
    else if (one.parameter !== undefined) scalars[one.parameter] = value;
    else drop = value;
  }
  const machine: Machine = withRates(machineOf(document), rates);
  const common = {
    machine,
    workloads,
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
    memo: new MinibatchMemo(machine),
  };
  let parameters = scalars as unknown as Parameters;
  if (recalibrate) parameters = calibrate({ ...common, start: parameters }).parameters;
  return ratiosOf({ ...common, parameters, drop }, pairs);
}

/** How much the mean error falls, at best, when one number moves within its range and the scalars are calibrated anew. */
export interface Lever {
  readonly name: string;
  /** Mean absolute percentage error at the two ends, as a share. */
  readonly atLow: number;
  readonly atHigh: number;
}

/** Levers of all uncertain numbers but the calibrated scalars, the strongest first. */
export function leversOf(options: DrawOptions, heldOut: readonly HeldOut[]): Lever[] {
  return uncertainOf(options.document, options.frozen.protocol)
    .filter(({ parameter }) =>
      parameter === undefined || PARAMETERS[parameter].status !== "calibrated"
    )
    .map((one) => {
      const at = (value: number) =>
        mapeOf(ratiosWith(options, [{ one, value }]).map(({ mean }) => mean), heldOut);
      return { name: one.name, atLow: at(one.low), atHigh: at(one.high) };
    })
    .sort((a, b) => Math.min(a.atLow, a.atHigh) - Math.min(b.atLow, b.atHigh));
}
