/**
 * The WebGPU device.
 *
 * @module
 */

import { present } from "../pending.ts";
import { checkByteLength, checkMatrixSize, checkRange, paddedStride } from "../shapes.ts";
import type {
  Device,
  DeviceBuffer,
  DeviceCounters,
  DeviceInfo,
  EmbeddingTables,
  GroupedLookups,
  LookupBuffers,
  Matrix,
  Pending,
  Program,
  Recorder,
  TablesSpec,
} from "../types.ts";
import {
  adapterBackend,
  type AdapterKind,
  describeAdapter,
  findAdapter,
  missingAdapter,
} from "./adapter.ts";
import type { DeviceLostError } from "../device_lost.ts";
import { ErrorKeeper } from "./errors.ts";
import type { Launch } from "./kernel.ts";
import { WebGpuLookups } from "./lookups.ts";
import { largestBuffer, Memory, WebGpuBuffer } from "./memory.ts";
import { PipelineCache } from "./pipelines.ts";
import { ProgramBuilder, type ProgramHost, WebGpuProgram } from "./program.ts";
import { Submitter } from "./queue.ts";
import { LATER_BYTES, Readback } from "./readback.ts";
import { type TablesHost, WebGpuTables } from "./tables.ts";
import { StageTimer } from "./timing.ts";
import { chooseKernels, type KernelVariants } from "./variants.ts";

/** How a WebGPU device is opened. */
export interface WebGpuOptions {
  /** Which adapters will do. By default `hardware`: a software adapter has to be asked for. */
  readonly adapter?: AdapterKind;
  /** Lowers the size of table shards, in bytes; for tests. */
  readonly maxBindingBytes?: number;
  /** Lowers the workgroups a dimension; for tests. */
  readonly maxWorkgroupsPerDimension?: number;
  /** Whether stages are timed where the adapter can, which splits a program into a pass a stage; false by default. */
  readonly timestamps?: boolean;
  /** Kernels other than the standard ones: see `variants.ts`. */
  readonly kernels?: Partial<KernelVariants>;
}

/** Limits asked for in full; WebGPU grants only its defaults unless asked. */
const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

/**
 * Opens a WebGPU device.
 *
 * @returns The device; dispose it when done.
 * @throws {UserError} If there is no such adapter, saying what to install or try.
 */
export async function openWebGpuDevice(
  options: WebGpuOptions = {},
): Promise<Device & Disposable> {
  const kind = options.adapter ?? "hardware";
  const adapter = await findAdapter(kind);
  if (adapter === null) throw await missingAdapter(kind);
  return await WebGpuDevice.open(adapter, options);
}

/** A device on a WebGPU adapter. */
export class WebGpuDevice implements Device, Disposable, ProgramHost, TablesHost {
  readonly info: DeviceInfo;
  readonly counters: DeviceCounters = {
    bytesAllocated: 0,
    peakBytesAllocated: 0,
    bytesUploaded: 0,
    bytesDownloaded: 0,
    dispatches: 0,
    submissions: 0,
    awaitedMappings: 0,
  };
  /** The device underneath. */
  readonly gpu: GPUDevice;
  readonly errors: ErrorKeeper;
  readonly submitter: Submitter;
  readonly memory: Memory;
  readonly pipelines: PipelineCache;
  readonly readback: Readback;
  readonly timer: StageTimer | null;
  readonly unused: readonly WebGpuBuffer[];
  readonly maxBindingBytes: number;
  readonly maxWorkgroupsPerDimension: number;
  readonly variants: KernelVariants;
  #open = true;

  private constructor(
    gpu: GPUDevice,
    info: DeviceInfo,
    options: WebGpuOptions,
    variants: KernelVariants,
  ) {
    this.gpu = gpu;
    this.info = info;
    const { limits } = gpu;
    this.maxBindingBytes = Math.min(largestBuffer(limits), options.maxBindingBytes ?? Infinity);
    this.maxWorkgroupsPerDimension = Math.min(
      limits.maxComputeWorkgroupsPerDimension,
      options.maxWorkgroupsPerDimension ?? Infinity,
    );
    this.variants = variants;
    this.errors = new ErrorKeeper(gpu);
    this.submitter = new Submitter(gpu.queue, this.counters);
    const submit = (commands: GPUCommandBuffer): void => this.submitter.submit(commands);
    this.memory = new Memory(gpu, this.counters, this.errors, (buffer) => this.clear(buffer));
    this.pipelines = new PipelineCache(gpu, this.errors);
    this.readback = new Readback(gpu, submit, this.counters);
    this.timer = gpu.features.has("timestamp-query")
      ? new StageTimer(gpu, this.readback, submit)
      : null;
    this.unused = [0, 1].map((i) => this.memory.create(16, `unused ${i}`));
    // Bookkeeping of the device itself, not of what was asked of it.
    this.counters.bytesAllocated = 0;
    this.counters.peakBytesAllocated = 0;
  }

