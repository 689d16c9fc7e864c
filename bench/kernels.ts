/**
 * Speed of every kernel by itself, at the shapes of the models' training steps.
 *
 * @module
 */

import { checkpoint } from "../core/events.ts";
import { summarise } from "../core/statistics.ts";
import {
  DeviceExamples,
  type ExampleMaker,
  exampleName,
  type ExampleSize,
} from "../kernels/example.ts";
import { LedgerDevice, type RecordedOp } from "../kernels/ledger.ts";
import { type Argument, argumentsOf, type Cost } from "../kernels/op.ts";
import { eachOp, type OpArgs, type OpName, type OpNamed } from "../kernels/ops.ts";
import type { Device, EmbeddingTables, LookupBuffers, OpCost, Program } from "../kernels/types.ts";
import { createModel, type ModelShape } from "../train/model/models.ts";
import type { DlrmPreset } from "../train/model/presets.ts";
import { PRESETS, resolveShape } from "../train/model/presets.ts";

/** The paper's memory for hot rows, and inputs classified at a time. */
const HOT_BYTES = 256 * 2 ** 20, CLASSIFIED = 8192;
/** Steps of an input of Taobao's log. */
const STEPS = 21;
/** Times that all kernels are gone through. */
const PASSES = 5;

/** One kernel's speed. */
export interface KernelRow {
  readonly op: string;
  /** The shape, as `M=1024 K=13 N=512`. */
  readonly shape: string;
  /** Of one launch, by the kernel's record. */
  readonly flops: number;
  /** That one launch has to move at least, by the kernel's record. */
  readonly bytes: number;
  /** Dispatches of one launch: more than one where parts are added up after, or tables lie in several shards. */
  readonly dispatches: number;
  /** Median time of one launch in microseconds, launch cost included. */
  readonly us: number;
  /** 90th percentile of the same. */
  readonly p90_us: number;
  /** 95 % interval of the median. */
  readonly interval_us: readonly [number, number];
  /** Every timed sample. */
  readonly samples_us: readonly number[];
  /** 10⁹ floating-point operations a second, by the kernel's record. */
  readonly gflop_s: number;
  /** 10⁹ bytes a second, by the kernel's record: what has to move at least once. */
  readonly gb_s: number;
  /** 10⁶ lookups of rows or of their scores a second; null for kernels without any. */
  readonly mlookups_s: number | null;
}

