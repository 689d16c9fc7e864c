/**
 * What the cases of a calibration share: devices, memory for operands, data sets.
 *
 * @module
 */

import { materialise } from "../../data/materialised.ts";
import { openTwin } from "../../data/twin/open.ts";
import type { Dataset } from "../../data/types.ts";
import type { ExampleMaker } from "../../kernels/example.ts";
import type {
  Device,
  DeviceBuffer,
  Matrix,
  Program,
  Recorder,
  Scalar,
} from "../../kernels/types.ts";
import { paddedStride } from "../../kernels/shapes.ts";
import { findHotSet, segregate, type Segregation } from "../../train/plan/hot_set.ts";
import type { HotRows } from "../../train/plan/hot_rows.ts";
import { PLAN_DEFAULTS } from "../../train/plan/options.ts";
import type { Grids, Timed } from "./cases.ts";

/** A data set in memory with its hot rows. */
export interface HostData {
  readonly dataset: Dataset;
  readonly hot: HotRows;
  readonly order: { readonly kind: "shuffled"; readonly seed: number; readonly epoch: number };
  readonly segregation: Segregation;
}

/** Seed of the data sets: runs that are predicted draw others. */
const SEED = 77;

/** Bytes that pass through the caches between two uses of the same operands: those of a training step of RM2. */
const RING_BYTES = 16 * 2 ** 20;

/** Bytes that pass through the caches between two minibatches' work on rows and on the host: more than caches hold. */
const PASSING_BYTES = 64 * 2 ** 20;

/** A program of several operations is no longer than this, so that what disturbs a machine for a moment misses most samples. */
const PROGRAM_MS = 8;

/** Memory that operands are views of. */
class Arena {
  readonly buffer: DeviceBuffer;
  readonly #floats: number;
  #at = 0;

  /** @param middle What the numbers lie around, 0.5 to either side. */
  constructor(device: Device, floats: number, label: string, middle = 0.01) {
    this.#floats = floats;
    this.buffer = device.createBuffer(4 * floats, label);
    const chunk = Float32Array.from({ length: 1 << 16 }, (_, i) => Math.sin(i * i) * 0.5 + middle);
    for (let at = 0; at < floats; at += chunk.length) {
      device.write(this.buffer, 4 * at, chunk.subarray(0, Math.min(chunk.length, floats - at)));
    }
  }

  /** The next matrix; the arena begins again at its end. */
  take(rows: number, cols: number): Matrix {
    const stride = paddedStride(cols);
    // Whole lines, and off a power of two.
    const floats = 64 * Math.ceil(rows * stride / 64) + 64;
    if (floats > this.#floats) {
      throw new RangeError(`Cannot take ${rows} x ${cols}: the arena has ${this.#floats} floats`);
    }
    if (this.#at + floats > this.#floats) this.#at = 0;
    const offset = this.#at;
    this.#at += floats;
    return { buffer: this.buffer, offset, rows, cols, stride };
  }
}

/** Devices, operands and data sets. */
export class Bench implements Disposable, ExampleMaker {
  readonly device: Device;
  /** The CPU device; `device` itself where that is one. */
  readonly host: Device;
  readonly grids: Grids;
  /** Read by operations. */
  readonly inputs: Arena;
  /** Read by operations: numbers above 0. */
  readonly #positive: Arena;
  /** Written by operations. */
  readonly outputs: Arena;
  /** A learning rate or a weight (0), and a slot (1). */
  readonly #scalars: DeviceBuffer;
  readonly #sampleMs: number;
  readonly #data = new Map<string, Promise<HostData>>();
  readonly #signal: AbortSignal | undefined;
  readonly #evict: DeviceBuffer;

