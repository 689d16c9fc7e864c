/**
 * Work: what a trace asks of a system. Minibatches are brought to the global batch of so many GPUs, skipped inputs are added
 * again or taken out, and equal minibatches become one with a number.
 *
 * @module
 */

import { UsageError } from "../core/errors.ts";
import { TraceColumns } from "../train/trace/columns.ts";
import type { MinibatchKind, MinibatchRecord, Trace, TraceHeader } from "../train/trace/schema.ts";
import { checkHeader, checkRecord } from "./check_trace.ts";

/** Counts of one minibatch, as `MinibatchRecord` has them. */
export interface Work extends Counts {
  /** For a minibatch of both kinds of inputs: the counts of its hot inputs, and of the others; null if it has none. */
  readonly parts?: { readonly popular: Counts | null; readonly rest: Counts | null };
}

/** Counts of inputs that are trained together. Without `frozen_rows` every row is updated. */
export type Counts =
  & Pick<
    MinibatchRecord,
    "kind" | "inputs" | "lookups" | "unique_rows" | "cold_lookups" | "unique_cold_rows"
  >
  & Partial<Pick<MinibatchRecord, "frozen_rows">>;

/** Copies of hot rows between host and devices as a run made them: all epochs, both directions together. */
export interface HotCopies {
  /** Bytes of rows and their state. */
  readonly bytes: number;
  /** Times that rows were copied, in one direction or the other. */
  readonly times: number;
}

/** Equal minibatches. */
export interface WorkClass {
  /** Counts of one of them. */
  readonly work: Work;
  /** How many. It can be a fraction, because a share of the inputs may be skipped. */
  readonly times: number;
}

/** A trace in runs of equal minibatches, in order. */
export interface CountedTrace {
  /** What the trace is of. */
  readonly header: TraceHeader;
  /** One minibatch's counts, and how many like it follow each other. */
  readonly runs: readonly {
    readonly record: Counts & Pick<MinibatchRecord, "epoch" | "skipped_inputs">;
    readonly times: number;
  }[];
  /** The copies of hot rows of a run. If it is left out, systems copy all hot rows as often as their parameters say. */
  readonly copies?: HotCopies;
}

/** What a system simulates. */
export interface Workload {
  /** What the trace is of. */
  readonly header: TraceHeader;
  /** Inputs of a full minibatch over all GPUs. */
  readonly batch: number;
  /** Epochs of the trace. */
  readonly epochs: number;
  /** Minibatches trained if nothing is skipped. */
  readonly all: readonly WorkClass[];
  /** Minibatches trained if inputs are skipped. */
  readonly kept: readonly WorkClass[];
  /** Inputs skipped in `kept`, of all epochs. */
  readonly skipped: number;
  /** Whether hot inputs are distinguished from cold ones. */
  readonly tellsHot: boolean;
  /** Rows of the hot set; 0 without. */
  readonly hotRows: number;
  /** As the trace has them. */
  readonly copies?: HotCopies;
}

/** How a workload is made of a trace. */
interface WorkloadOptions {
  /** Inputs of a full minibatch over all GPUs. */
  readonly batch: number;
  /** Share of the hot inputs after the window to skip; as the trace has it unless told. */
  readonly drop?: number | undefined;
}

/** Share of the hot minibatches before the decision where a trace does not say: the artifact's 1000 minibatches of 1024 and 3 %. */
const WARM_UP_INPUTS = 1000 * 1024, WINDOW_SHARE = 0.03;

/**
 * Condenses a trace to runs of equal minibatches. It reads the columns of a trace from a file directly, which is much
 * faster than an object for each minibatch.
 *
 * @throws {UserError} A trace that cannot be simulated.
 * @category Traces
 */
export function countTraceRuns(trace: Trace): CountedTrace {
  const { header } = trace;
  const columns = "columns" in trace && trace.columns instanceof TraceColumns
    ? trace.columns
    : null;
  const length = columns?.length ?? trace.records.length;
  checkHeader(header, length);
  const runs: { record: RunRecord; times: number }[] = [];
  let bytes = 0, times = 0;
  for (let i = 0; i < length; i++) {
    const copied = columns === null ? trace.records[i]!.sync_bytes : columns.sync_bytes[i]!;
    bytes += copied;
    if (copied > 0) times++;
    const last = runs.at(-1);
    if (last !== undefined && sameCounts(last.record, columns, trace, i)) {
      last.times++;
      continue;
    }
    const record = columns === null ? pickRecord(trace.records[i]!) : recordAt(columns, i);
    // Minibatches equal to this one need no check of their own.
    checkRecord(record, i, header);
    runs.push({ record, times: 1 });
  }
  return { header, runs, ...(times === 0 ? {} : { copies: { bytes, times } }) };
}

