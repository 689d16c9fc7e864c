/**
 * Speed of every kernel by itself, at the shapes of a DLRM's training step.
 *
 * @module
 */

import { checkpoint } from "../core/events.ts";
import { RandomStream } from "../core/random.ts";
import { summarise } from "../core/statistics.ts";
import { LookupGrouper } from "../kernels/embedding/group.ts";
import { embeddingBackwardRecord, embeddingForwardRecord } from "../kernels/embedding/record.ts";
import type { EmbeddingShape } from "../kernels/embedding/record.ts";
import { interactionWidth } from "../kernels/interaction/record.ts";
import type { OpRecord } from "../kernels/record.ts";
import type { Device, Matrix, OpCost, Program, Recorder, Scalar } from "../kernels/types.ts";
import type { DlrmPreset } from "../train/model/presets.ts";
import { PRESETS } from "../train/model/presets.ts";

/** The paper's memory for hot rows, and inputs classified at a time. */
const HOT_BYTES = 256 * 2 ** 20, CLASSIFIED = 8192;
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
  /** Default: RM2. */
  readonly preset?: DlrmPreset;
  /** Inputs a minibatch. Default: 1024. */
  readonly batch?: number;
  /** Timed samples a kernel. Default: 20. */
  readonly samples?: number;
  /** Hot rows, whose scores classification looks up. Default: those of 256 MiB. */
  readonly hotRows?: number;
  /** Most rows of a table: fewer than the preset's where memory is short. */
  readonly maxRows?: number;
  /** Least time of a sample in ms; short kernels are launched several times for one. Default: 2. */
  readonly sampleMs?: number;
  /** Stops between kernels; `benchKernels` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Measures every kernel of a preset's training step: warm-up, then the median of the samples, which are taken in several
 * passes over all kernels, so that what disturbs a machine for a while falls on few samples of each. Ids are uniform over the
 * rows; the same minibatch comes again and again, so its rows are found in caches that hold them. Embedding costs
 * count the lookups and the different rows of this minibatch.
 */
export async function benchKernels(
  device: Device,
  options: KernelBenchOptions = {},
): Promise<KernelRow[]> {
  const { batch = 1024, samples = 20, sampleMs = 2, maxRows = Infinity, signal } = options;
  const published = options.preset ?? PRESETS.rm2;
  const preset = {
    ...published,
    tableRows: published.tableRows.map((rows) => Math.min(rows, maxRows)),
  };
  const hotRows = options.hotRows ?? HOT_BYTES / 4 / preset.dim;
  const owned: { dispose(): void }[] = [];
  try {
    const all = kernels(device, preset, batch, hotRows, owned).map(({ body, counted }) => {
      const program = device.record("bench", body);
      owned.push(program);
      const launcher = new Launcher(device, program, sampleMs);
      return { launcher, cost: { ...program.costs[0]!, ...counted }, times: [] as number[] };
    });
    const passes = Math.min(PASSES, samples);
    for (let pass = 0; pass < passes; pass++) {
      for (const { launcher, times } of all) {
        await checkpoint(signal);
        await launcher.warmUp();
        const upTo = Math.round(samples * (pass + 1) / passes);
        while (times.length < upTo) times.push(await launcher.sample());
      }
    }
    return all.map(({ cost, times }) => describe(cost, times));
  } finally {
    for (const it of owned.reverse()) it.dispose();
  }
}