  constructor(
    device: Device,
    host: Device,
    grids: Grids,
    quick: boolean,
    signal: AbortSignal | undefined,
  ) {
    this.device = device;
    this.host = host;
    this.grids = grids;
    this.#signal = signal;
    this.#sampleMs = quick ? 0.2 : 3;
    const widest = Math.max(
      Math.max(...grids.M) * (Math.max(...grids.K, ...grids.N, 432) + 64),
      Math.max(...grids.B) * (Math.max(...grids.F) * Math.max(...grids.dims) + 64),
      Math.max(...grids.plain) * 512,
    ) + (1 << 16);
    const size = Math.max(widest, quick ? 1 << 16 : 1 << 24);
    this.inputs = new Arena(device, Math.floor(1.5 * size), "calibration inputs");
    this.#positive = new Arena(device, 1 << 16, "calibration variances", 0.75);
    this.outputs = new Arena(device, size, "calibration outputs");
    this.#scalars = device.createBuffer(16, "calibration scalars");
    device.write(this.#scalars, 0, new Float32Array([1e-7]));
    this.#evict = host.createBuffer(quick ? 1 << 16 : PASSING_BYTES, "what else a step reads");
  }

  read(rows: number, cols: number, values?: "positive"): Matrix {
    return (values === "positive" ? this.#positive : this.inputs).take(rows, cols);
  }

  written(rows: number, cols: number): Matrix {
    return this.outputs.take(rows, cols);
  }

  scalar(): Scalar {
    return { buffer: this.#scalars, index: 0 };
  }

  slot(): Scalar {
    return { buffer: this.#scalars, index: 1 };
  }

  rowList(): never {
    throw new Error("Cannot time an op on a list of rows: no training step has one");
  }

  tables(): never {
    throw new Error("Cannot time an op on tables here: their place in memory matters");
  }

  lookups(): never {
    return this.tables();
  }

  /** A data set in memory. */
  data(kind: "single" | "steps"): Promise<HostData> {
    const known = this.#data.get(kind);
    if (known !== undefined) return known;
    const making = this.#draw(kind);
    this.#data.set(kind, making);
    return making;
  }

  /**
   * One operation, on other operands each time, so many times that a sample is long enough. A sample is microseconds an
   * operation.
   *
   * @param bytes Of the operands of one.
   * @param record Appends one operation on operands of its own.
   */
  async ops(bytes: number, record: (ops: Recorder) => void): Promise<Timed> {
    const copies = Math.max(1, Math.min(48, Math.ceil(RING_BYTES / Math.max(1, bytes))));
    const { device } = this;
    let program: Program = this.device.record("calibration", (ops) => record(ops));
    const one = await this.#time(program, 1);
    const number = Math.max(1, Math.min(copies, Math.ceil(PROGRAM_MS / Math.max(0.001, one))));
    program.dispose();
    program = device.record("calibration", (ops) => {
      for (let i = 0; i < number; i++) record(ops);
    });
    const all = await this.#time(program, 1);
    const runs = Math.max(1, Math.min(1000, Math.ceil(this.#sampleMs / Math.max(0.001, all))));
    return {
      sample: async () => 1000 * await this.#time(program, runs) / runs / number,
      dispose: () => program.dispose(),
    };
  }

  /** What a step reads and writes beside what is timed passes through the caches. */
  evict(): void {
    const half = this.#evict.byteLength / 2;
    this.host.copy(this.#evict, 0, this.#evict, half, half);
  }

  /** Milliseconds of some runs. */
  async #time(program: Program, runs: number): Promise<number> {
    const { device } = this;
    await device.sync();
    const begun = performance.now();
    for (let i = 0; i < runs; i++) device.run(program);
    await device.sync();
    return performance.now() - begun;
  }

  async #draw(kind: "single" | "steps"): Promise<HostData> {
    const { drawn, hotShare } = this.grids;
    const twin = await openTwin({
      twin: kind === "single" ? "rm2" : "rm1",
      inputs: drawn[kind],
      seed: SEED,
    });
    const dataset = await materialise(twin, { vocabulary: "seen", signal: this.#signal });
    twin.close();
    const rows = dataset.schema.tables.map((table) => table.rows);
    const dim = 16;
    const bytes = 4 * dim * rows.reduce((sum, n) => sum + n, 0);
    const options = {
      ...PLAN_DEFAULTS,
      name: "fae",
      hotMemoryMib: hotShare * bytes / 2 ** 20,
      profile: 1,
    } as const;
    const hooks = this.#signal === undefined ? {} : { signal: this.#signal };
    const { rows: hot } = await findHotSet(dataset, options, rows, dim, SEED, hooks);
    const order = { kind: "shuffled", seed: SEED, epoch: 0 } as const;
    return { dataset, hot, order, segregation: await segregate(dataset, order, hot, hooks) };
  }

  [Symbol.dispose](): void {
    for (const arena of [this.inputs, this.#positive, this.outputs]) {
      arena.buffer.dispose();
    }
    this.#scalars.dispose();
    this.#evict.dispose();
  }
}
