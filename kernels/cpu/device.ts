/**
 * The CPU device: the ops in WASM SIMD on all cores. The calling thread works beside `threads - 1` Workers on shared
 * memory; results do not depend on how many there are.
 *
 * @module
 */

import { initUniformKernel } from "../embedding/wasm.ts";
import { present } from "../pending.ts";
import {
  checkByteLength,
  checkLookupCapacity,
  checkLookups,
  checkMatrixSize,
  checkRange,
  checkTables,
  paddedStride,
} from "../shapes.ts";
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
import { INIT_UNIFORM } from "./encoders.ts";
import { fusesMultiplyAdd } from "./fused.ts";
import { RECORD_BYTES, SCRATCH, SCRATCH_STRIDE, TILE_BYTES, WIDE, WORKSPACE } from "./layout.ts";
import { CpuBuffer, CpuLookups, CpuTables, Store } from "./memory.ts";
import { encodeOp, type WasmOp } from "./op.ts";
import { CpuProgram, CpuRecorder, writeRecord } from "./program.ts";
import { NO_STAGE } from "./stages.ts";
import { Team } from "./team.ts";
import { wideModeFlags } from "./v8_flags.ts";

/** How a CPU device is opened. */
export interface CpuDeviceOptions {
  /** Threads that do arithmetic, the calling one included: 1 to 256. Default: one for each logical processor. */
  readonly threads?: number;
  /**
   * Takes the matrix kernel that is made for V8's 256-bit mode, where the processor has one (x86-64 with fused
   * multiply-adds). The same bits; faster if the process was started with the flags that kernels/cpu/v8_flags.ts prints,
   * slower if not. Default false.
   */
  readonly wide?: boolean;
}

/**
 * Opens a CPU device. Its Workers live until `dispose`, and keep the process alive until then; to load them takes
 * `--allow-read` of this module's folder, unless `threads` is 1.
 *
 * @throws {RangeError} If `threads` is not an integer from 1 to 256.
 * @throws {Error} If a Worker cannot start.
 */
export async function openCpuDevice(options: CpuDeviceOptions = {}): Promise<Device & Disposable> {
  const threads = options.threads ?? Math.min(256, navigator.hardwareConcurrency);
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new RangeError(
      `Cannot open the CPU device: threads is ${threads}, not an integer from 1 to 256`,
    );
  }
  const wide = options.wide === true && wideModeFlags().length > 0 && fusesMultiplyAdd();
  return new CpuDevice(new Store(await Team.open(threads)), wide);
}

class CpuDevice implements Device, Disposable {
  readonly info: DeviceInfo;
  readonly counters: Readonly<DeviceCounters>;
  readonly #store: Store;
  /** Memory the ops share while they run, and each thread's own; they grow with the programs. */
  #workspace = { address: 0, bytes: 0 };
  #scratch = { address: 0, bytes: 0 };

  constructor(store: Store, wide: boolean) {
    this.#store = store;
    this.counters = store.counters;
    store.words(WIDE, 1)[0] = wide ? 1 : 0;
    this.info = {
      kind: "cpu",
      name: wide ? "WASM SIMD, wide" : "WASM SIMD",
      details: {},
      isFallbackAdapter: false,
      threads: store.team.threads,
    };
  }

