/**
 * The paper's ratios from frozen parameters, with their intervals over draws and the null models beside them: what both
 * `deno task simulate paper` and `deno task bench speedup` show.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { hotInputShare } from "../variants.ts";
import { workloadOf } from "../work.ts";
import { allDraws, type AllDrawsHooks } from "./all_draws.ts";
import { mapeOf, meanOf, type Ratio, ratiosOf } from "./evaluate.ts";
import type { Frozen, HeldOut } from "./frozen.ts";
import type { PaperSetting } from "./setting.ts";
import type { PaperWorkloads } from "./workloads.ts";

/** Quantiles of a ratio over draws. */
export interface Interval {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** One held-out ratio. */
export interface RatioRow {
  readonly heldOut: HeldOut;
  readonly uncalibrated: Ratio;
  readonly calibrated: Ratio;
  /** 5, 50 and 95 % of the draws, the scalars calibrated anew in each: of the mean, and of each workload. */
  readonly interval: Interval;
  readonly intervals: Readonly<Record<WorkloadName, Interval>>;
  /** Calibrated mean against the published figure: (predicted - published) / published. */
  readonly error: number;
}

/** What a workload's inputs are to a plan that skips. */
interface WorkloadShares {
  readonly name: WorkloadName;
  readonly hotShare: number;
  /** Of the hot inputs, all of them. */
  readonly skippedShare: number;
  /** Of all inputs. */
  readonly skippedOfAll: number;
}

/** Errors of the null models, and of the model where they speak. */
interface NullModels {
  /** 1 / (1 - skipped share of all inputs) for the ratio to FAE, and for all four. */
  readonly n1: { readonly prediction: number; readonly faeError: number; readonly mape: number };
  /** The mean of the other three published figures. */
  readonly n2: { readonly predictions: readonly number[]; readonly mape: number };
  readonly modelFaeError: number;
}

/** The ratios, and how much they mean. */
export interface PaperRatios {
  readonly workloads: readonly WorkloadShares[];
  /** In the order in which they are held out. */
  readonly rows: readonly RatioRow[];
  /** The Hotline figure by its other reading: Slipstream over FAE against Hotline. */
  readonly otherReading: RatioRow;
  readonly mape: {
    readonly uncalibrated: number;
    readonly calibrated: number;
    readonly otherReading: number;
  };
  /** Calibrated. */
  readonly byGpus: readonly { readonly gpus: number; readonly ratios: readonly Ratio[] }[];
  readonly nulls: NullModels;
  readonly met: {
    readonly each: boolean;
    readonly mean: boolean;
    /** Less error than both null models over the four ratios. */
    readonly nulls: boolean;
    /** Less error than N1 in the one ratio that N1 is made for, to FAE. */
    readonly n1Fae: boolean;
  };
}

/** Numbers of GPUs that the paper has. */
export const PAPER_GPUS = [1, 2, 4] as const;

/** The held-out pairs, and the other reading of the Hotline figure after them. */
export function paperPairs({ held_out: heldOut }: Frozen): HeldOut[] {
  const hotline = heldOut.find(({ slower }) => slower === "hotline")!;
  return [...heldOut, { ...hotline, name: "slipstream / hotline", faster: "slipstream" }];
}

/** Computes them; the draws take most of the time. */
export async function paperRatios(
  { frozen, document, uncalibrated, calibrated }: PaperSetting,
  draws: number,
  hooks: AllDrawsHooks = {},
): Promise<PaperRatios> {
  const { protocol, held_out: heldOut } = frozen;
  const { workloads } = calibrated;
  const pairs = paperPairs(frozen);
  const [before, after] = [ratiosOf(uncalibrated, pairs), ratiosOf(calibrated, pairs)];
  const options = { document, workloads, frozen, pairs, recalibrate: true };
  const drawn = await allDraws(options, draws, hooks);
  const rows = pairs.map((held, i): RatioRow => ({
    heldOut: held,
    uncalibrated: before[i]!,
    calibrated: after[i]!,
    interval: intervalOf(drawn.map((ratios) => ratios[i]!.mean)),
    intervals: Object.fromEntries(
      WORKLOAD_NAMES.map((
        name,
      ) => [name, intervalOf(drawn.map((ratios) => ratios[i]!.byWorkload[name]))]),
    ) as Record<WorkloadName, Interval>,
    error: after[i]!.mean / held.published - 1,
  }));
  const four = rows.slice(0, heldOut.length), otherReading = rows.at(-1)!;
  const means = (ratios: readonly Ratio[]) =>
    ratios.slice(0, heldOut.length).map(({ mean }) => mean);
  const mape = {
    uncalibrated: mapeOf(means(before), heldOut),
    calibrated: mapeOf(means(after), heldOut),
    otherReading: mapeOf(
      [...means(after).slice(0, -1), otherReading.calibrated.mean],
      heldOut,
    ),
  };
  const shares = sharesOf(workloads, protocol);
  const nulls = nullModels(heldOut, shares, four.find(({ heldOut }) => heldOut.slower === "fae")!);
  return {
    workloads: shares,
    rows: four,
    otherReading,
    mape,
    byGpus: PAPER_GPUS.map((gpus) => ({
      gpus,
      ratios: ratiosOf({ ...calibrated, gpus }, heldOut),
    })),
    nulls,
    met: {
      each: four.every(({ error }) => Math.abs(error) <= protocol.bar_each),
      mean: mape.calibrated <= protocol.bar_mean,
      nulls: mape.calibrated < nulls.n1.mape && mape.calibrated < nulls.n2.mape,
      n1Fae: nulls.modelFaeError < nulls.n1.faeError,
    },
  };
}

/** Quantiles of some values. */
export function intervalOf(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return { low: at(0.05), median: at(0.5), high: at(0.95) };
}

function sharesOf(
  workloads: PaperWorkloads,
  protocol: Frozen["protocol"],
): WorkloadShares[] {
  return WORKLOAD_NAMES.map((name) => {
    const { skipped, all } = workloadOf(workloads[name], {
      batch: protocol.gpus * protocol.batch_per_gpu,
      drop: protocol.drop_share,
    });
    const inputs = all.reduce((n, { work, times }) => n + work.inputs * times, 0);
    const share = hotInputShare(workloads[name]);
    return {
      name,
      hotShare: share,
      skippedShare: skipped / (share * inputs),
      skippedOfAll: skipped / inputs,
    };
  });
}

function nullModels(
  heldOut: readonly HeldOut[],
  shares: readonly WorkloadShares[],
  fae: RatioRow,
): NullModels {
  const prediction = meanOf(shares.map(({ skippedOfAll }) => 1 / (1 - skippedOfAll)));
  const predictions = heldOut.map((held) =>
    meanOf(heldOut.filter((other) => other !== held).map(({ published }) => published))
  );
  return {
    n1: {
      prediction,
      faeError: Math.abs(prediction / fae.heldOut.published - 1),
      mape: mapeOf(heldOut.map(() => prediction), heldOut),
    },
    n2: { predictions, mape: mapeOf(predictions, heldOut) },
    modelFaeError: Math.abs(fae.error),
  };
}
