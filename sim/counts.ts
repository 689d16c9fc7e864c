/**
 * A trace without training: the lookups of a twin are counted, its inputs are told hot from cold, and the plan's minibatches
 * are laid out. Which hot inputs are skipped cannot be known without training, so their share is an option and they are
 * drawn at random.
 *
 * Exact: hot and cold inputs, inputs, lookups and cold lookups of every minibatch. Different rows are counted in some
 * minibatches of each kind and written, rounded means, into all of that kind.
 *
 * @module
 */

import { UsageError, UserError } from "../core/errors.ts";
import { RandomStream } from "../core/random.ts";
import { TwinCounter } from "../data/twin/counter.ts";
import type { TwinLookups } from "../data/twin/lookups.ts";
import type { WorkloadName } from "../data/twin/workloads.ts";
import { interactionWidth } from "../kernels/interaction/record.ts";
import type { ShapeDocument } from "../train/model/models.ts";
import { countParameters, PRESETS, type TbsmPreset } from "../train/model/presets.ts";
import { COUNTED_LAYOUT, layOutEpoch } from "../train/plan/layout.ts";
import {
  type MinibatchKind,
  type MinibatchRecord,
  type Trace,
  TRACE_SCHEMA_VERSION,
} from "../train/trace/schema.ts";

/** Draws of skipped inputs, apart from whatever else samples under the same seed. */
const SKIP_SUB = 0x5349;

