/**
 * Device memory: buffers that are counted, given back explicitly, and kept for reuse up to a cap.
 *
 * @module
 */

import { formatBytes } from "../../core/format.ts";
import type { DeviceBuffer, DeviceCounters } from "../types.ts";
import { type ErrorKeeper, outOfMemory } from "./errors.ts";

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
  #touched = false;

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

  /** Whether its storage may still be replaced, because it has not been used yet. */
  get untouched(): boolean {
    return !this.#touched && this.#gpu !== null;
  }

  /** Replaces storage that has not been used yet. */
  replace(gpu: GPUBuffer): void {
    this.#gpu = gpu;
  }

  /** The storage. Throws if it was given back or belongs to another device. */
  storage(memory: Memory): GPUBuffer {
    if (this.#gpu === null) throw new Error(`Cannot use buffer ${this.label}: it is disposed`);
    if (this.#memory !== memory) {
      throw new Error(`Cannot use buffer ${this.label}: it belongs to another device`);
    }
    this.#touched = true;
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

  /** Changes whenever a buffer is given back, so that programs know when to check theirs again. */
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
    const beside = this.#counters.bytesAllocated;
    const gpu: GPUBuffer = this.#reuse(size, label) ?? this.#errors.watchMemory(
      this.#device,
      () => this.#device.createBuffer({ size, usage: USAGE, label }),
      (cause) => this.#createAgain(buffer, gpu, beside, cause),
    );
    const buffer: WebGpuBuffer = new WebGpuBuffer(this, gpu, byteLength, label);
    this.#admit(gpu);
    return buffer;
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
    this.#live.clear();
    this.#empty();
    this.#counters.bytesAllocated = 0;
  }

  /** Counts a buffer among the living. */
  #admit(gpu: GPUBuffer): void {
    this.#live.add(gpu);
    const counters = this.#counters;
    counters.bytesAllocated += gpu.size;
    counters.peakBytesAllocated = Math.max(counters.peakBytesAllocated, counters.bytesAllocated);
  }

  /** A kept buffer of that size, zero-filled, if there is one. */
  #reuse(size: number, label: string): GPUBuffer | null {
    const gpu = this.#kept.get(size)?.pop();
    if (gpu === undefined) return null;
    this.#keptBytes -= size;
    gpu.label = label;
    this.#onReuse(gpu);
    return gpu;
  }

  /** Destroys what is kept for reuse. */
  #empty(): void {
    for (const list of this.#kept.values()) for (const gpu of list) gpu.destroy();
    this.#kept.clear();
    this.#keptBytes = 0;
  }

  /**
   * Handles a lack of memory that was reported after `create` returned: gives back the kept buffers and tries once
   * more, unless the buffer has been used meanwhile and its contents are lost.
   *
   * @param failed The storage that there was no memory for.
   * @param beside Bytes that were allocated beside it.
   */
  async #createAgain(
    buffer: WebGpuBuffer,
    failed: GPUBuffer,
    beside: number,
    cause: GPUError,
  ): Promise<void> {
    const { size, label } = failed;
    this.#empty();
    // Given back from now on, it is not kept for reuse.
    if (this.#live.delete(failed)) this.#counters.bytesAllocated -= size;
    // Destroyed buffers are freed once the work is done that may use them.
    if (buffer.untouched) await this.#device.queue.onSubmittedWorkDone();
    if (this.#closed) return;
    if (buffer.untouched) {
      this.#device.pushErrorScope("out-of-memory");
      const gpu = this.#device.createBuffer({ size, usage: USAGE, label });
      const error = await this.#device.popErrorScope();
      if (error === null && buffer.untouched && !this.#closed) {
        buffer.replace(gpu);
        this.#admit(gpu);
        return;
      }
      gpu.destroy();
    }
    this.#errors.keep(
      outOfMemory(
        `allocate ${formatBytes(size)} for ${label} beside ${formatBytes(beside)}`,
        cause,
      ),
    );
  }
}