  /** Opens a device on an adapter. */
  static async open(adapter: GPUAdapter, options: WebGpuOptions): Promise<WebGpuDevice> {
    const variants = chooseKernels(options.kernels ?? {});
    const timed = (options.timestamps ?? false) && adapter.features.has("timestamp-query");
    const gpu = await adapter.requestDevice({
      label: "slipstream",
      requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
      requiredFeatures: timed ? ["timestamp-query"] : [],
    });
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    const info: DeviceInfo = {
      kind: "webgpu",
      name: describeAdapter(adapter),
      details: {
        vendor,
        architecture,
        device,
        description,
        backend: adapterBackend(),
        ...Object.fromEntries(LIMITS.map((name) => [name, gpu.limits[name]])),
      },
      isFallbackAdapter,
      threads: 1,
    };
    return new WebGpuDevice(gpu, info, options, variants);
  }

  /** {@inheritDoc Device.createBuffer} */
  createBuffer(byteLength: number, label: string): WebGpuBuffer {
    this.checkOpen();
    checkByteLength(byteLength, label);
    return this.memory.create(byteLength, label);
  }

  /** {@inheritDoc Device.createMatrix} */
  createMatrix(rows: number, cols: number, label: string): Matrix {
    checkMatrixSize(rows, cols, label);
    const stride = paddedStride(cols);
    return { buffer: this.createBuffer(4 * rows * stride, label), offset: 0, rows, cols, stride };
  }

  /** {@inheritDoc Device.createTables} */
  createTables(spec: TablesSpec, label: string): EmbeddingTables {
    this.checkOpen();
    return new WebGpuTables(this, spec, label);
  }

  /** {@inheritDoc Device.createLookups} */
  createLookups(
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ): LookupBuffers {
    this.checkOpen();
    return new WebGpuLookups(this.memory, shape, label, this.variants.longSegment);
  }

  /** {@inheritDoc Device.write} */
  write(buffer: DeviceBuffer, byteOffset: number, data: Float32Array | Uint32Array): void {
    this.checkOpen();
    const gpu = this.#storage(buffer);
    checkRange("write", buffer, byteOffset, data.byteLength);
    this.submitter.write(gpu, byteOffset, data);
  }

  /** {@inheritDoc Device.writeLookups} */
  writeLookups(buffers: LookupBuffers, lookups: GroupedLookups): void {
    this.checkOpen();
    if (!(buffers instanceof WebGpuLookups)) {
      throw new Error("Cannot write lookups: the buffers belong to another device");
    }
    buffers.write(this.memory, this.submitter, lookups);
  }

