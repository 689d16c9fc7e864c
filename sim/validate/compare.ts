/**
 * Compares runs with their predictions from a machine file.
 *
 * @module
 */

import { summarise } from "../../core/statistics.ts";
import type { Stage } from "../../train/stages.ts";
import { stateFloats } from "../../kernels/embedding/record.ts";
import { PRESETS } from "../../train/model/presets.ts";
import { PLANS } from "../../train/plan/plans.ts";
import { StepLedger } from "../../train/model/step_ledger.ts";
import { type MinibatchRecord, TRACE_STAGES } from "../../train/trace/schema.ts";
import { isTbsm } from "../../train/model/models.ts";
import { costAt } from "../runtime/cost_table.ts";
import { minibatchTasks, sourceKind, stageSums, stepUs } from "../runtime/predict.ts";
import type { RuntimeRates, SourceName } from "../runtime/rates.ts";
import type { Configuration } from "./configurations.ts";
import type { Trial } from "./trial.ts";

/** Two times and how far they are apart. */
export interface Comparison {
  /** In milliseconds. */
  readonly predicted: number;
  /** In milliseconds. */
  readonly measured: number;
  /** predicted / measured - 1. */
  readonly error: number;
}

/** Minibatches of one kind of one run. */
export interface ComparedMinibatch extends Comparison {
  /** The run's name. */
  readonly configuration: string;
  /** `all`, `cold`, `hot` (every one trained) or `kept` (those of classified inputs that are trained). */
  readonly kind: MinibatchGroup;
  /** How many were looked at, all rounds. */
  readonly minibatches: number;
  /** Measured, of each round alone. */
  readonly rounds: readonly number[];
  /** Times a stage, in milliseconds, in the order of a step. */
  readonly stages: Readonly<Partial<Record<Stage, Comparison>>>;
}

/** What happens in addition to the minibatches: copies of hot rows and the blocks of Slipstream. Milliseconds per run. */
export interface ComparedBlock extends Comparison {
  /** The run's name. */
  readonly configuration: string;
  /** The stage that the trainer books it on. */
  readonly block: "sync-hot" | "snapshot" | "search";
}

/** Kinds of minibatches that are predicted separately. */
export type MinibatchGroup = "all" | "cold" | "hot" | "kept";

/** Minibatches at the start of a kind that are left out: code that engines replace, caches that fill. */
const WARM_UP = 4;
/** Fewer minibatches than this are not looked at: their median is chance. */
const LEAST = 4;
/** What happens beside a minibatch, within its time. */
const BESIDE = ["sync-hot", "snapshot", "search", "evaluate"] as const;

/** Compares the rounds of one configuration with the machine's prediction from the counts of its minibatches. */
export function compareTrials(
  rates: RuntimeRates,
  configuration: Configuration,
  trials: readonly Trial[],
): { readonly minibatches: ComparedMinibatch[]; readonly blocks: ComparedBlock[] } {
  const { shape, plan } = trials[0]!;
  const { placement, preset, batch } = configuration;
  const { optimizer } = PRESETS[preset];
  const hotRows = plan.hot?.rows_per_table ?? null;
  const ledger = new StepLedger({
    shape,
    optimizer,
    maxBatch: batch,
    device: rates.fingerprint.device,
    hotRows: placement === "hot" ? hotRows : null,
  });
  const source: SourceName = isTbsm(shape) ? "steps" : "single";
  const decides = PLANS[configuration.plan].decides;
  const minibatches: ComparedMinibatch[] = [];
  for (const kind of ["all", "cold", "hot", "kept"] as const) {
    const rounds = trials.map(({ records }) =>
      records.filter((record) => record.inputs === batch && groupOf(record, decides) === kind)
    );
    // A classified minibatch pays for those behind it, so that only all of them together are the mean.
    const looked = rounds.map((some) => kind === "kept" ? some : some.slice(WARM_UP));
    const records = looked.flat();
    if (records.length < LEAST * trials.length) continue;
    const predicted = predict(rates, ledger, source, placement === "hot", kind, records);
    minibatches.push({
      configuration: configuration.name,
      kind,
      minibatches: records.length,
      rounds: looked.filter((some) => some.length > 0).map((some) => measuredMs(kind, some)),
      ...predicted,
    });
  }
  return { minibatches, blocks: compareBlocks(rates, configuration, trials, source, optimizer) };
}

/** What a record is of. */
export function groupOf({ kind }: MinibatchRecord, decides: boolean): MinibatchGroup {
  if (kind === "all" || kind === "cold") return kind;
  return decides && kind === "hot" ? "kept" : "hot";
}

function predict(
  rates: RuntimeRates,
  ledger: StepLedger,
  source: SourceName,
  twoCopies: boolean,
  kind: MinibatchGroup,
  records: readonly MinibatchRecord[],
): Comparison & { readonly stages: ComparedMinibatch["stages"] } {
  const mean = (of: (record: MinibatchRecord) => number): number =>
    records.reduce((sum, record) => sum + of(record), 0) / records.length;
  const { place, inputs } = records[0]!;
  const kept = kind === "kept";
  const tasks = minibatchTasks(rates, ledger, {
    place,
    hotCopy: twoCopies && place === "device",
    inputs,
    lookups: Math.round(mean(({ lookups }) => lookups)),
    unique: Math.round(mean(({ unique_rows }) => unique_rows)),
    source,
    candidates: kept ? inputs + mean(({ skipped_inputs }) => skipped_inputs) : null,
  });
  const sums = stageSums(tasks);
  const inTurns = inTurnsOf(kind);
  const stages: Partial<Record<Stage, Comparison>> = {};
  for (const stage of TRACE_STAGES) {
    if ((BESIDE as readonly string[]).includes(stage)) continue;
    const of = ({ stages_ms }: MinibatchRecord): number => stages_ms[stage] ?? 0;
    const found = inTurns.includes(stage) ? mean(of) : medianOf(records, of);
    const expected = (sums[stage] ?? 0) / 1000;
    if (found > 0 || expected > 0) stages[stage] = comparison(expected, found);
  }
  return { ...comparison(iterationMs(rates, tasks), measuredMs(kind, records)), stages };
}