/** Counts of some minibatches of one kind and epoch, each summed over them. */
export interface CountSums extends Required<Counts> {
  readonly epoch: number;
  readonly skipped_inputs: number;
  /** How many minibatches. */
  readonly times: number;
}

/** Adds the counts of `times` equal minibatches to sums, or begins with them. */
export function addCounts(
  sums: CountSums | undefined,
  record: CountedTrace["runs"][number]["record"],
  times = 1,
): CountSums {
  const of = (name: typeof SUMMED[number] | "skipped_inputs"): number =>
    (sums?.[name] ?? 0) + times * record[name];
  return {
    kind: record.kind,
    epoch: record.epoch,
    inputs: of("inputs"),
    lookups: of("lookups"),
    unique_rows: of("unique_rows"),
    cold_lookups: of("cold_lookups"),
    unique_cold_rows: of("unique_cold_rows"),
    frozen_rows: (sums?.frozen_rows ?? 0) + times * frozenOf(record),
    skipped_inputs: of("skipped_inputs"),
    times: (sums?.times ?? 0) + times,
  };
}

/** Which minibatches of a trace are summed together: of one epoch and kind, those that are full and the others. */
export function sumsKey(
  { epoch, kind, inputs }: Pick<CountSums, "epoch" | "kind" | "inputs">,
  batch: number,
): string {
  return `${epoch} ${kind} ${inputs === batch}`;
}

/** As many mean minibatches as were summed. */
export function meanRun({ times, ...sums }: CountSums, header: TraceHeader): Run {
  const inputs = Math.max(1, Math.round(sums.inputs / times));
  return {
    times,
    record: {
      kind: sums.kind,
      epoch: sums.epoch,
      inputs,
      lookups: header.model.lookups === undefined
        ? inputs * header.lookups_per_input
        : Math.round(sums.lookups / times),
      unique_rows: Math.max(1, Math.round(sums.unique_rows / times)),
      cold_lookups: Math.round(sums.cold_lookups / times),
      unique_cold_rows: Math.round(sums.unique_cold_rows / times),
      // A mean, not rounded: sums over all minibatches stay what they were.
      skipped_inputs: sums.skipped_inputs / times,
      ...frozen(sums.frozen_rows / times),
    },
  };
}

/**
 * A trace in which all full minibatches of an epoch's kind are one mean minibatch. Costs are close to linear in the counts, so
 * that times change by far less than a model's error; the fewer records make sweeps quick.
 */
export function condense({ header, runs, ...rest }: CountedTrace): CountedTrace {
  const groups = new Map<string, CountSums>();
  for (const { record, times } of runs) {
    const key = sumsKey(record, header.batch);
    groups.set(key, addCounts(groups.get(key), record, times));
  }
  return { ...rest, header, runs: [...groups.values()].map((sums) => meanRun(sums, header)) };
}

/**
 * The workload of a trace at a global batch.
 *
 * Minibatches of one kind and epoch are merged or cut to the batch. Inputs and lookups add up; different rows grow as a power of the
 * lookups whose exponent is taken from the minibatch itself (Heaps' law through one lookup a table), hot and cold ones apart.
 *
 * @throws {UserError} A batch that is neither a multiple nor a part of the trace's, or a share to skip where the trace does
 * not tell hot from cold.
 */