  /** {@inheritDoc Device.read} */
  async read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    this.checkOpen();
    const gpu = this.#storage(buffer);
    checkRange("read", buffer, byteOffset, byteLength);
    const result = new ArrayBuffer(byteLength);
    await this.readback.read(gpu, byteOffset, new Uint8Array(result));
    await this.finishRead(byteLength);
    return result;
  }

  /** {@inheritDoc Device.readLater} */
  readLater(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Pending<ArrayBuffer> {
    this.checkOpen();
    const gpu = this.#storage(buffer);
    checkRange("read", buffer, byteOffset, byteLength);
    if (byteLength > LATER_BYTES) {
      throw new RangeError(
        `Cannot read ${byteLength} bytes of ${buffer.label} later: the most is ${LATER_BYTES}`,
      );
    }
    const result = new ArrayBuffer(byteLength);
    const landing = this.readback.start(gpu, byteOffset, new Uint8Array(result));
    this.counters.bytesDownloaded += byteLength;
    return {
      take: () => {
        this.errors.throwPending();
        return landing.arrived() ? result : null;
      },
      wait: async () => {
        await landing.wait();
        await this.finishRead(0);
        return result;
      },
    };
  }

  /** {@inheritDoc Device.copy} */
  copy(
    from: DeviceBuffer,
    fromByteOffset: number,
    to: DeviceBuffer,
    toByteOffset: number,
    byteLength: number,
  ): void {
    this.checkOpen();
    const [source, target] = [this.#storage(from), this.#storage(to)];
    checkRange("copy", from, fromByteOffset, byteLength);
    checkRange("copy", to, toByteOffset, byteLength);
    if (byteLength === 0) return;
    this.#submit(`copy ${from.label} to ${to.label}`, (encoder) => {
      if (source !== target) {
        encoder.copyBufferToBuffer(source, fromByteOffset, target, toByteOffset, byteLength);
        return;
      }
      // WebGPU copies only between different buffers.
      const between = this.memory.create(byteLength, "copy");
      const storage = between.storage(this.memory);
      encoder.copyBufferToBuffer(source, fromByteOffset, storage, 0, byteLength);
      encoder.copyBufferToBuffer(storage, 0, target, toByteOffset, byteLength);
      between.dispose();
    });
  }

  /** {@inheritDoc Device.record} */
  record(label: string, body: (ops: Recorder) => void): Program {
    this.checkOpen();
    const builder = new ProgramBuilder(this);
    body(builder);
    return builder.build(label);
  }

  /** {@inheritDoc Device.run} */
  run(program: Program): void {
    this.checkOpen();
    this.errors.throwPending();
    if (!(program instanceof WebGpuProgram)) {
      throw new Error(`Cannot run program ${program.label}: it belongs to another device`);
    }
    this.counters.dispatches += program.run(this);
  }

  /** {@inheritDoc Device.sync} */
  async sync(): Promise<void> {
    this.checkOpen();
    // Where memory is short there may be none to wait with.
    await this.finishRead(0);
    await this.readback.wait();
    await this.finishRead(0);
  }

  /** {@inheritDoc Device.takeStageTimes} */
  async takeStageTimes(): Promise<Readonly<Record<string, number>>> {
    this.checkOpen();
    return this.timer === null ? {} : await this.timer.later().wait();
  }

  /** {@inheritDoc Device.stageTimesLater} */
  stageTimesLater(): Pending<Readonly<Record<string, number>>> {
    this.checkOpen();
    return this.timer?.later() ?? present({});
  }

  /** {@inheritDoc Device.loss} */
  loss(): Promise<DeviceLostError | null> {
    return this.errors.loss();
  }

  /** {@inheritDoc Device.dispose} */
  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.readback.close();
    this.timer?.close();
    this.memory.close();
    this.errors.close();
    this.gpu.destroy();
  }

  /** Disposes the device at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** {@inheritDoc TablesHost.launchNow} */
  launchNow(label: string, launches: readonly Launch[]): void {
    const builder = new ProgramBuilder(this);
    for (const launch of launches) builder.launch(launch);
    const program = builder.build(label);
    this.counters.dispatches += program.run(this, false);
    program.dispose();
  }

  /** {@inheritDoc TablesHost.clear} */
  clear(buffer: GPUBuffer): void {
    this.#submit(`clear ${buffer.label}`, (encoder) => encoder.clearBuffer(buffer));
  }

  /** {@inheritDoc TablesHost.checkOpen} */
  checkOpen(): void {
    if (!this.#open) throw new Error("Cannot use the device: it is disposed");
  }

  /** {@inheritDoc TablesHost.finishRead} */
  async finishRead(bytes: number): Promise<void> {
    await this.errors.settle();
    this.errors.throwPending();
    this.counters.bytesDownloaded += bytes;
  }

  #submit(label: string, encode: (encoder: GPUCommandEncoder) => void): void {
    this.errors.watch(this.gpu, label, () => {
      const encoder = this.gpu.createCommandEncoder({ label });
      encode(encoder);
      this.submitter.submit(encoder.finish());
    });
  }

  #storage(buffer: DeviceBuffer): GPUBuffer {
    if (!(buffer instanceof WebGpuBuffer)) {
      throw new Error(`Cannot use buffer ${buffer.label}: it belongs to another device`);
    }
    return buffer.storage(this.memory);
  }
}
