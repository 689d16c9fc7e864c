/**
 * The paper table: the held-out ratios from frozen parameters, with everything that says how much they mean.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { loadMachine, machineOf } from "../machine.ts";
import type { Parameters } from "../parameters.ts";
import { hotShare, withHotShare } from "../variants.ts";
import { workloadOf } from "../work.ts";
import { calibrate, CALIBRATION_WORKLOADS, TARGETS } from "./calibrate.ts";
import { type DrawOptions, type Lever, leversOf, ratiosWith } from "./draws.ts";
import type { DrawTask } from "./draws_worker.ts";
import { mapeOf, meanOf, type Ratio, ratiosOf, type Scenario } from "./evaluate.ts";
import { type Frozen, type HeldOut, loadFrozen } from "./frozen.ts";
import { loadPaperWorkloads, type PaperWorkloads } from "./workloads.ts";

/** Quantiles of a ratio over draws. */
export interface Interval {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

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
export interface Refit {
  readonly without: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly mape: number;
}

/** Everything that `deno task simulate paper` prints. */
export interface PaperTable {
  readonly frozen: Frozen;
  readonly workloads: readonly {
    readonly name: WorkloadName;
    readonly hotShare: number;
    /** Of the hot inputs, all of them. */
    readonly skippedShare: number;
    /** Of all inputs. */
    readonly skippedOfAll: number;
  }[];
  readonly rows: readonly PaperRow[];
  /** The Hotline figure by its other reading: Slipstream over FAE against Hotline. */
  readonly otherReading: PaperRow;
  /** Calibrated ratios in artifact mode: Slipstream against hybrid DLRM and FAE, all three as the artifact runs them. */
  readonly artifact: readonly { readonly heldOut: HeldOut; readonly ratio: Ratio }[];
  readonly mape: {
    readonly uncalibrated: number;
    readonly calibrated: number;
    readonly otherReading: number;
  };
  readonly byGpus: readonly { readonly gpus: number; readonly ratios: readonly Ratio[] }[];
  /** Drop shares, and the calibrated means then. */
  readonly dropCurve: readonly { readonly share: number; readonly means: readonly number[] }[];
  readonly refits: readonly Refit[];
  /** Error of the null models, and of the model where they speak. */
  readonly nulls: {
    /** 1 / (1 - skipped share of all inputs) for the ratio to FAE, and for all four. */
    readonly n1: { readonly prediction: number; readonly faeError: number; readonly mape: number };
    /** The mean of the other three published figures. */
    readonly n2: { readonly predictions: readonly number[]; readonly mape: number };
    readonly modelFaeError: number;
  };
  /** Errors with the hot shares dealt to other workloads, the scalars calibrated anew, over all 24 orders. */
  readonly permuted: {
    readonly best: number;
    readonly median: number;
    readonly worst: number;
    readonly better: number;
  };
  readonly levers: readonly Lever[];
  readonly met: {
    readonly each: boolean;
    readonly mean: boolean;
    /** Less error than both null models over the four ratios. */
    readonly nulls: boolean;
    /** Less error than N1 in the one ratio that N1 is made for, to FAE. */
    readonly n1Fae: boolean;
  };
}

const GPUS = [1, 2, 4];
const DROP_SHARES = [0.2, 0.25, 0.3, 0.35, 0.4];

/** Computes the table. Takes a few minutes on two cores, most of it the draws. */
export async function paperTable(
  say: (line: string) => void = () => {},
  draws?: number,
): Promise<PaperTable> {
  const frozen = await loadFrozen();
  const document = await loadMachine(frozen.machine);
  const workloads = await loadPaperWorkloads();
  const { protocol, held_out: heldOut } = frozen;
  const common = {
    machine: machineOf(document),
    workloads,
    gpus: protocol.gpus,
    batchPerGpu: protocol.batch_per_gpu,
    dropShare: protocol.drop_share,
  };
  const calibrated: Scenario = { ...common, parameters: frozen.calibrated as Parameters };
  const uncalibrated: Scenario = { ...common, parameters: frozen.start as Parameters };
  const other: HeldOut = {
    ...heldOut.find(({ slower }) => slower === "hotline")!,
    name: "slipstream / hotline",
    faster: "slipstream",
  };
  const pairs = [...heldOut, other];
  const [before, after] = [ratiosOf(uncalibrated, pairs), ratiosOf(calibrated, pairs)];
  const number = draws ?? protocol.draws;
  const drawn = async (recalibrate: boolean): Promise<number[][]> => {
    say(`${number} draws, scalars ${recalibrate ? "calibrated in each" : "drawn too"}`);
    return await allDraws({ document, workloads, frozen, pairs, recalibrate }, number);
  };
  const prior = await drawn(false), posterior = await drawn(true);
  const rows = pairs.map((held, i): PaperRow => ({
    heldOut: held,
    uncalibrated: before[i]!,
    calibrated: after[i]!,
    prior: intervalOf(prior.map((ratios) => ratios[i]!)),
    posterior: intervalOf(posterior.map((ratios) => ratios[i]!)),
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
  say("refits, permutations and levers");
  const options = { document, workloads, frozen, pairs: heldOut, recalibrate: true };
  const nulls = nullModels(heldOut, shares, four.find(({ heldOut }) => heldOut.slower === "fae")!);
  return {
    frozen,
    workloads: shares,
    rows: four,
    otherReading,
    artifact: artifactRatios(calibrated, heldOut),
    mape,
    byGpus: GPUS.map((gpus) => ({ gpus, ratios: ratiosOf({ ...calibrated, gpus }, heldOut) })),
    dropCurve: DROP_SHARES.map((share) => ({
      share,
      means: ratiosOf({ ...calibrated, dropShare: share }, heldOut).map(({ mean }) => mean),
    })),
    refits: refitsOf(common, heldOut),
    nulls,
    permuted: permute(options, heldOut, mape.calibrated),
    levers: leversOf(options, heldOut),
    met: {
      each: four.every(({ error }) => Math.abs(error) <= protocol.bar_each),
      mean: mape.calibrated <= protocol.bar_mean,
      nulls: mape.calibrated < nulls.n1.mape && mape.calibrated < nulls.n2.mape,
      n1Fae: nulls.modelFaeError < nulls.n1.faeError,
    },
  };
}

/** All draws, shared out to the cores; in the order of their numbers whatever the cores. */
async function allDraws(options: DrawOptions, draws: number): Promise<number[][]> {
  const threads = Math.max(1, Math.min(navigator.hardwareConcurrency, draws));
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("./draws_worker.ts", import.meta.url).href, { type: "module" }),
  );
  try {
    const parts = await Promise.all(
      workers.map((worker, k) =>
        new Promise<[number, number[]][]>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = (event) => {
            event.preventDefault();
            reject(new Error(event.message));
          };
          const task: DrawTask = { options, from: k, by: threads, to: draws };
          worker.postMessage(task);
        })
      ),
    );
    return parts.flat().sort((a, b) => a[0] - b[0]).map(([, ratios]) => ratios);
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

function intervalOf(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return { low: at(0.05), median: at(0.5), high: at(0.95) };
}

function sharesOf(
  workloads: PaperWorkloads,
  protocol: Frozen["protocol"],
): PaperTable["workloads"] {
  return WORKLOAD_NAMES.map((name) => {
    const { skipped, all } = workloadOf(workloads[name], {
      batch: protocol.gpus * protocol.batch_per_gpu,
      dropShare: protocol.drop_share,
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

function nullModels(
  heldOut: readonly HeldOut[],
  shares: PaperTable["workloads"],
  fae: PaperRow,
): PaperTable["nulls"] {
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

/** Whether the workloads' own hot shares matter: all orders of the four. */
function permute(
  options: DrawOptions,
  heldOut: readonly HeldOut[],
  own: number,
): PaperTable["permuted"] {
  const shares = WORKLOAD_NAMES.map((name) => hotShare(options.workloads[name]));
  const found = orders(shares).map((order) => {
    const workloads = Object.fromEntries(
      WORKLOAD_NAMES.map((name, i) => [name, withHotShare(options.workloads[name], order[i]!)]),
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