export function workloadOf(trace: CountedTrace, options: WorkloadOptions): Workload {
  const { header } = trace;
  const { batch, drop } = options;
  const ratio = batch / header.batch;
  if (
    !Number.isInteger(batch) || batch < 1 ||
    !Number.isInteger(ratio) && !Number.isInteger(1 / ratio)
  ) {
    throw new UsageError(
      `Cannot regroup the trace: its minibatches have ${header.batch} inputs and ${batch} over all GPUs is neither a multiple nor a part of that`,
    );
  }
  const tellsHot = trace.runs.every(({ record }) => record.kind !== "all");
  if (drop !== undefined && !tellsHot) {
    throw new UsageError(
      "Cannot skip a share of the hot inputs: the trace does not tell hot from cold, so give one of the plan fae or slipstream",
    );
  }
  if (drop !== undefined && !(drop >= 0 && drop <= 1)) {
    throw new UsageError(`Cannot skip a share of ${drop}: it must be from 0 to 1`);
  }
  const regrouped = regroup(trace, batch);
  const skippedBefore = sumOf(trace, () => true);
  // Skipped inputs come back as more minibatches like those of their kind that were kept.
  const all = skippedBefore === 0 ? regrouped : merge([
    ...regrouped,
    ...bringBack(regrouped, sumOf(trace, (kind) => kind === "all"), ["all"]),
    ...bringBack(regrouped, sumOf(trace, (kind) => kind === "cold"), ["cold"]),
    ...bringBack(
      regrouped,
      sumOf(trace, (kind) => kind !== "all" && kind !== "cold"),
      regrouped.some(({ work }) => work.kind === "hot") ? ["hot"] : ["window", "warm-up"],
    ),
  ]);
  let kept = regrouped, skipped = skippedBefore;
  if (drop !== undefined) {
    const decided = all.some(({ work }) => work.kind === "window");
    const inputs = inputsOf(all.filter(({ work }) => work.kind === "hot"));
    const before = decided ? 0 : Math.min(inputs, WARM_UP_INPUTS + WINDOW_SHARE * inputs);
    skipped = drop * (inputs - before);
    const share = inputs === 0 ? 0 : skipped / inputs;
    kept = all.map((entry) =>
      entry.work.kind === "hot" ? { ...entry, times: entry.times * (1 - share) } : entry
    ).filter(({ times }) => times > 0);
  }
  return {
    header,
    batch,
    epochs: 1 + trace.runs.reduce((most, { record }) => Math.max(most, record.epoch), 0),
    all,
    kept,
    skipped,
    tellsHot,
    hotRows: header.plan.hot?.rows ?? 0,
    ...(trace.copies === undefined ? {} : { copies: trace.copies }),
  };
}

/** Different rows of a minibatch that are not updated. */
export function frozenOf({ frozen_rows = 0 }: Pick<Counts, "frozen_rows">): number {
  return frozen_rows;
}

/** The count as a record has it: left out where it is 0. */
function frozen(rows: number): Partial<Pick<Counts, "frozen_rows">> {
  return rows === 0 ? {} : { frozen_rows: rows };
}

/** Counts of a part of a minibatch, or of several like it: `inputs` of its kind. */
export function resize(work: Counts, inputs: number, tables: number): Counts {
  const ratio = inputs / work.inputs;
  const lookups = work.lookups * ratio;
  const coldLookups = work.cold_lookups * ratio;
  const grow = (rows: number, from: number, to: number, bags: number) => {
    if (rows === 0 || from === 0) return 0;
    const share = Math.max(1, from / bags), met = Math.max(1, rows / bags);
    const exponent = share === 1 ? 1 : Math.min(1, Math.log(met) / Math.log(share));
    return Math.min(to, rows * (to / from) ** exponent);
  };
  const uniqueCold = grow(work.unique_cold_rows, work.cold_lookups, coldLookups, 1);
  const uniqueHot = grow(
    work.unique_rows - work.unique_cold_rows,
    work.lookups - work.cold_lookups,
    lookups - coldLookups,
    tables,
  );
  return {
    kind: work.kind,
    inputs,
    lookups,
    unique_rows: uniqueHot + uniqueCold,
    cold_lookups: coldLookups,
    unique_cold_rows: uniqueCold,
    ...frozen(frozenOf(work) * (uniqueHot + uniqueCold) / work.unique_rows),
  };
}

/** Names of a work's counts that add up when minibatches do, different rows only as a bound. */
const SUMMED = ["inputs", "lookups", "unique_rows", "cold_lookups", "unique_cold_rows"] as const;

/** A text that equal works share. */
export function keyOf(work: Work): string {
  const { parts } = work;
  const own = [work.kind, ...SUMMED.map((name) => work[name]), frozenOf(work)].join(" ");
  if (parts === undefined) return own;
  const { popular, rest } = parts;
  return `${own}; ${popular && keyOf(popular)}; ${rest && keyOf(rest)}`;
}

/** Numbers of a run's record. */
const NUMBERS = [...SUMMED, "epoch", "skipped_inputs"] as const;

type Run = CountedTrace["runs"][number];
type RunRecord = Run["record"];

function sameCounts(
  record: RunRecord,
  columns: TraceColumns | null,
  trace: Trace,
  i: number,
): boolean {
  if (columns !== null) {
    return NUMBERS.every((name) => columns[name][i] === record[name]) &&
      columns.frozen_rows[i] === frozenOf(record) && columns.kindOf(i) === record.kind;
  }
  const other = trace.records[i]!;
  return NUMBERS.every((name) => other[name] === record[name]) &&
    other.frozen_rows === frozenOf(record) && other.kind === record.kind;
}