/** Stages that come in turns of several minibatches and have a mean; all others have a median, which no disturbance moves. */
function inTurnsOf(kind: MinibatchGroup): readonly Stage[] {
  return kind === "kept" ? ["prepare", "classify"] : [];
}

/** Time of a minibatch without what happens beside it. */
function measuredMs(kind: MinibatchGroup, records: readonly MinibatchRecord[]): number {
  const inTurns = inTurnsOf(kind), beside = [...BESIDE, ...inTurns];
  return medianOf(
    records,
    ({ wall_ms, stages_ms }) =>
      wall_ms - beside.reduce((sum, stage) => sum + (stages_ms[stage] ?? 0), 0),
  ) + inTurns.reduce((sum, stage) => sum + meanOf(records, stage), 0);
}

function medianOf(
  records: readonly MinibatchRecord[],
  of: (record: MinibatchRecord) => number,
): number {
  return summarise(records.map(of)).median;
}

function meanOf(records: readonly MinibatchRecord[], stage: Stage): number {
  return records.reduce((sum, { stages_ms }) => sum + (stages_ms[stage] ?? 0), 0) / records.length;
}

/** A device of its own works beside the host, except where each waits for the other's vectors. */
function iterationMs(
  rates: RuntimeRates,
  tasks: ReturnType<typeof minibatchTasks>,
): number {
  const on = (where: "host" | "device"): number =>
    tasks.reduce((sum, task) => task.on === where ? sum + task.us : sum, 0);
  const serial = tasks.some(({ stage }) => stage === "download");
  const host = on("host"), device = on("device");
  return (stepUs(rates) + (serial ? host + device : Math.max(host, device))) / 1000;
}

function compareBlocks(
  rates: RuntimeRates,
  configuration: Configuration,
  trials: readonly Trial[],
  source: SourceName,
  optimizer: Parameters<typeof stateFloats>[0],
): ComparedBlock[] {
  const { shape, plan, records } = trials[0]!;
  if (plan.hot === null) return [];
  const { costs } = rates;
  const rows = plan.hot.rows;
  const predicted: Partial<Record<ComparedBlock["block"], number>> = {};
  if (configuration.placement === "hot") {
    // Values and their optimizer state move alike.
    const all = shape.tableRows.reduce((sum, n) => sum + n, 0);
    const width = shape.dim + stateFloats(optimizer, shape.dim);
    predicted["sync-hot"] = records.reduce((us, { sync_bytes }) => {
      // Rows that have not changed since the last copy stay where they are.
      const moved = Math.min(rows, sync_bytes / (4 * width));
      return moved > 0 ? us + costAt(costs["sync-load"]!, [all / rows, moved, width]) : us;
    }, 0);
  }
  const [decision] = plan.decisions;
  if (decision !== undefined) {
    const lookups = decision.sampled * records[0]!.lookups / records[0]!.inputs;
    predicted.snapshot = costAt(costs["snapshot"]!, [rows, shape.dim]);
    predicted.search = costAt(costs[`search/${sourceKind(source)}`]!, [lookups]);
  }
  return Object.entries(predicted).map(([name, us]) => {
    const block = name as ComparedBlock["block"];
    const found = summarise(
      trials.map((trial) =>
        trial.records.reduce((sum, { stages_ms }) => sum + (stages_ms[block] ?? 0), 0)
      ),
    ).median;
    return { configuration: configuration.name, block, ...comparison(us / 1000, found) };
  });
}

/** Joins two times. */
export function comparison(predicted: number, measured: number): Comparison {
  return { predicted, measured, error: measured === 0 ? Infinity : predicted / measured - 1 };
}

/** Limits for a model that predicts iteration times: on the geometric mean of the absolute error, and on the worst one. */
export const BAR = { mean: 0.1, worst: 0.25 } as const;

/** Error that a stage, or a block beside the minibatches, may have. */
export const STAGE_BAR = 0.25;

/** What comparisons come to. */
export interface Verdict {
  /** Geometric mean of 1 + |error|, less 1. */
  readonly mean: number;
  /** The largest |error|. */
  readonly worst: number;
  /** Whether both are within {@linkcode BAR}. */
  readonly met: boolean;
}

/** Sums comparisons up. */
export function judge(rows: readonly Comparison[]): Verdict {
  const sizes = rows.map(({ error }) => Math.abs(error));
  const logs = sizes.reduce((sum, size) => sum + Math.log1p(size), 0);
  const mean = Math.expm1(logs / sizes.length), worst = Math.max(...sizes);
  return { mean, worst, met: mean <= BAR.mean && worst <= BAR.worst };
}
