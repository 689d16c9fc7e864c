/**
 * What a device can reach at most, measured with the project's own kernels: the fastest product, and how fast memory is
 * passed over at several sizes. No data sheet's peak: a kernel at 100 % is as fast as the best one here.
 *
 * @module
 */

import { checkpoint } from "../core/events.ts";
import { linearForwardOp } from "../kernels/linear/op.ts";
import type { Device, DeviceBuffer, Program } from "../kernels/types.ts";
import { denseUpdateOp } from "../kernels/update/op.ts";
import { type KernelRow, Launcher } from "./kernels.ts";

/** A device's limits. */
export interface Limits {
  /** 10⁹ floating-point operations a second: the best sample of any product. */
  readonly gflop_s: number;
  /** Of the product that reached it. */
  readonly product: string;
  /** By working set, from small to large; the last is larger than caches are. */
  readonly memory: readonly MemoryRate[];
}

/** How fast memory of a size is passed over. */
interface MemoryRate {
  /** Of all that is read and written. */
  readonly working_set: number;
  /** 10⁹ bytes a second, read and written together: the best sample. */
  readonly gb_s: number;
}

/** How limits are measured. */
interface LimitOptions {
  /** Timed samples of each probe. */
  readonly samples: number;
  /** Least time of a sample in ms. */
  readonly sampleMs: number;
  /** Small probes, for tests. */
  readonly quick: boolean;
  /** Ends it between probes; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Sides of square products: those that fill a device and its caches well. */
const SIDES = { cpu: [512, 1024], webgpu: [1024, 2048, 4096] } as const;
/** Two buffers of half of it each. The last is larger than last-level caches, and fits the buffers that WebGPU grants. */
const WORKING_SETS = [2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26, 192 * 2 ** 20];
/** Small working sets are passed over several times in a program, so that its start does not count. */
const PROGRAM_BYTES = 2 ** 24;

/**
 * Measures a device's limits. Memory: an update of parameters, w -= r g, which reads two arrays and writes one and hardly
 * computes, and for the largest working set a copy, whichever is faster.
 */
export async function measureLimits(device: Device, options: LimitOptions): Promise<Limits> {
  const { quick, signal } = options;
  let product = "", best = 0;
  for (const side of quick ? [16] : SIDES[device.info.kind]) {
    await checkpoint(signal);
    const rate = await productRate(device, side, options);
    if (rate > best) [best, product] = [rate, `${side} × ${side} × ${side}`];
  }
  const memory: MemoryRate[] = [];
  const sets = quick ? [2 ** 12, 2 ** 14] : WORKING_SETS;
  for (const bytes of sets) {
    await checkpoint(signal);
    memory.push({
      working_set: bytes,
      gb_s: await memoryRate(device, bytes, bytes === sets.at(-1), options),
    });
  }
  return { gflop_s: best, product, memory };
}

/** Kernels' own products count too: the limit is what any product reaches. */
export function withProducts(limits: Limits, rows: readonly KernelRow[]): Limits {
  let { gflop_s, product } = limits;
  for (const { op, shape, flops, samples_us } of rows) {
    const rate = flops / Math.min(...samples_us) / 1000;
    if (op.startsWith("linear-") && rate > gflop_s) [gflop_s, product] = [rate, `${op} ${shape}`];
  }
  return { ...limits, gflop_s, product };
}

/** The least time that a kernel could take, and what sets it. */
export interface Bound {
  readonly us: number;
  readonly by: "arithmetic" | "memory";
}

/**
 * The roofline: a kernel takes at least its operations over the product's rate and its bytes over the memory's rate at that
 * working set, which is the same as a rate of min(peak, operations a byte × bandwidth).
 */
export function boundOf(
  { gflop_s, memory }: Limits,
  { flops, bytes }: Pick<KernelRow, "flops" | "bytes">,
): Bound {
  // What a larger working set reaches a smaller one can too, whatever disturbed its own probe.
  const rates = memory.filter(({ working_set }) => working_set >= bytes);
  const gb_s = Math.max(...(rates.length > 0 ? rates : memory.slice(-1)).map((rate) => rate.gb_s));
  const arithmetic = flops / gflop_s / 1000, moving = bytes / gb_s / 1000;
  return arithmetic > moving ? { us: arithmetic, by: "arithmetic" } : { us: moving, by: "memory" };
}

async function productRate(
  device: Device,
  side: number,
  options: LimitOptions,
): Promise<number> {
  const buffers: DeviceBuffer[] = [];
  const matrix = (rows: number, cols: number) => {
    const made = device.createMatrix(rows, cols, "product");
    buffers.push(made.buffer);
    // Zeros would do for time on most machines, not on those that slow down by what they switch.
    device.write(made.buffer, 0, halves(rows * made.stride));
    return made;
  };
  try {
    const [x, w, bias, y] = [
      matrix(side, side),
      matrix(side, side),
      matrix(1, side),
      matrix(side, side),
    ];
    const program = device.record(
      "product",
      (ops) => ops.add(linearForwardOp, { x, w, bias, y, relu: false }),
    );
    try {
      return program.costs[0]!.flops / await least(device, program, options) / 1e6;
    } finally {
      program.dispose();
    }
  } finally {
    for (const buffer of buffers) buffer.dispose();
  }
}

async function memoryRate(
  device: Device,
  bytes: number,
  copied: boolean,
  options: LimitOptions,
): Promise<number> {
  const n = bytes / 8;
  const params = device.createMatrix(1, n, "passed over"),
    grads = device.createMatrix(1, n, "passed over");
  const scalar = device.createBuffer(4, "rate");
  device.write(scalar, 0, new Float32Array([1e-3]));
  // Pages that nobody has written are one and the same page of zeros.
  for (const { buffer, stride } of [params, grads]) device.write(buffer, 0, halves(stride));
  try {
    const times = Math.max(1, Math.floor(PROGRAM_BYTES / bytes));
    const program = device.record("passing over", (ops) => {
      for (let i = 0; i < times; i++) {
        ops.add(denseUpdateOp, {
          params,
          grads,
          state: null,
          optimizer: { kind: "sgd" },
          learningRate: { buffer: scalar, index: 0 },
        });
      }
    });
    const moved = times * program.costs[0]!.bytes;
    let best: number;
    try {
      best = moved / await least(device, program, options) / 1e6;
    } finally {
      program.dispose();
    }
    if (copied) {
      best = Math.max(best, await copyRate(device, params.buffer, grads.buffer, options.samples));
    }
    return best;
  } finally {
    for (const buffer of [params.buffer, grads.buffer, scalar]) buffer.dispose();
  }
}

/** The shortest time of a launch in ms. */
async function least(
  device: Device,
  program: Program,
  { samples, sampleMs }: LimitOptions,
): Promise<number> {
  const launcher = new Launcher(device, program, sampleMs);
  await launcher.warmUp();
  let ms = Infinity;
  for (let i = 0; i < samples; i++) ms = Math.min(ms, await launcher.sample());
  return ms;
}

async function copyRate(
  device: Device,
  from: DeviceBuffer,
  to: DeviceBuffer,
  samples: number,
): Promise<number> {
  const bytes = from.byteLength - from.byteLength % 4;
  let best = 0;
  for (let i = 0; i < samples + 2; i++) {
    await device.sync();
    const begun = performance.now();
    device.copy(from, 0, to, 0, bytes);
    await device.sync();
    best = Math.max(best, 2 * bytes / (performance.now() - begun) / 1e6);
  }
  return best;
}

function halves(length: number): Float32Array {
  return new Float32Array(length).fill(0.5);
}
