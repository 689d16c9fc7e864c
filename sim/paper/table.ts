/**
 * The paper table: the held-out ratios from registered parameters, with everything that says how much they mean.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { WORKLOAD_NAMES, type WorkloadName } from "../../data/twin/workloads.ts";
import { type Range, rangeOf } from "../uncertainty.ts";
import { hotInputShare, withHotInputShare } from "../variants.ts";
import { allDraws } from "./all_draws.ts";
import { calibrate, CALIBRATION_WORKLOADS, TARGETS } from "./calibrate.ts";
import { type Lever, leversOf, type PaperSubject, ratiosWith } from "./draws.ts";
import { mapeOf, type Ratio, ratiosOf, type Scenario, timesOf } from "./evaluate.ts";
import { paperPairs, type PaperRatios, paperRatios, type RatioRow } from "./ratios.ts";
import { changedFormulas, type HeldOut, type Registration } from "./registration.ts";
import { loadPaperSetting } from "./setting.ts";
import type { PaperWorkloads } from "./workloads.ts";

/** One published ratio. */
export interface PaperRow extends RatioRow {
  /** With the scalars drawn within their ranges in place of calibrated. */
  readonly prior: Range;
}

/** A refit that leaves something out. */
interface Refit {
  readonly without: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly mape: number;
}

/** Absolute times that Hotline's first version published: epochs an hour, of a data set that it does not name in its abstract. */
const HOTLINE_EPOCHS_AN_HOUR = { hotline: 35.7, "pytorch-hybrid": 5.3 } as const;

/** Everything that `deno task simulate paper` prints. */
export interface PaperTable {
  readonly registration: Registration;
  /** Formulas' files that have changed since they were registered. */
  readonly changed: readonly string[];
  readonly workloads: PaperRatios["workloads"];
  readonly rows: readonly PaperRow[];
  /** Other readings of the same figures. */
  readonly readings: readonly PaperRow[];
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
  /** Epochs an hour by workload, beside Hotline's published ones. */
  readonly epochsAnHour: readonly {
    readonly system: string;
    readonly published: number;
    readonly byWorkload: Readonly<Record<WorkloadName, number>>;
  }[];
  readonly met: PaperRatios["met"];
}

const DROP_SHARES = [0.2, 0.25, 0.3, 0.35, 0.4];

/** What goes with the table. */
export interface PaperTableOptions {
  /** Told what is computed next. */
  readonly say?: ((line: string) => void) | undefined;
  /** Draws of what is uncertain; as registered unless told. */
  readonly draws?: number | undefined;
  /** Ends it; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Computes the table. */
export async function paperTable(
  { say = () => {}, draws, signal }: PaperTableOptions = {},
): Promise<PaperTable> {
  const setting = await loadPaperSetting();
  const { registration, document, calibrated } = setting;
  const { protocol, held_out: heldOut } = registration;
  const { workloads } = calibrated;
  const number = draws ?? protocol.draws;
  say(`${number} draws, scalars drawn too`);
  const pairs = paperPairs(registration);
  const subject = { document, workloads, registration };
  const prior = await allDraws({ ...subject, pairs, calibrated: false }, number, { signal });
  say(`${number} draws, scalars calibrated in each`);
  const ratios = await paperRatios(setting, number, { signal });
  const rows = [...ratios.rows, ...ratios.readings].map((row, i): PaperRow => ({
    ...row,
    prior: rangeOf(prior.map((drawn) => drawn[i]!.mean)),
  }));
  say("refits, permutations and levers");
  const { parameters: _, ...common } = calibrated;
  await checkpoint(signal);
  const refits = refitsOf(common, heldOut);
  await checkpoint(signal);
  const permuted = permute({ ...subject, pairs: heldOut }, heldOut, ratios.mape.calibrated);
  await checkpoint(signal);
  const levers = leversOf({ ...subject, pairs: heldOut }, heldOut);
  await checkpoint(signal);
  return {
    registration,
    changed: await changedFormulas(registration),
    workloads: ratios.workloads,
    rows: rows.slice(0, heldOut.length),
    readings: rows.slice(heldOut.length),
    artifact: artifactRatios(calibrated, heldOut),
    mape: ratios.mape,
    byGpus: ratios.byGpus,
    dropCurve: DROP_SHARES.map((share) => ({
      share,
      means: ratiosOf({ ...calibrated, drop: share }, heldOut).map(({ mean }) => mean),
    })),
    refits,
    nulls: ratios.nulls,
    permuted,
    levers,
    epochsAnHour: Object.entries(HOTLINE_EPOCHS_AN_HOUR).map(([system, published]) => ({
      system,
      published,
      byWorkload: epochsAnHour(calibrated, system),
    })),
    met: ratios.met,
  };
}

function epochsAnHour(scenario: Scenario, system: string): Record<WorkloadName, number> {
  const times = timesOf(scenario, system);
  return Object.fromEntries(
    WORKLOAD_NAMES.map((name) => [name, 3_600_000 / times[name]]),
  ) as Record<WorkloadName, number>;
}

function artifactRatios(scenario: Scenario, heldOut: readonly HeldOut[]): PaperTable["artifact"] {
  const modes = heldOut.filter(({ slower }) => slower === "pytorch-hybrid" || slower === "fae");
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
  subject: PaperSubject,
  heldOut: readonly HeldOut[],
  own: number,
): PaperTable["permuted"] {
  const shares = WORKLOAD_NAMES.map((name) => hotInputShare(subject.workloads[name]));
  const found = orders(shares).map((order) => {
    const workloads = Object.fromEntries(
      WORKLOAD_NAMES.map((
        name,
        i,
      ) => [name, withHotInputShare(subject.workloads[name], order[i]!)]),
    ) as unknown as PaperWorkloads;
    return mapeOf(ratiosWith({ ...subject, workloads }, null).map(({ mean }) => mean), heldOut);
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
