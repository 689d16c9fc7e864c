/**
 * The paper's ratios from registered parameters, with their ranges over draws and the null models beside them: what both
 * `deno task simulate paper` and `deno task bench speedup` show.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { type Range, rangeOf } from "../uncertainty.ts";
import { hotShare } from "../variants.ts";
import { workloadOf } from "../work.ts";
import { allDraws, type AllDrawsHooks } from "./all_draws.ts";
import { mapeOf, meanOf, type Ratio, ratiosOf } from "./evaluate.ts";
import type { HeldOut, Registration } from "./registration.ts";
import type { PaperSetting } from "./setting.ts";
import type { PaperWorkloads } from "./workloads.ts";

/** One published ratio. */
export interface RatioRow {
  readonly heldOut: HeldOut;
  readonly uncalibrated: Ratio;
  readonly calibrated: Ratio;
  /** Of the mean and of each workload, over draws of everything that is uncertain, the calibration's targets included. */
  readonly range: Range;
  readonly ranges: Readonly<Record<WorkloadName, Range>>;
  /** Calibrated mean against the published figure: (predicted - published) / published. */
  readonly error: number;
}

/** A ratio that nobody published: predicted alone. */
export interface OpenRow extends Pick<RatioRow, "calibrated" | "range" | "ranges"> {
  readonly slower: string;
  readonly faster: string;
}

/** What a reader of today asks: against all rows on GPUs, and with that under Slipstream. */
export const OPEN_PAIRS = [
  { slower: "gpu-only", faster: "slipstream" },
  { slower: "gpu-only", faster: "slipstream-gpu-only" },
] as const;

/** What a workload's inputs are to a plan that skips. */
interface WorkloadShares {
  readonly name: WorkloadName;
  readonly hotShare: number;
  /** Of the hot inputs, all of them. */
  readonly skippedShare: number;
  /** Of all inputs. */
  readonly skippedOfAll: number;
}

/** A prediction without any machine. */
export interface NullModel {
  readonly name: string;
  /** In the order of the held-out ratios. */
  readonly predictions: readonly number[];
  readonly mape: number;
  /** Of the ratio to FAE. */
  readonly faeError: number;
}

/** The null models, and what the machine adds to the best of them. */
export interface NullModels {
  readonly models: readonly NullModel[];
  readonly modelFaeError: number;
  /** Error of the best null model less the model's, as a share: below 0 the machine adds nothing. */
  readonly machineAdds: number;
}

/** The ratios, and how much they mean. */
export interface PaperRatios {
  readonly workloads: readonly WorkloadShares[];
  /** In the order in which they are held out. */
  readonly rows: readonly RatioRow[];
  /** Other readings of the same figures. */
  readonly readings: readonly RatioRow[];
  /** {@link OPEN_PAIRS}. */
  readonly open: readonly OpenRow[];
  readonly mape: { readonly uncalibrated: number; readonly calibrated: number };
  /** Calibrated. */
  readonly byGpus: readonly { readonly gpus: number; readonly ratios: readonly Ratio[] }[];
  readonly nulls: NullModels;
  readonly met: {
    readonly each: boolean;
    readonly mean: boolean;
    /** Less error than every null model over the four ratios. */
    readonly nulls: boolean;
    /** Less error than the division in the one ratio that it is made for, to FAE. */
    readonly fae: boolean;
  };
}

/** Numbers of GPUs that the paper has. */
export const PAPER_GPUS = [1, 2, 4] as const;

/** The held-out pairs, and the other readings after them. */
export function paperPairs({ held_out: heldOut, readings }: Registration): HeldOut[] {
  return [...heldOut, ...readings];
}