/** What to count. */
export interface CountOptions {
  /** A shipped twin. */
  readonly twin: WorkloadName;
  /** Training inputs, at most those of the full data set. Default: all of them. */
  readonly inputs?: number | undefined;
  /** Inputs of a minibatch. Default 1024. */
  readonly batch?: number | undefined;
  /** Hot memory in bytes. Default 268,435,456 (Slipstream run_input_segregation.sh). */
  readonly hotMemoryBytes?: number | undefined;
  /**
   * Every n-th input is profiled to rank rows; 1 profiles all. Default 20, the 5 % of FAE's profiler, and 5 for rm1, the 20
   * % of its TBSM script.
   */
  readonly profileEvery?: number | undefined;
  /**
   * How many inputs, from the first on, are classified as hot or cold; the ones after them are assumed to repeat these in
   * order. Default: all. Rows are ranked by all inputs whatever this says.
   */
  readonly classified?: number | undefined;
  /** Share of the hot inputs after the window that is skipped, 0 to 1. Default 0.3 (the artifact's drop percentage). */
  readonly drop?: number | undefined;
  /** Hot minibatches before the first snapshot. Default 1000 (run_slipstream.sh). */
  readonly warmup?: number | undefined;
  /** Length of the window as a share of the hot minibatches. Default 0.03, 0.05 for rm1 (the artifact's scripts). */
  readonly window?: number | undefined;
  /** Minibatches of each kind in which different rows are counted. Default 32. */
  readonly sampled?: number | undefined;
  /** Threads. Default: all cores. */
  readonly threads?: number | undefined;
  /** Seed of the twin and of the draws of skipped inputs. Default 1. */
  readonly seed?: number | undefined;
  /** Called with the progress: inputs done, and how many all passes have together. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Ends the count; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts a trace of the `slipstream` plan over a twin. Memory: 5 bytes a row of the tables and 1 byte an input.
 *
 * @throws {UserError} Fewer hot minibatches than warm-up and window take, or an option out of range.
 * @category Traces
 */
export async function countTrace(options: CountOptions): Promise<Trace> {
  const [trace] = await countTraces(options, [options.hotMemoryBytes ?? 2 ** 28]);
  return trace!;
}

/**
 * Counts one trace for each of several hot memories. Rows are ranked once and inputs generated once, which takes most of
 * the time, so further hot memories add little. Memory: 5 bytes a row of the tables, and a byte an input and hot memory.
 *
 * @param memories Hot memories in bytes, at most 255, in any order; the traces come in the same order. `hotMemoryBytes` is
 * ignored.
 * @throws {UserError} As `countTrace` does.
 * @category Traces
 */
export async function countTraces(
  options: CountOptions,
  memories: readonly number[],
): Promise<Trace[]> {
  const { twin, seed = 1, batch = 1024, onProgress = () => {}, signal } = options;
  const every = options.profileEvery ?? (twin === "rm1" ? 5 : 20);
  const drop = options.drop ?? 0.3;
  const window = options.window ?? (twin === "rm1" ? 0.05 : 0.03);
  const preset = PRESETS[twin];
  requireWhole("batch", batch, 1, 2 ** 24);
  requireRange("share dropped", drop, 0, 1);
  requireRange("window", window, 0, 1);
  requireWhole("number of minibatches of the warm-up", options.warmup ?? 0, 0, 2 ** 32);
  requireWhole("number of inputs of which one is profiled", every, 1, 2 ** 32);
  requireWhole("number of sampled minibatches", options.sampled ?? 1, 1, 2 ** 32);
  for (const bytes of memories) requireRange("hot memory", bytes, 4 * preset.dim, Infinity);
  using counter = await TwinCounter.open({
    twin,
    seed,
    inputs: options.inputs ?? Infinity,
    threads: options.threads ?? navigator.hardwareConcurrency,
    signal,
  });
  const { source } = counter, { inputs, each } = source;
  const sets = [...new Set(memories.map((bytes) => Math.floor(bytes / (4 * preset.dim))))]
    .sort((a, b) => a - b);
  requireWhole("number of hot memories", sets.length, 1, 255);
  const classified = Math.min(inputs, options.classified ?? inputs);
  requireWhole("number of classified inputs", classified, 1, inputs);
  const profiled = Math.ceil(inputs / every), total = profiled + classified;
  const uses = await counter.profile(every, (done) => onProgress(done, total));
  const tiers = counter.rank(uses, sets);
  const cold = await counter.classify(
    tiers,
    sets.length,
    classified,
    (done) => onProgress(profiled + done, total),
  );

  const bySet: Trace[] = [];
  for (const k of sets.keys()) {
    const found = cold[k]!;
    for (let at = classified; at < inputs; at += classified) {
      found.copyWithin(at, 0, Math.min(classified, inputs - at));
    }
    const layout = layOut(found, {
      batch,
      drop,
      warmup: options.warmup ?? 1000,
      share: window,
      random: new RandomStream(seed, "sampling", SKIP_SUB),
    });
    const sampled = options.sampled ?? 32;
    const rowsOf = (kind: "cold" | "hot") =>
      countUnique(counter, tiers, k, layout, kind, sampled, classified);
    const unique = { cold: await rowsOf("cold"), hot: await rowsOf("hot") };
    const records = layout.minibatches.map((m, step) => toRecord(m, step, each, unique));
    const hot = hotRows(source, uses, new Uint8Array(tiers), k);
    bySet.push({
      header: {
        schema: "slipstream.trace",
        schema_version: TRACE_SCHEMA_VERSION,
        origin: "counts",
        model: modelOf(preset, each / preset.tableRows.length),
        optimizer: preset.optimizer,
        batch,
        lookups_per_input: each,
        dataset: {
          hash: `twin:${twin}:${inputs}:seed=${seed}`,
          format: `twin:${twin}`,
          train_inputs: inputs,
        },
        plan: {
          name: "slipstream",
          options: {
            drop_share: drop,
            warm_up: layout.from,
            window_to: layout.to,
            window_share: window,
            profile_every: every,
            sampled_minibatches: sampled,
            classified,
          },
          hot: {
            memory_bytes: 4 * preset.dim * sets[k]!,
            rows: hot.perTable.reduce((a, b) => a + b, 0),
            rows_per_table: hot.perTable,
            least_accesses: hot.least,
            profiled,
            hot_inputs: layout.hotInputs,
            cold_inputs: inputs - layout.hotInputs,
          },
          decisions: [],
          trained_inputs: records.reduce((sum, { inputs: some }) => sum + some, 0),
          skipped_inputs: records.reduce((sum, { skipped_inputs }) => sum + skipped_inputs, 0),
          rounds: [],
          preparation_ms: 0,
          watched: null,
        },
        placement: "hot",
        device: null,
        host: null,
        environment: null,
        stage_resolution: "interval",
      },
      records,
    });
  }
  return memories.map((bytes) => {
    const trace = bySet[sets.indexOf(Math.floor(bytes / (4 * preset.dim)))]!;
    const { plan } = trace.header;
    const header = {
      ...trace.header,
      plan: { ...plan, hot: { ...plan.hot!, memory_bytes: bytes } },
    };
    return { header, records: trace.records };
  });
}

/** One minibatch before its rows are counted. */
interface Planned {
  readonly kind: MinibatchKind;
  /** Positions of its inputs; empty once rows are counted. */
  readonly members: Uint32Array;
  readonly coldLookups: number;
  skipped: number;
}

interface Layout {
  readonly minibatches: readonly Planned[];
  readonly hotInputs: number;
  readonly from: number;
  readonly to: number;
}

/** The artifact's order: all cold minibatches, then the hot ones; after the window only inputs that are kept, re-packed. */
function layOut(
  cold: Uint8Array,
  { batch, drop, warmup, share, random }: {
    readonly batch: number;
    readonly drop: number;
    readonly warmup: number;
    /** Length of the window as a share of the hot minibatches. */
    readonly share: number;
    readonly random: RandomStream;
  },
): Layout {
  const lists = [new Uint32Array(cold.length), new Uint32Array(cold.length)] as const;
  let hotInputs = 0, coldInputs = 0;
  for (let i = 0; i < cold.length; i++) {
    if (cold[i] === 0) lists[0][hotInputs++] = i;
    else lists[1][coldInputs++] = i;
  }
  const minibatches: Planned[] = [];
  const add = (kind: MinibatchKind, members: Uint32Array, skipped: number): void => {
    let coldLookups = 0;
    for (const i of members) coldLookups += cold[i]!;
    minibatches.push({ kind, members, coldLookups, skipped });
  };
  for (let at = 0; at < coldInputs; at += batch) {
    add("cold", lists[1].subarray(at, Math.min(coldInputs, at + batch)), 0);
  }
  const hot = lists[0].subarray(0, hotInputs);
  const inputs = { hot: hotInputs, cold: coldInputs, batch };
  const wanted = { warmup, window: { share } };
  const { hot: hotMinibatches, window, left } = layOutEpoch(inputs, wanted, COUNTED_LAYOUT);
  // The last snapshot's minibatch, counted from 0, is the window's last.
  const to = warmup + window - 1;
  if (drop > 0 && left < 1) {
    throw new UserError(
      `Cannot lay out the plan: ${hotInputs} hot inputs make ${hotMinibatches} minibatches of ${batch}, and warm-up and window take ${
        warmup + window
      }, so give more inputs, a smaller batch or a shorter warm-up`,
    );
  }
  const untilWindowEnds = drop > 0 ? (warmup + window) * batch : hotInputs;
  for (let at = 0, j = 0; at < untilWindowEnds; at += batch, j++) {
    const kind = drop === 0 ? "hot" : j < warmup ? "warm-up" : "window";
    add(kind, hot.subarray(at, Math.min(untilWindowEnds, at + batch)), 0);
  }
  let members = new Uint32Array(batch), filled = 0, skipped = 0;
  for (let at = untilWindowEnds; at < hotInputs; at++) {
    if (random.uniform(at) < drop) {
      skipped++;
      continue;
    }
    members[filled++] = hot[at]!;
    if (filled < batch) continue;
    add("hot", members, skipped);
    members = new Uint32Array(batch);
    filled = skipped = 0;
  }
  if (filled > 0) add("hot", members.subarray(0, filled), skipped);
  else if (skipped > 0) minibatches.at(-1)!.skipped += skipped;
  if (minibatches.length === 0) throw new UserError("Cannot lay out the plan: it has no inputs");
  return { minibatches, hotInputs, from: warmup, to };
}

interface UniqueRows {
  /** Different rows a full minibatch, and those of them that are not hot, by kind: cold, or any other. */
  readonly cold: readonly [unique: number, uniqueCold: number];
  readonly hot: readonly [unique: number, uniqueCold: number];
}

/**
 * Means of different rows in minibatches spread evenly over those of a kind, `cold` or any other. Minibatches that are not full
 * are left out.
 */
async function countUnique(
  counter: TwinCounter,
  tiers: SharedArrayBuffer,
  set: number,
  { minibatches }: Layout,
  kind: "cold" | "hot",
  sampled: number,
  classified: number,
): Promise<readonly [unique: number, uniqueCold: number]> {
  const all = minibatches.filter((minibatch) => (minibatch.kind === "cold") === (kind === "cold"));
  const full = all.reduce((most, { members }) => Math.max(most, members.length), 0);
  const candidates = all.filter(({ members }) => members.length === full);
  const number = Math.min(sampled, candidates.length);
  if (number === 0) return [0, 0];
  const chosen = Array.from(
    { length: number },
    (_, k) =>
      candidates[Math.floor(k * candidates.length / number)]!.members.map((i) => i % classified),
  );
  const [unique, uniqueCold] = await counter.unique(chosen, tiers, set);
  return [unique / number, uniqueCold / number];
}

function toRecord(
  { kind, members, coldLookups, skipped }: Planned,
  step: number,
  each: number,
  unique: UniqueRows,
): MinibatchRecord {
  const inputs = members.length, lookups = inputs * each;
  const [rows, coldRows] = unique[kind === "cold" ? "cold" : "hot"];
  const uniqueCold = Math.min(coldLookups, Math.round(coldRows));
  return {
    step,
    epoch: 0,
    kind,
    place: kind === "cold" ? "hybrid" : "device",
    inputs,
    lookups,
    unique_rows: Math.max(uniqueCold, Math.min(lookups, Math.round(rows))),
    cold_lookups: coldLookups,
    unique_cold_rows: uniqueCold,
    frozen_rows: 0,
    skipped_inputs: skipped,
    upload_bytes: 0,
    download_bytes: 0,
    sync_bytes: 0,
    wall_ms: 0,
    stages_ms: {},
  };
}

function hotRows(
  source: TwinLookups,
  uses: Uint32Array,
  tiers: Uint8Array,
  set: number,
): { perTable: number[]; least: number } {
  let row = 0, least = Infinity;
  const perTable = source.tableRows.map((size) => {
    let hot = 0;
    for (const end = row + size; row < end; row++) {
      if (tiers[row]! > set) continue;
      hot++;
      least = Math.min(least, uses[row]!);
    }
    return hot;
  });
  return { perTable, least: Number.isFinite(least) ? least : 0 };
}

/** A preset at its published table sizes, as headers hold it. */
function modelOf(
  preset: typeof PRESETS[WorkloadName] | TbsmPreset,
  steps: number,
): Trace["header"]["model"] {
  const { tableRows, dim, bottom } = preset;
  const tower = {
    table_rows: tableRows,
    dim,
    bottom,
    top: [interactionWidth(tableRows.length + 1, dim), ...preset.top],
  };
  const shape: ShapeDocument = "attention" in preset
    ? {
      ...tower,
      steps,
      attention: [steps - 1, ...preset.attention, steps - 1],
      final: [2 * preset.top.at(-1)!, ...preset.final],
    }
    : tower;
  const { steps: s, attention, final } = shape;
  const plain = { tableRows, dim, bottom, top: tower.top };
  const parameters = countParameters(
    s === undefined ? plain : { ...plain, steps: s, attention: attention!, final: final! },
  );
  return { ...shape, parameters };
}

function requireRange(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) {
    throw new UsageError(
      `Cannot count a trace: the ${name} is ${value} and must be from ${least} to ${most}`,
    );
  }
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  requireRange(name, value, least, most);
  if (!Number.isInteger(value)) {
    throw new UsageError(
      `Cannot count a trace: the ${name} is ${value} and must be a whole number`,
    );
  }
}