/** How kernels are measured. */
interface KernelBenchOptions {
  /**
   * Models whose steps are taken apart: every op of the first, and of the others those that no model before has. Default:
   * RM2 and RM1.
   */
  readonly models?: readonly ModelShape[];
  /** Inputs a minibatch. Default: 1024. */
  readonly batch?: number;
  /** Timed samples a kernel. Default: 20. */
  readonly samples?: number;
  /** Hot rows, whose scores classification looks up. Default: those of 256 MiB. */
  readonly hotRows?: number;
  /** Most rows of a table: fewer than the model's where memory is short. */
  readonly maxRows?: number;
  /** Least time of a sample in ms; short kernels are launched several times for one. Default: 2. */
  readonly sampleMs?: number;
  /** Told how many samples are taken, of how many. */
  readonly onSamples?: ((done: number, total: number) => void) | undefined;
  /** Stops between kernels; `benchKernels` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The published shape of a preset. */
export function publishedShape(preset: DlrmPreset): ModelShape {
  return resolveShape(preset, {
    dense: Array.from({ length: preset.dense }, (_, i) => `dense ${i}`),
    tables: preset.tableRows.map((rows, t) => ({ name: `table ${t}`, rows })),
    ...(preset === PRESETS.rm1 ? { steps: STEPS } : {}),
  });
}

/**
 * Measures every kernel: those of the models' training steps at the steps' shapes, and those of ops that no step has, such
 * as classification's, at the sizes of the first model. Warm-up, then the median of the samples, which are taken in several
 * passes over all kernels, so that what disturbs a machine for a while falls on few samples of each. Ids are uniform over the
 * rows; the same minibatch comes again and again, so its rows are found in caches that hold them. Embedding costs
 * count the lookups and the different rows of this minibatch.
 */
export async function benchKernels(
  device: Device,
  options: KernelBenchOptions = {},
): Promise<KernelRow[]> {
  const { batch = 1024, samples = 20, sampleMs = 2, maxRows = Infinity, signal } = options;
  const shapes = options.models ?? [publishedShape(PRESETS.rm2), publishedShape(PRESETS.rm1)];
  const size = exampleSize(shapes[0]!, batch, options.hotRows);
  using examples = new DeviceExamples(device);
  const copies = new Copies(examples, maxRows);
  const all: Kernel[] = [];
  try {
    const add = <Name extends OpName>(op: OpNamed<Name>, args: OpArgs[Name]): void => {
      const program = device.record("bench", (ops) => ops.add(op, args));
      const launcher = new Launcher(device, program, sampleMs);
      const cost = op.cost(args, examples.counts(op, args));
      all.push({ program, launcher, cost, times: [], dispatches: 0 });
    };
    const isNew = (): (name: string) => boolean => {
      const known = new Set(all.map(({ cost }) => cost.op));
      return (name) => !known.has(name);
    };
    for (const shape of shapes) {
      const wanted = isNew();
      for (const { op, args } of stepOps(shape, batch)) {
        if (wanted(op.cost(args).op)) add(op, copies.of(op, args));
      }
    }
    const wanted = isNew();
    eachOp((op) => {
      for (const example of op.examples) {
        if (wanted(exampleName(op, example))) add(op, example(examples, size));
      }
    });
    // A page nobody has written is one and the same page of zeros; an update makes the rows real.
    for (const kernel of all) {
      const before = device.counters.dispatches;
      device.run(kernel.program);
      kernel.dispatches = device.counters.dispatches - before;
    }
    const passes = Math.min(PASSES, samples);
    for (let pass = 0; pass < passes; pass++) {
      for (const { launcher, times } of all) {
        await checkpoint(signal);
        await launcher.warmUp();
        const upTo = Math.round(samples * (pass + 1) / passes);
        while (times.length < upTo) times.push(await launcher.sample());
        const done = all.reduce((sum, kernel) => sum + kernel.times.length, 0);
        options.onSamples?.(done, samples * all.length);
      }
    }
    return all.map(describe);
  } finally {
    for (const { program } of all) program.dispose();
  }
}

/** A kernel on operands of its own. */
interface Kernel {
  readonly program: Program;
  readonly launcher: Launcher;
  readonly cost: Cost;
  /** Milliseconds a launch. */
  readonly times: number[];
  /** Of a launch. */
  dispatches: number;
}

/** The ops of a model's training step, in their order. */
function stepOps(shape: ModelShape, batch: number): readonly RecordedOp[] {
  const ledger = new LedgerDevice("cpu");
  createModel(ledger, shape, { optimizer: { kind: "sgd" }, maxBatch: batch }).trainProgram(batch);
  return ledger.recorded;
}

/** Sizes of a model for the ops that no model's step has. */
function exampleSize(
  { tableRows, dim, bottom, top }: ModelShape,
  batch: number,
  hotRows = HOT_BYTES / 4 / dim,
): ExampleSize {
  return {
    inputs: batch,
    cols: top[0]!,
    units: bottom[1]!,
    features: tableRows.length + 1,
    dim,
    steps: STEPS - 1,
    tableRows: Math.max(1, Math.floor(hotRows / tableRows.length)),
    scored: CLASSIFIED,
  };
}

/** Makes operands like those that a model recorded; ops on the same tables get the same ones. */
class Copies {
  readonly #make: ExampleMaker;
  readonly #maxRows: number;
  readonly #tables = new Map<EmbeddingTables, EmbeddingTables>();
  readonly #lookups = new Map<LookupBuffers, LookupBuffers>();

  /** @param maxRows Most rows of a table. */
  constructor(make: ExampleMaker, maxRows: number) {
    this.#make = make;
    this.#maxRows = maxRows;
  }