/** Computes them; the draws take most of the time. */
export async function paperRatios(
  { registration, document, uncalibrated, calibrated }: PaperSetting,
  draws: number,
  hooks: AllDrawsHooks = {},
): Promise<PaperRatios> {
  const { protocol, held_out: heldOut } = registration;
  const { workloads } = calibrated;
  const published = paperPairs(registration), pairs = [...published, ...OPEN_PAIRS];
  const [before, after] = [ratiosOf(uncalibrated, pairs), ratiosOf(calibrated, pairs)];
  const options = { document, workloads, registration, pairs, calibrated: true };
  const drawn = await allDraws(options, draws, hooks);
  const drawnAt = (i: number): Pick<RatioRow, "range" | "ranges"> => ({
    range: rangeOf(drawn.map((ratios) => ratios[i]!.mean)),
    ranges: Object.fromEntries(
      WORKLOAD_NAMES.map((
        name,
      ) => [name, rangeOf(drawn.map((ratios) => ratios[i]!.byWorkload[name]))]),
    ) as Record<WorkloadName, Range>,
  });
  const rows = published.map((held, i): RatioRow => ({
    heldOut: held,
    uncalibrated: before[i]!,
    calibrated: after[i]!,
    ...drawnAt(i),
    error: after[i]!.mean / held.published - 1,
  }));
  const four = rows.slice(0, heldOut.length);
  const mapeBy = (ratios: readonly Ratio[]) =>
    mapeOf(ratios.slice(0, heldOut.length).map(({ mean }) => mean), heldOut);
  const mape = { uncalibrated: mapeBy(before), calibrated: mapeBy(after) };
  const shares = sharesOf(workloads, protocol);
  const nulls = nullModels(registration, shares, four, mape.calibrated);
  const division = nulls.models[0]!;
  return {
    workloads: shares,
    rows: four,
    readings: rows.slice(heldOut.length),
    open: OPEN_PAIRS.map((pair, k): OpenRow => ({
      ...pair,
      calibrated: after[published.length + k]!,
      ...drawnAt(published.length + k),
    })),
    mape,
    byGpus: PAPER_GPUS.map((gpus) => ({
      gpus,
      ratios: ratiosOf({ ...calibrated, gpus }, heldOut),
    })),
    nulls,
    met: {
      each: four.every(({ error }) => Math.abs(error) <= protocol.bar_each),
      mean: mape.calibrated <= protocol.bar_mean,
      nulls: nulls.machineAdds > 0,
      fae: nulls.modelFaeError < division.faeError,
    },
  };
}

function sharesOf(
  workloads: PaperWorkloads,
  protocol: Registration["protocol"],
): WorkloadShares[] {
  return WORKLOAD_NAMES.map((name) => {
    const { skipped, all } = workloadOf(workloads[name], {
      batch: protocol.gpus * protocol.batch_per_gpu,
      drop: protocol.drop_share,
    });
    const inputs = all.reduce((n, { work, times }) => n + work.inputs * times, 0);
    const share = hotShare(workloads[name]);
    return {
      name,
      hotShare: share,
      skippedShare: skipped / (share * inputs),
      skippedOfAll: skipped / inputs,
    };
  });
}

/**
 * N1: 1 / (1 - skipped share of all inputs). N2: the mean of the other published figures. Chain: N1 times the published ratios
 * that the model was given, which is all that a calibration knows without a machine.
 */
function nullModels(
  { held_out: heldOut, calibration }: Registration,
  shares: readonly WorkloadShares[],
  rows: readonly RatioRow[],
  mape: number,
): NullModels {
  const at = heldOut.findIndex(({ slower }) => slower === "fae");
  const division = meanOf(shares.map(({ skippedOfAll }) => 1 / (1 - skippedOfAll)));
  const model = (name: string, predictions: readonly number[]): NullModel => ({
    name,
    predictions,
    mape: mapeOf(predictions, heldOut),
    faeError: Math.abs(predictions[at]! / heldOut[at]!.published - 1),
  });
  const given = ({ slower }: HeldOut): number =>
    calibration.find((one) => one.slower === slower && one.faster === "fae")?.target ?? 1;
  const models = [
    model("N1: 1 / (1 - skipped share)", heldOut.map(() => division)),
    model(
      "N2: mean of the others",
      heldOut.map((held) =>
        meanOf(heldOut.filter((other) => other !== held).map(({ published }) => published))
      ),
    ),
    model("chain: N1 times the ratios given", heldOut.map((held) => division * given(held))),
  ];
  return {
    models,
    modelFaeError: Math.abs(rows[at]!.error),
    machineAdds: Math.min(...models.map((one) => one.mape)) - mape,
  };
}