function recordAt(columns: TraceColumns, i: number): RunRecord {
  return {
    kind: columns.kindOf(i),
    inputs: columns.inputs[i]!,
    lookups: columns.lookups[i]!,
    unique_rows: columns.unique_rows[i]!,
    cold_lookups: columns.cold_lookups[i]!,
    unique_cold_rows: columns.unique_cold_rows[i]!,
    epoch: columns.epoch[i]!,
    skipped_inputs: columns.skipped_inputs[i]!,
    ...frozen(columns.frozen_rows[i]!),
  };
}

function pickRecord(record: MinibatchRecord): RunRecord {
  const { kind, inputs, lookups, unique_rows, cold_lookups, unique_cold_rows } = record;
  const { epoch, skipped_inputs, frozen_rows } = record;
  return {
    kind,
    inputs,
    lookups,
    unique_rows,
    cold_lookups,
    unique_cold_rows,
    epoch,
    skipped_inputs,
    ...frozen(frozen_rows),
  };
}

function regroup({ header, runs }: CountedTrace, batch: number): WorkClass[] {
  const classes: WorkClass[] = [];
  const tables = header.model.table_rows.length;
  if (batch <= header.batch) {
    for (const { record, times } of runs) {
      const whole = Math.floor(record.inputs / batch), rest = record.inputs - whole * batch;
      if (whole > 0) classes.push({ work: resize(record, batch, tables), times: whole * times });
      if (rest > 0) classes.push({ work: resize(record, rest, tables), times });
    }
    return merge(classes);
  }
  const parts = batch / header.batch;
  // Open minibatches by kind: an interleaved plan changes its kind often, and what it leaves over it takes up again.
  const open = new Map<MinibatchKind, Work[]>();
  const close = (works: readonly Work[], times = 1): void => {
    if (works.length > 0) classes.push({ work: join(works, tables), times });
  };
  const closeAll = (): void => {
    for (const works of open.values()) close(works);
    open.clear();
  };
  let epoch = 0;
  for (const { record, times } of runs) {
    if (record.epoch !== epoch) closeAll();
    epoch = record.epoch;
    let works = open.get(record.kind) ?? [], left = times;
    while (left > 0 && works.length > 0) {
      works.push(record);
      left--;
      if (works.length < parts) continue;
      close(works);
      works = [];
    }
    const whole = Math.floor(left / parts);
    if (whole > 0) close(Array.from({ length: parts }, () => record), whole);
    for (left -= whole * parts; left > 0; left--) works.push(record);
    open.set(record.kind, works);
  }
  closeAll();
  return merge(classes);
}

/** One minibatch of the inputs of several: sums, with different rows as one of their mean would have them. */
function join(parts: readonly Work[], tables: number): Work {
  if (parts.length === 1) return parts[0]!;
  const sum = (name: typeof SUMMED[number]) => parts.reduce((n, part) => n + part[name], 0);
  const mean: Work = {
    kind: parts[0]!.kind,
    inputs: sum("inputs") / parts.length,
    lookups: sum("lookups") / parts.length,
    unique_rows: sum("unique_rows") / parts.length,
    cold_lookups: sum("cold_lookups") / parts.length,
    unique_cold_rows: sum("unique_cold_rows") / parts.length,
    ...frozen(parts.reduce((n, part) => n + frozenOf(part), 0) / parts.length),
  };
  return resize(mean, sum("inputs"), tables);
}

/** Inputs skipped before the minibatches of some kinds. */
function sumOf({ runs }: CountedTrace, wanted: (kind: MinibatchKind) => boolean): number {
  return runs.reduce(
    (n, { record, times }) => wanted(record.kind) ? n + record.skipped_inputs * times : n,
    0,
  );
}

/** Minibatches of so many inputs, in the mixture of those of some kinds; of hot inputs after the window. */
function bringBack(
  classes: readonly WorkClass[],
  inputs: number,
  kinds: readonly MinibatchKind[],
): WorkClass[] {
  if (inputs === 0) return [];
  const template = classes.filter(({ work }) => kinds.includes(work.kind));
  const factor = inputs / inputsOf(template);
  const kind = kinds.length === 1 ? kinds[0]! : "hot";
  return template.map(({ work, times }) => ({ work: { ...work, kind }, times: times * factor }));
}

function inputsOf(classes: readonly WorkClass[]): number {
  return classes.reduce((sum, { work, times }) => sum + work.inputs * times, 0);
}

function merge(classes: readonly WorkClass[]): WorkClass[] {
  const merged = new Map<string, { work: Work; times: number }>();
  for (const { work, times } of classes) {
    const key = keyOf(work), known = merged.get(key);
    if (known === undefined) merged.set(key, { work, times });
    else known.times += times;
  }
  return [...merged.values()];
}
