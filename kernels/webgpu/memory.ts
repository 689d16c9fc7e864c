/**
 * Device memory: buffers that are counted, given back explicitly, and kept for reuse up to a cap.
 *
 * @module
 */

import type { DeviceBuffer, DeviceCounters } from "../types.ts";
import type { ErrorKeeper } from "./errors.ts";

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC |
  GPUBufferUsage.COPY_DST;

/** Sizes are rounded up, so that vectors of 4 floats can be read to the end and more sizes coincide. */
const GRANULE = 256;

/** Kept buffers: at most so many of a size, and so many bytes in all. */
const MAX_KEPT_OF_A_SIZE = 16;
const MAX_KEPT_BYTES = 256 * 2 ** 20;

/** Bytes of the largest buffer that can be bound whole; limits such as 2^31 - 1 are rounded down. */
export function largestBuffer(limits: GPUSupportedLimits): number {
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  return Math.floor(limit / GRANULE) * GRANULE;
}

/** A buffer of a WebGPU device. */
export class WebGpuBuffer implements DeviceBuffer {
  readonly label: string;
  readonly byteLength: number;
  readonly #memory: Memory;
  #gpu: GPUBuffer | null;

  /** Made by {@linkcode Memory.create}. */
  constructor(memory: Memory, gpu: GPUBuffer, byteLength: number, label: string) {
    this.#memory = memory;
    this.#gpu = gpu;
    this.byteLength = byteLength;
    this.label = label;
  }

  /** Whether it was given back. */
  get disposed(): boolean {
    return this.#gpu === null;
  }

  /** The storage. Throws if it was given back or belongs to another device. */
  storage(memory: Memory): GPUBuffer {
    if (this.#gpu === null) throw new Error(`Cannot use buffer ${this.label}: it is disposed`);
    if (this.#memory !== memory) {
      throw new Error(`Cannot use buffer ${this.label}: it belongs to another device`);
    }
    return this.#gpu;
  }

  /** {@inheritDoc DeviceBuffer.dispose} */
  dispose(): void {
    const gpu = this.#gpu;
    this.#gpu = null;
    if (gpu !== null) this.#memory.giveBack(gpu);
  }
}

/** Creates, counts and reuses the buffers of one device. */
export class Memory {
  readonly #device: GPUDevice;
  readonly #counters: DeviceCounters;
  readonly #errors: ErrorKeeper;
  readonly #live = new Set<GPUBuffer>();
  readonly #kept = new Map<number, GPUBuffer[]>();
  readonly #onReuse: (buffer: GPUBuffer) => void;
  #keptBytes = 0;
  #epoch = 0;
  #closed = false;

  /**
   * @param errors Is told when the device is out of memory.
   * @param onReuse Fills a reused buffer with zeros, after everything queued so far.
   */
  constructor(
    device: GPUDevice,
    counters: DeviceCounters,
    errors: ErrorKeeper,
    onReuse: (buffer: GPUBuffer) => void,
  ) {
    this.#device = device;
    this.#counters = counters;
    this.#errors = errors;
    this.#onReuse = onReuse;
  }

  /** Changes whenever a buffer is given back, so that programs know when to look at theirs again. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Bytes kept for reuse. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** A zero-filled buffer of at least 16 bytes of storage. */
  create(byteLength: number, label: string): WebGpuBuffer {
    const size = Math.max(GRANULE, Math.ceil(byteLength / GRANULE) * GRANULE);
    const limit = largestBuffer(this.#device.limits);
    if (byteLength > limit) {
      throw new RangeError(
        `Cannot create buffer ${label}: it needs ${byteLength} bytes and the adapter binds at most ${limit}`,
      );
    }
    return new WebGpuBuffer(this, this.#take(size, label), byteLength, label);
  }

  /** Takes a buffer back; the pool keeps it if it has room. */
  giveBack(gpu: GPUBuffer): void {
    if (this.#closed || !this.#live.delete(gpu)) return;
    this.#epoch++;
    this.#counters.bytesAllocated -= gpu.size;
    const kept = this.#kept.get(gpu.size) ?? [];
    if (kept.length >= MAX_KEPT_OF_A_SIZE || this.#keptBytes + gpu.size > MAX_KEPT_BYTES) {
      gpu.destroy();
      return;
    }
    kept.push(gpu);
    this.#kept.set(gpu.size, kept);
    this.#keptBytes += gpu.size;
  }

  /** Destroys everything. */
  close(): void {
    this.#closed = true;
    this.#epoch++;
    for (const gpu of this.#live) gpu.destroy();
    for (const list of this.#kept.values()) for (const gpu of list) gpu.destroy();
    this.#live.clear();
    this.#kept.clear();
    this.#keptBytes = 0;
    this.#counters.bytesAllocated = 0;
  }

  #take(size: number, label: string): GPUBuffer {
    let gpu = this.#kept.get(size)?.pop();
    if (gpu === undefined) {
      gpu = this.#errors.watch(
        this.#device,
        `create buffer ${label} of ${size} bytes`,
        () => this.#device.createBuffer({ size, usage: USAGE, label }),
        "out-of-memory",
      );
    } else {
      this.#keptBytes -= size;
      gpu.label = label;
      this.#onReuse(gpu);
    }
    this.#live.add(gpu);
    const counters = this.#counters;
    counters.bytesAllocated += size;
    counters.peakBytesAllocated = Math.max(counters.peakBytesAllocated, counters.bytesAllocated);
    return gpu;
  }
}
