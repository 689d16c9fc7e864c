/**
 * The ratios of one draw of everything that is uncertain, and with one number moved.
 *
 * @module
 */

import { type MachineDocument, machineOf, withRates } from "../machine.ts";
import { MinibatchMemo } from "../memo.ts";
import { drawSet } from "../parameter_sets.ts";
import { PARAMETER_NAMES, PARAMETERS, type Parameters } from "../parameters.ts";
import {
  type Bounds,
  drawMachine,
  drawnValue,
  drawParameters,
  uncertainRates,
} from "../uncertainty.ts";
import { calibrate, type Target, TARGETS } from "./calibrate.ts";
import { mapeOf, type Ratio, ratiosOf } from "./evaluate.ts";
import type { HeldOut, Registration } from "./registration.ts";
import type { PaperWorkloads } from "./workloads.ts";

/** What a draw is of. */
export interface PaperSubject {
  readonly document: MachineDocument;
  readonly workloads: PaperWorkloads;
  readonly registration: Registration;
  readonly pairs: readonly Pick<HeldOut, "slower" | "faster">[];
}

/** Everything a draw needs. */
export interface DrawOptions extends PaperSubject {
  /** Whether the scalars are those calibrated in the draw; else they are drawn within their ranges too. */
  readonly calibrated: boolean;
}

/** The share dropped in a draw: the artifact's tolerance. */
function drawnDrop(
  { drop_share_low: low, drop_share_high: high }: Registration["protocol"],
  draw: number,
): number {
  return drawnValue("drop", { low, high }, draw);
}

/** The ratios of one draw, in the order of `pairs`. */
export function drawRatios(options: DrawOptions, draw: number): Ratio[] {
  const { document, workloads, registration, pairs } = options;
  const { start, calibrated: parameters, calibration, draws, protocol } = registration;
  const names = calibration.map(({ parameter }) => parameter);
  const machine = drawMachine(document, draw);
  return ratiosOf({
    machine,
    workloads,
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
    memo: new MinibatchMemo(machine),
    parameters: options.calibrated
      ? drawSet({ parameters, calibrated: { names, draws } }, draw)
      : drawParameters(start, draw),
    drop: drawnDrop(protocol, draw),
  }, pairs);
}

/** One number at another value: of the machine, a parameter, a calibration's target, or the share dropped. */
export interface Moved {
  readonly name: string;
  readonly value: number;
}

/** The ratios with one number moved and the scalars calibrated anew; with none, as the registration has them but for bits. */
export function ratiosWith(
  { document, workloads, registration, pairs }: PaperSubject,
  moved: Moved | null,
): Ratio[] {
  const { protocol, start } = registration;
  const isParameter = PARAMETER_NAMES.some((name) => name === moved?.name);
  const isRate = uncertainRates(document).some(({ path }) => path === moved?.name);
  const machine = withRates(machineOf(document), isRate ? { [moved!.name]: moved!.value } : {});
  const common = {
    machine,
    workloads,
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
    memo: new MinibatchMemo(machine),
  };
  const { parameters } = calibrate({
    ...common,
    start: isParameter ? { ...start, [moved!.name]: moved!.value } as Parameters : start,
    targets: TARGETS.map((target) =>
      targetName(target) === moved?.name ? { ...target, ratio: moved.value } : target
    ),
  });
  const drop = moved?.name === "drop" ? moved.value : protocol.drop_share;
  return ratiosOf({ ...common, parameters, drop }, pairs);
}

function targetName({ parameter }: Target): string {
  return `target ${parameter}`;
}

/** How far the mean error moves when one number goes to an end of its range and the scalars are calibrated anew. */
export interface Lever {
  readonly name: string;
  /** Mean absolute percentage error at the two ends, as a share. */
  readonly atLow: number;
  readonly atHigh: number;
}

/** Levers of all uncertain numbers but the calibrated scalars, the one that moves the error most first. */
export function leversOf(subject: PaperSubject, heldOut: readonly HeldOut[]): Lever[] {
  const { document, registration: { protocol } } = subject;
  const uncertain: (Bounds & { readonly name: string })[] = [
    ...uncertainRates(document).map(({ path, bounds }) => ({ name: path, ...bounds })),
    ...PARAMETER_NAMES.filter((name) => PARAMETERS[name].status === "prior")
      .map((name) => ({ name, low: PARAMETERS[name].low, high: PARAMETERS[name].high })),
    ...TARGETS.map((target) => ({ name: targetName(target), low: target.low, high: target.high })),
    { name: "drop", low: protocol.drop_share_low, high: protocol.drop_share_high },
  ];
  return uncertain.map(({ name, low, high }) => {
    const at = (value: number) =>
      mapeOf(ratiosWith(subject, { name, value }).map(({ mean }) => mean), heldOut);
    return { name, atLow: at(low), atHigh: at(high) };
  }).sort((a, b) => Math.abs(b.atHigh - b.atLow) - Math.abs(a.atHigh - a.atLow));
}