  createBuffer(byteLength: number, label: string): DeviceBuffer {
    this.#store.check("create a buffer");
    checkByteLength(byteLength, label);
    return new CpuBuffer(this.#store, byteLength, label);
  }

  createMatrix(rows: number, cols: number, label: string): Matrix {
    checkMatrixSize(rows, cols, label);
    const stride = paddedStride(cols);
    return { buffer: this.createBuffer(4 * rows * stride, label), offset: 0, rows, cols, stride };
  }

  createTables(spec: TablesSpec, label: string): EmbeddingTables {
    this.#store.check("create tables");
    const offsets = checkTables(spec, label);
    return new CpuTables(this.#store, spec, offsets, label, (args) => {
      const place = new CpuRecorder(this.#store);
      this.#runAlone(encodeOp(INIT_UNIFORM, initUniformKernel, place, args));
    });
  }

  createLookups(
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ): LookupBuffers {
    this.#store.check("create lookups");
    checkLookupCapacity(shape, label);
    return new CpuLookups(this.#store, shape, label);
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Float32Array | Uint32Array): void {
    const bytes = this.#bytes("write", buffer, byteOffset, data.byteLength);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#store.counters.bytesUploaded += data.byteLength;
  }

  writeLookups(buffers: LookupBuffers, lookups: GroupedLookups): void {
    const owned = this.#own(buffers, "write lookups", buffers instanceof CpuLookups) as CpuLookups;
    checkLookups(owned, lookups);
    owned.write(lookups);
  }

  async read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    return await Promise.resolve(this.#read(buffer, byteOffset, byteLength));
  }

  readLater(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Pending<ArrayBuffer> {
    return present(this.#read(buffer, byteOffset, byteLength));
  }

  copy(
    from: DeviceBuffer,
    fromByteOffset: number,
    to: DeviceBuffer,
    toByteOffset: number,
    byteLength: number,
  ): void {
    const source = this.#bytes("copy", from, fromByteOffset, byteLength);
    this.#bytes("copy", to, toByteOffset, byteLength).set(source);
  }

  record(label: string, body: (ops: Recorder) => void): Program {
    this.#store.check("record a program");
    const recorder = new CpuRecorder(this.#store);
    body(recorder);
    for (const op of recorder.ops) this.#reserve(op);
    return new CpuProgram(this.#store, label, recorder);
  }

  run(program: Program): void {
    this.#store.check("run a program");
    if (!(program instanceof CpuProgram) || program.store !== this.#store) {
      throw new TypeError(`Cannot run program ${program.label}: it belongs to another device`);
    }
    program.check();
    this.#store.team.run(program.address, program.costs.length);
    this.#store.counters.dispatches += program.costs.length;
    this.#store.counters.submissions++;
  }

  async sync(): Promise<void> {
    await Promise.resolve();
    this.#store.check("wait for the device");
  }

  async takeStageTimes(): Promise<Readonly<Record<string, number>>> {
    await Promise.resolve();
    this.#store.check("take stage times");
    return this.#store.stages.take();
  }

  stageTimesLater(): Pending<Readonly<Record<string, number>>> {
    this.#store.check("take stage times");
    return present(this.#store.stages.take());
  }

  dispose(): void {
    if (!this.#store.alive) return;
    this.#store.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Runs one op that no program holds. */
  #runAlone(op: WasmOp): void {
    this.#reserve(op);
    const record = this.#store.allocate(RECORD_BYTES, "op record");
    try {
      writeRecord(this.#store, record, op, NO_STAGE);
      this.#store.team.run(record, 1);
    } finally {
      this.#store.release(record);
    }
    this.#store.counters.dispatches++;
    this.#store.counters.submissions++;
  }

  /** Makes the workspace and the scratch large enough for an op. */
  #reserve({ workspaceBytes = 0, scratchBytes = 0 }: WasmOp): void {
    const { threads } = this.#store.team;
    if (workspaceBytes > this.#workspace.bytes) {
      this.#workspace = this.#exchange(this.#workspace, workspaceBytes, "workspace");
      this.#store.words(WORKSPACE, 1)[0] = this.#workspace.address;
    }
    // Whole pages keep one thread's scratch off the other's cache lines.
    const stride = 4096 * Math.ceil((scratchBytes + TILE_BYTES + 64) / 4096);
    if (stride * threads > this.#scratch.bytes) {
      this.#scratch = this.#exchange(this.#scratch, stride * threads, "scratch");
      this.#store.words(SCRATCH, 1)[0] = this.#scratch.address;
      this.#store.words(SCRATCH_STRIDE, 1)[0] = stride;
    }
  }

  #exchange(
    old: { address: number; bytes: number },
    bytes: number,
    label: string,
  ): { address: number; bytes: number } {
    const address = this.#store.allocate(bytes, label);
    if (old.bytes > 0) this.#store.release(old.address);
    return { address, bytes };
  }

  /** Copied at once: a program run after this call does not show. */
  #read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): ArrayBuffer {
    const bytes = this.#bytes("read", buffer, byteOffset, byteLength);
    const result = new Uint8Array(byteLength);
    result.set(bytes);
    this.#store.counters.bytesDownloaded += byteLength;
    return result.buffer;
  }

  #bytes(
    action: "write" | "read" | "copy",
    buffer: DeviceBuffer,
    byteOffset: number,
    byteLength: number,
  ): Uint8Array {
    const what = `${action} buffer ${buffer.label}`;
    const owned = this.#own(buffer, what, buffer instanceof CpuBuffer) as CpuBuffer;
    checkRange(action, owned, byteOffset, byteLength);
    const { memory } = this.#store.team;
    return new Uint8Array(memory.buffer, owned.address + byteOffset, byteLength);
  }

  #own(it: object, action: string, isCpu: boolean): CpuBuffer | CpuLookups {
    const owned = it as CpuBuffer | CpuLookups;
    if (!isCpu || owned.store !== this.#store) {
      throw new TypeError(`Cannot ${action}: it belongs to another device`);
    }
    owned.check(action);
    return owned;
  }
}
