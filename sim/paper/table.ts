/**
 * The paper table: the held-out ratios from frozen parameters, with everything that says how much they mean.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { hotInputShare, withHotInputShare } from "../variants.ts";
import { allDraws } from "./all_draws.ts";
import { calibrate, CALIBRATION_WORKLOADS, TARGETS } from "./calibrate.ts";
import { type DrawOptions, type Lever, leversOf, ratiosWith } from "./draws.ts";
import { mapeOf, type Ratio, ratiosOf, type Scenario } from "./evaluate.ts";
import type { Frozen, HeldOut } from "./frozen.ts";
import { type Interval, intervalOf, paperPairs, type PaperRatios, paperRatios } from "./ratios.ts";
import { loadPaperSetting } from "./setting.ts";
import type { PaperWorkloads } from "./workloads.ts";

export type { Interval } from "./ratios.ts";

/** One held-out ratio. */
export interface PaperRow {
  readonly heldOut: HeldOut;
  readonly uncalibrated: Ratio;
  readonly calibrated: Ratio;
  /** 5, 50 and 95 % of the draws. */
  readonly prior: Interval;
  readonly posterior: Interval;
  /** Calibrated mean against the published figure: (predicted - published) / published. */
  readonly error: number;
}

/** A refit that leaves something out. */
interface Refit {
  readonly without: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly mape: number;
}

/** Everything that `deno task simulate paper` prints. */
export interface PaperTable {
  readonly frozen: Frozen;
  readonly workloads: PaperRatios["workloads"];
  readonly rows: readonly PaperRow[];
  /** The Hotline figure by its other reading: Slipstream over FAE against Hotline. */
  readonly otherReading: PaperRow;
  /** Calibrated ratios in artifact mode: Slipstream against hybrid DLRM and FAE, all three as the artifact runs them. */
  readonly artifact: readonly { readonly heldOut: HeldOut; readonly ratio: Ratio }[];
  readonly mape: PaperRatios["mape"];
  readonly byGpus: PaperRatios["byGpus"];
  /** Drop shares, and the calibrated means then. */
  readonly dropCurve: readonly { readonly share: number; readonly means: readonly number[] }[];
  readonly refits: readonly Refit[];
  readonly nulls: PaperRatios["nulls"];
  /** Errors with the hot shares dealt to other workloads, the scalars calibrated anew, over all 24 orders. */
  readonly permuted: {
    readonly best: number;
    readonly median: number;
    readonly worst: number;
    readonly better: number;
  };
  readonly levers: readonly Lever[];
  readonly met: PaperRatios["met"];
}

const DROP_SHARES = [0.2, 0.25, 0.3, 0.35, 0.4];

/** Computes the table. Takes a few minutes on two cores, most of it the draws. */
export async function paperTable(
  say: (line: string) => void = () => {},
  draws?: number,
): Promise<PaperTable> {
  const setting = await loadPaperSetting();
  const { frozen, document, calibrated } = setting;
  const { protocol, held_out: heldOut } = frozen;
  const { workloads } = calibrated;
  const number = draws ?? protocol.draws;
  say(`${number} draws, scalars drawn too`);
  const pairs = paperPairs(frozen);
  const prior = await allDraws({ document, workloads, frozen, pairs, recalibrate: false }, number);
  say(`${number} draws, scalars calibrated in each`);
  const ratios = await paperRatios(setting, number);
  const rows = [...ratios.rows, ratios.otherReading].map((row, i): PaperRow => ({
    heldOut: row.heldOut,
    uncalibrated: row.uncalibrated,
    calibrated: row.calibrated,
    prior: intervalOf(prior.map((drawn) => drawn[i]!.mean)),
    posterior: row.interval,
    error: row.error,
  }));
  say("refits, permutations and levers");
  const options = { document, workloads, frozen, pairs: heldOut, recalibrate: true };
  const { parameters: _, ...common } = calibrated;
  return {
    frozen,
    workloads: ratios.workloads,
    rows: rows.slice(0, heldOut.length),
    otherReading: rows.at(-1)!,
    artifact: artifactRatios(calibrated, heldOut),
    mape: ratios.mape,
    byGpus: ratios.byGpus,
    dropCurve: DROP_SHARES.map((share) => ({
      share,
      means: ratiosOf({ ...calibrated, drop: share }, heldOut).map(({ mean }) => mean),
    })),
    refits: refitsOf(common, heldOut),
    nulls: ratios.nulls,
    permuted: permute(options, heldOut, ratios.mape.calibrated),
    levers: leversOf(options, heldOut),
    met: ratios.met,
  };
}

function artifactRatios(scenario: Scenario, heldOut: readonly HeldOut[]): PaperTable["artifact"] {
  const modes = heldOut.filter(({ slower }) => slower === "intel-dlrm" || slower === "fae");
  const pairs = modes.map((held) => ({
    ...held,
    slower: `${held.slower}-artifact`,
    faster: "slipstream-artifact",
  }));
  return ratiosOf(scenario, pairs).map((ratio, i) => ({ heldOut: modes[i]!, ratio }));
}

/** Calibrations that leave out a workload, or a published ratio, whose scalar then stays as it starts. */
function refitsOf(common: Omit<Scenario, "parameters">, heldOut: readonly HeldOut[]): Refit[] {
  const refit = (
    without: string,
    names: readonly WorkloadName[],
    targets: typeof TARGETS,
  ): Refit => {
    const { parameters } = calibrate({ ...common, names, targets });
    const ratios = ratiosOf({ ...common, parameters }, heldOut);
    return {
      without,
      parameters: Object.fromEntries(
        TARGETS.map(({ parameter }) => [parameter, parameters[parameter]]),
      ),
      mape: mapeOf(ratios.map(({ mean }) => mean), heldOut),
    };
  };
  return [
    refit("nothing", CALIBRATION_WORKLOADS, TARGETS),
    ...CALIBRATION_WORKLOADS.map((name) =>
      refit(name, CALIBRATION_WORKLOADS.filter((other) => other !== name), TARGETS)
    ),
    ...TARGETS.map((target) =>
      refit(
        `${target.faster} / ${target.slower}`,
        CALIBRATION_WORKLOADS,
        TARGETS.filter((other) => other !== target),
      )
    ),
  ];
}

/** Whether the workloads' own hot shares matter: all orders of the four. */
function permute(
  options: DrawOptions,
  heldOut: readonly HeldOut[],
  own: number,
): PaperTable["permuted"] {
  const shares = WORKLOAD_NAMES.map((name) => hotInputShare(options.workloads[name]));
  const found = orders(shares).map((order) => {
    const workloads = Object.fromEntries(
      WORKLOAD_NAMES.map((
        name,
        i,
      ) => [name, withHotInputShare(options.workloads[name], order[i]!)]),
    ) as unknown as PaperWorkloads;
    return mapeOf(ratiosWith({ ...options, workloads }, []).map(({ mean }) => mean), heldOut);
  }).sort((a, b) => a - b);
  return {
    best: found[0]!,
    median: found[Math.floor(found.length / 2)]!,
    worst: found.at(-1)!,
    // The order that is the workloads' own differs from itself by rounding alone.
    better: found.filter((mape) => mape < own - 1e-3).length,
  };
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first, i) =>
    orders(items.filter((_, j) => j !== i)).map((rest) => [first, ...rest])
  );
}