  /** The same settings and other operands. */
  of<Name extends OpName>(op: OpNamed<Name>, args: OpArgs[Name]): OpArgs[Name] {
    const list = argumentsOf(op, args);
    const copied = list.map((it): [string, unknown] => [it.name, this.#copy(it, list)]);
    return Object.fromEntries(copied) as unknown as OpArgs[Name];
  }

  #copy({ use, value }: Argument, list: readonly Argument[]): unknown {
    switch (use) {
      case "read":
      case "written":
        return value === null ? null : this.#make[use](value.rows, value.cols);
      case "scalar":
      case "slot":
        return this.#make[use]();
      case "tables":
      case "updated-tables":
        return this.#tablesLike(value);
      case "lookups":
        return this.#lookupsLike(value, list);
      case "row-list":
        throw new Error("Cannot copy a list of rows: no model's step has any");
      case "setting":
        return value;
    }
  }

  #tablesLike(tables: EmbeddingTables): EmbeddingTables {
    let made = this.#tables.get(tables);
    if (made === undefined) {
      const { rows, dim, optimizer } = tables;
      const capped = rows.map((count) => Math.min(count, this.#maxRows));
      this.#tables.set(tables, made = this.#make.tables({ rows: capped, dim, optimizer }));
    }
    return made;
  }

  #lookupsLike(lookups: LookupBuffers, list: readonly Argument[]): LookupBuffers {
    let made = this.#lookups.get(lookups);
    if (made === undefined) {
      const of = list.find(({ use }) => use === "tables" || use === "updated-tables");
      const tables = this.#tablesLike(of!.value as EmbeddingTables);
      this.#lookups.set(lookups, made = this.#make.lookups(tables, lookups.maxBags));
    }
    return made;
  }
}

/** Launches of one program, timed. */
export class Launcher {
  readonly #device: Device;
  readonly #program: Program;
  readonly #sampleMs: number;
  /** Launches of a sample; null before the first warm-up. */
  #launches: number | null = null;

  /** @param sampleMs Least time of a sample; short programs are launched several times for one. */
  constructor(device: Device, program: Program, sampleMs: number) {
    this.#device = device;
    this.#program = program;
    this.#sampleMs = sampleMs;
  }

  /** Brings operands into the caches and, the first time, engines to what they do with code that runs often. */
  async warmUp(): Promise<void> {
    if (this.#launches !== null) return void await this.#time(this.#launches);
    let launches = 1;
    while (await this.#time(launches) < this.#sampleMs) launches *= 2;
    for (let i = 0; i < 5; i++) await this.#time(launches);
    this.#launches = launches;
  }

  /** Milliseconds of one launch. Throws without a warm-up. */
  async sample(): Promise<number> {
    if (this.#launches === null) throw new Error("Cannot time a program: it is not warm");
    return await this.#time(this.#launches) / this.#launches;
  }

  async #time(launches: number): Promise<number> {
    const begun = performance.now();
    for (let i = 0; i < launches; i++) this.#device.run(this.#program);
    await this.#device.sync();
    return performance.now() - begun;
  }
}

function describe(
  { cost: { op, shape, flops, bytes }, times, dispatches }: Kernel,
): KernelRow {
  const lookups = lookupsOf(shape);
  const samples = times.map((ms) => 1000 * ms);
  const { median: us, p90, interval } = summarise(samples);
  const ms = us / 1000;
  return {
    op,
    shape: Object.entries(shape).map(([name, value]) => `${name}=${value}`).join(" "),
    flops,
    bytes,
    dispatches,
    us,
    p90_us: p90,
    interval_us: interval,
    samples_us: samples,
    gflop_s: flops / ms / 1e6,
    gb_s: bytes / ms / 1e6,
    mlookups_s: lookups === null ? null : lookups / ms / 1000,
  };
}

/** Lookups of a launch, of rows or of their scores; null for ops without any. */
function lookupsOf({ lookups, B, G, L }: OpCost["shape"]): number | null {
  if (lookups !== undefined) return lookups;
  return G === undefined || L === undefined ? null : B! * G * L;
}