interface Kernel {
  readonly body: (ops: Recorder) => void;
  /** What the op costs on this minibatch, where the program knows only an upper bound. */
  readonly counted?: Pick<OpCost, "shape" | "flops" | "bytes">;
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

function describe({ op, shape, flops, bytes }: OpCost, times: readonly number[]): KernelRow {
  const lookups = lookupsOf(op, shape);
  const samples = times.map((ms) => 1000 * ms);
  const { median: us, p90, interval } = summarise(samples);
  const ms = us / 1000;
  return {
    op,
    shape: Object.entries(shape).map(([name, value]) => `${name}=${value}`).join(" "),
    flops,
    bytes,
    us,
    p90_us: p90,
    interval_us: interval,
    samples_us: samples,
    gflop_s: flops / ms / 1e6,
    gb_s: bytes / ms / 1e6,
    mlookups_s: lookups === null ? null : lookups / ms / 1000,
  };
}

/** Lookups of a launch; null for ops without any. */
function lookupsOf(op: string, shape: OpCost["shape"]): number | null {
  if (op === "stale-lookups" || op === "input-scores") {
    return shape.B! * shape.G! * shape.L!;
  }
  return shape.lookups ?? null;
}

/** One recording a kernel and shape, in the order of a training step. */
function kernels(
  device: Device,
  preset: DlrmPreset,
  batch: number,
  hotRows: number,
  owned: { dispose(): void }[],
): Kernel[] {
  const random = new RandomStream(1, "synthetic");
  let drawn = 0;
  const matrix = (rows: number, cols: number, label: string): Matrix => {
    const m = device.createMatrix(rows, cols, label);
    owned.push(m.buffer);
    const floats = Float32Array.from(
      { length: rows * m.stride },
      () => random.uniform(drawn++) - 0.5,
    );
    device.write(m.buffer, 0, floats);
    return m;
  };
  const { dim } = preset;
  const T = preset.tableRows.length, F = T + 1;
  const top = [interactionWidth(F, dim), ...preset.top];
  const layers = [preset.bottom, top].flatMap((widths) =>
    widths.slice(1).map((N, l) => ({ K: widths[l]!, N, last: widths === top && N === 1 }))
  );
  const linear = layers.flatMap(({ K, N, last }): Kernel[] => {
    const x = matrix(batch, K, "x"), y = matrix(batch, N, "y");
    const w = matrix(N, K, "w"), bias = matrix(1, N, "bias");
    const dx = matrix(batch, K, "dx"), dw = matrix(N, K, "dw"), db = matrix(1, N, "db");
    return [
      { body: (ops) => ops.linearForward({ x, w, bias, y, relu: !last }) },
      { body: (ops) => ops.linearBackwardInput({ dy: y, w, dx, mask: x }) },
      { body: (ops) => ops.linearBackwardWeights({ dy: y, x, dw, db }) },
    ];
  });

  const v = matrix(batch, F * dim, "v"), dv = matrix(batch, F * dim, "dv");
  const r = matrix(batch, interactionWidth(F, dim), "r");
  const lookups = device.createLookups({ tables: T, maxBags: batch, maxLookups: T * batch }, "ids");
  owned.push(lookups);
  const ids = new Uint32Array(T * batch);
  preset.tableRows.forEach((rows, t) => {
    for (let b = 0; b < batch; b++) {
      ids[t * batch + b] = Math.floor(random.uniform(drawn++) * rows);
    }
  });
  const grouped = new LookupGrouper(preset.tableRows).group({ bags: batch, ids, offsets: null });
  device.writeLookups(lookups, grouped);
  const counts = { lookups: T * batch, bags: T * batch, unique: grouped.unique, dim };
  const scalars = device.createBuffer(8, "scalars");
  owned.push(scalars);
  device.write(scalars, 0, new Float32Array([1e-6]));
  const learningRate = { buffer: scalars, index: 0 };
  const optimizer = { kind: "sgd" } as const;
  const tables = device.createTables({ rows: preset.tableRows, dim, optimizer: "sgd" }, "tables");
  owned.push(tables);

  const logits = matrix(batch, 1, "logits"), labels = matrix(batch, 1, "labels");
  const dlogits = matrix(batch, 1, "dlogits"), losses = matrix(1, 4, "losses");
  const parameters = layers.reduce((n, { K, N }) => n + N * K + N, 0);
  const params = matrix(1, parameters, "params"), grads = matrix(1, parameters, "grads");
  const state = device.createMatrix(1, parameters, "state");
  owned.push(state.buffer);
  const update = { tables, lookups, grad: dv, firstSlot: 1, optimizer, learningRate };
  // A page nobody has written is one and the same page of zeros; an update makes the rows real.
  const touch = device.record("touch", (ops) => ops.embeddingBackward(update));
  owned.push(touch);
  device.run(touch);
  const slot = { buffer: scalars, index: 1 };
  const adagrad = { kind: "adagrad", eps: 1e-10 } as const;
  return [
    ...linear,
    {
      body: (ops) => ops.embeddingForward({ tables, lookups, out: v, firstSlot: 1 }),
      counted: count(embeddingForwardRecord, counts),
    },
    { body: (ops) => ops.interactionForward({ v, features: F, dim, r }) },
    { body: (ops) => ops.bce({ logits, labels, dlogits, losses, slot }) },
    { body: (ops) => ops.interactionBackward({ v, features: F, dim, dr: r, dv, maskFirst: true }) },
    {
      body: (ops) => ops.embeddingBackward(update),
      counted: count(embeddingBackwardRecord("sgd"), counts),
    },
    { body: (ops) => ops.denseUpdate({ params, grads, state: null, optimizer, learningRate }) },
    { body: (ops) => ops.denseUpdate({ params, grads, state, optimizer: adagrad, learningRate }) },
    ...normalisation(matrix, batch, F, dim, learningRate),
    ...staleness(device, matrix, T, dim, hotRows, owned),
  ];
}

type MakeMatrix = (rows: number, cols: number, label: string) => Matrix;

function normalisation(
  matrix: MakeMatrix,
  batch: number,
  features: number,
  dim: number,
  weight: Scalar,
): Kernel[] {
  const x = matrix(batch, features * dim, "x"), y = matrix(batch, features * dim, "y");
  const dx = matrix(batch, features * dim, "dx");
  const width = interactionWidth(features, dim);
  const r = matrix(batch, width, "r"), s = matrix(batch, width, "s");
  const mean = matrix(1, width, "mean"), variance = matrix(1, width, "variance");
  const shape = { features, dim };
  return [
    { body: (ops) => ops.layerNormForward({ x, ...shape, y }) },
    { body: (ops) => ops.layerNormBackward({ x, ...shape, dy: y, dx, maskFirst: true }) },
    { body: (ops) => ops.columnStatistics({ x: r, mean, variance, weight }) },
    { body: (ops) => ops.standardise({ x: r, mean, variance, y: s }) },
  ];
}

/** Snapshots of some hot rows, and classification: the popular rows are looked up most, and lie anywhere. */
function staleness(
  device: Device,
  matrix: MakeMatrix,
  T: number,
  dim: number,
  hotRows: number,
  owned: { dispose(): void }[],
): Kernel[] {
  const bags = Math.max(1, Math.floor(Math.min(hotRows, 1 << 16) / T));
  const a = matrix(bags, T * dim, "snapshot"), b = matrix(bags, T * dim, "snapshot");
  const change = matrix(1, bags * T, "changes");
  const scores = matrix(1, hotRows, "scores"), out = matrix(CLASSIFIED, 1, "classified");
  const list = device.createBuffer(4 * CLASSIFIED * T, "rows");
  const scalar = device.createBuffer(16, "threshold");
  owned.push(list, scalar);
  const random = new RandomStream(1, "sampling");
  // Uniform in the logarithm of the rank, as popularity is; ranks are scattered over the rows.
  device.write(
    list,
    0,
    Uint32Array.from(
      { length: CLASSIFIED * T },
      (_, i) => Math.floor(hotRows ** random.uniform(i)) * 2_654_435_761 % hotRows,
    ),
  );
  const rows = { buffer: list, offset: 0, length: CLASSIFIED * T };
  const layout = {
    ...{ inputs: CLASSIFIED, groups: 1, lookups: T },
    ...{ groupStride: CLASSIFIED * T, lookupStride: CLASSIFIED, inputStride: 1 },
  };
  const threshold = { buffer: scalar, index: 0 };
  const combines = [{ kind: "nth-smallest", n: T }, { kind: "max" }, { kind: "mean" }] as const;
  return [
    { body: (ops) => ops.rowChange({ a, b, features: T, dim, change, accumulate: false }) },
    { body: (ops) => ops.staleLookups({ scores, threshold, rows, layout, out }) },
    ...combines.map((combine): Kernel => ({
      body: (ops) => ops.inputScores({ scores, rows, layout, combine, out }),
    })),
  ];
}

function count(
  record: OpRecord<EmbeddingShape>,
  counts: EmbeddingShape,
): Kernel["counted"] & object {
  return { shape: { ...counts }, flops: record.flops(counts), bytes: record.bytes(counts) };
}
