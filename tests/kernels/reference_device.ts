/**
 * A device whose arithmetic is the float64 references, rounded to float32 when stored. Slow and obvious: it tests the
 * conformance suite itself, and the training loop without a kernel.
 *
 * @module
 */

import { checkOp } from "../../kernels/check_op.ts";
import { argumentsOf, bufferOf, UNSTAGED } from "../../kernels/op.ts";
import type { OpArgs, OpName, OpNamed } from "../../kernels/ops.ts";
import { present } from "../../kernels/pending.ts";
import {
  checkByteLength,
  checkLookups,
  checkRange,
  highestRow,
  paddedStride,
} from "../../kernels/shapes.ts";
import type {
  Device,
  DeviceBuffer,
  DeviceCounters,
  DeviceInfo,
  EmbeddingTables,
  GroupedLookups,
  LookupBuffers,
  Matrix,
  OpCost,
  Pending,
  Program,
  Recorder,
  TablesSpec,
} from "../../kernels/types.ts";
import {
  own,
  type Owner,
  ReferenceBuffer,
  ReferenceLookups,
  ReferenceTables,
  Resource,
} from "./reference_memory.ts";
import { REFERENCE_OPS, REFERENCE_STEPS, type ReferenceOps } from "./reference_ops.ts";

/** Opens a {@linkcode ReferenceDevice}. */
export function openReferenceDevice(ops: Partial<ReferenceOps> = {}): Promise<Device> {
  return Promise.resolve(new ReferenceDevice({ ...REFERENCE_OPS, ...ops }));
}

class ReferenceProgram extends Resource implements Program {
  readonly costs: OpCost[] = [];
  readonly steps: (() => void)[] = [];

  constructor(device: ReferenceDevice, label: string) {
    super(device, 0, label);
  }
}

class ReferenceDevice implements Device, Owner {
  readonly info: DeviceInfo = {
    kind: "cpu",
    name: "float64 references",
    details: {},
    isFallbackAdapter: true,
    threads: 1,
  };
  readonly counters: DeviceCounters = {
    bytesAllocated: 0,
    peakBytesAllocated: 0,
    bytesUploaded: 0,
    bytesDownloaded: 0,
    dispatches: 0,
    submissions: 0,
    awaitedMappings: 0,
  };
  readonly #ops: ReferenceOps;
  readonly #alive = new Set<Resource>();
  #disposed = false;

  constructor(ops: ReferenceOps) {
    this.#ops = ops;
  }

  assertAlive(): void {
    if (this.#disposed) throw new Error("Cannot use the device: it is disposed");
  }

  adopt(resource: Resource): void {
    this.assertAlive();
    this.#alive.add(resource);
    this.counters.bytesAllocated += resource.bytes;
    this.counters.peakBytesAllocated = Math.max(
      this.counters.peakBytesAllocated,
      this.counters.bytesAllocated,
    );
  }

  release(resource: Resource): void {
    if (this.#alive.delete(resource)) this.counters.bytesAllocated -= resource.bytes;
  }

  createBuffer(byteLength: number, label: string): DeviceBuffer {
    checkByteLength(byteLength, label);
    return new ReferenceBuffer(this, byteLength, label);
  }

  createMatrix(rows: number, cols: number, label: string): Matrix {
    const stride = paddedStride(cols);
    const buffer = this.createBuffer(4 * rows * stride, label);
    return { buffer, offset: 0, rows, cols, stride };
  }

  createTables(spec: TablesSpec, label: string): EmbeddingTables {
    return new ReferenceTables(this, spec, label);
  }

  createLookups(
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ): LookupBuffers {
    return new ReferenceLookups(this, shape, label);
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Float32Array | Uint32Array): void {
    const floats = this.#floats(buffer);
    checkRange("write", buffer, byteOffset, data.byteLength);
    new Uint32Array(floats.buffer, byteOffset, data.length).set(
      new Uint32Array(data.buffer, data.byteOffset, data.length),
    );
    this.counters.bytesUploaded += data.byteLength;
  }

  writeLookups(buffers: LookupBuffers, lookups: GroupedLookups): void {
    const target = own(buffers, ReferenceLookups);
    const bagsTotal = lookups.tables * lookups.bags;
    checkLookups(target, lookups);
    const offsets = lookups.offsets?.slice(0, bagsTotal + 1) ??
      Uint32Array.from({ length: bagsTotal + 1 }, (_, i) => i);
    target.current = {
      bags: lookups.bags,
      rows: lookups.rows.slice(0, lookups.lookups),
      offsets,
      highest: highestRow(lookups),
      updated: new Set(lookups.uniqueRows.subarray(0, lookups.unique)),
    };
    this.counters.bytesUploaded += 4 * (2 * lookups.lookups + 2 * lookups.unique + 1) +
      (lookups.offsets === null ? 0 : offsets.byteLength);
  }

  read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    return this.readLater(buffer, byteOffset, byteLength).wait();
  }

  readLater(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Pending<ArrayBuffer> {
    // Copied before this returns: what is called afterwards may not change it.
    const floats = this.#floats(buffer);
    checkRange("read", buffer, byteOffset, byteLength);
    this.counters.bytesDownloaded += byteLength;
    const part = floats.slice(byteOffset / 4, (byteOffset + byteLength) / 4);
    return present(part.buffer as ArrayBuffer);
  }

  copy(
    from: DeviceBuffer,
    fromByteOffset: number,
    to: DeviceBuffer,
    toByteOffset: number,
    byteLength: number,
  ): void {
    checkRange("copy", from, fromByteOffset, byteLength);
    checkRange("copy", to, toByteOffset, byteLength);
    const start = fromByteOffset / 4;
    this.#floats(to).set(
      this.#floats(from).slice(start, start + byteLength / 4),
      toByteOffset / 4,
    );
  }

  record(label: string, body: (ops: Recorder) => void): Program {
    const program = new ReferenceProgram(this, label);
    body(new ReferenceRecorder(program, this.#ops));
    return program;
  }

  run(program: Program): void {
    const recorded = own(program, ReferenceProgram);
    for (const step of recorded.steps) step();
    this.counters.dispatches += recorded.steps.length;
    this.counters.submissions++;
  }

  async sync(): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
  }

  takeStageTimes(): Promise<Readonly<Record<string, number>>> {
    return Promise.resolve({});
  }

  stageTimesLater(): Pending<Readonly<Record<string, number>>> {
    return present({});
  }

  dispose(): void {
    for (const resource of [...this.#alive]) resource.dispose();
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #floats(buffer: DeviceBuffer): Float32Array {
    return own(buffer, ReferenceBuffer).floats;
  }
}

class ReferenceRecorder implements Recorder {
  readonly #program: ReferenceProgram;
  readonly #ops: ReferenceOps;
  #stage = UNSTAGED;

  constructor(program: ReferenceProgram, ops: ReferenceOps) {
    this.#program = program;
    this.#ops = ops;
  }

  stage(stage: string): void {
    this.#stage = stage;
  }

  add<Name extends OpName>(op: OpNamed<Name>, args: OpArgs[Name]): void {
    checkOp(op, args);
    for (const argument of argumentsOf(op, args)) {
      const { use, value } = argument, buffer = bufferOf(argument);
      if (use === "tables" || use === "updated-tables") own(value, ReferenceTables);
      if (use === "lookups") own(value, ReferenceLookups);
      if (buffer !== null) own(buffer, ReferenceBuffer);
    }
    this.#program.steps.push(() => REFERENCE_STEPS[op.name](this.#ops, args));
    this.#program.costs.push({ ...op.cost(args), stage: this.#stage });
  }
}
