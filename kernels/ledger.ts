/**
 * A device that does nothing and notes what it is asked to do: the operations of a training step with their costs, and the
 * bytes that are written, read and copied. It has no memory, so that a model of any size takes none.
 *
 * @module
 */

import * as costs from "./costs.ts";
import {
  embeddingBackwardRecord,
  embeddingForwardRecord,
  stateFloats,
} from "./embedding/record.ts";
import { checkTables, paddedStride } from "./shapes.ts";
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
  Program,
  Recorder,
  Stage,
  TablesSpec,
} from "./types.ts";

/** An operation of a program that was run. Embedding operations count the lookups of the minibatch written last. */
export interface LedgerOp extends OpCost {
  /** Bytes of the rows of the tables that an embedding operation works on; 0 for others. */
  readonly tableBytes: number;
}

/** Something that a device was asked to do. */
export type LedgerEntry =
  | { readonly kind: "run"; readonly ops: readonly LedgerOp[] }
  | { readonly kind: "write" | "read" | "copy"; readonly bytes: number }
  | { readonly kind: "lookups"; readonly lookups: number; readonly unique: number };

/** A program that was recorded: operations with the lookup buffers and tables that they will read. */
interface LedgerProgram extends Program {
  readonly parts: readonly {
    readonly lookups: LookupBuffers | null;
    readonly tables: EmbeddingTables | null;
  }[];
}

/** Notes what it is asked to do. What is read from it is zeros. */
export class LedgerDevice implements Device {
  readonly info: DeviceInfo;
  readonly counters: DeviceCounters = {
    bytesAllocated: 0,
    peakBytesAllocated: 0,
    bytesUploaded: 0,
    bytesDownloaded: 0,
    dispatches: 0,
    submissions: 0,
  };
  readonly #written = new Map<LookupBuffers, GroupedLookups>();
  #entries: LedgerEntry[] = [];

  /** @param kind Which device it stands for. */
  constructor(kind: DeviceInfo["kind"]) {
    this.info = { kind, name: "ledger", details: {}, isFallbackAdapter: false, threads: 1 };
  }

  /** What it was asked to do since the last call, in order. */
  take(): readonly LedgerEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  createBuffer(byteLength: number, label: string): DeviceBuffer {
    return { label, byteLength, dispose: () => {} };
  }

  createMatrix(rows: number, cols: number, label: string): Matrix {
    const stride = paddedStride(cols);
    return { buffer: this.createBuffer(4 * rows * stride, label), offset: 0, rows, cols, stride };
  }

  createTables(spec: TablesSpec, label: string): EmbeddingTables {
    return new LedgerTables(this, spec, label);
  }

  createLookups(
    shape: { tables: number; maxBags: number; maxLookups: number },
    _label: string,
  ): LookupBuffers {
    return { ...shape, dispose: () => {} };
  }

  write(_buffer: DeviceBuffer, _byteOffset: number, data: Float32Array | Uint32Array): void {
    this.counters.bytesUploaded += data.byteLength;
    this.note({ kind: "write", bytes: data.byteLength });
  }

  writeLookups(buffers: LookupBuffers, grouped: GroupedLookups): void {
    this.#written.set(buffers, grouped);
    const { lookups, unique } = grouped;
    this.note({ kind: "lookups", lookups, unique });
  }

  read(_buffer: DeviceBuffer, _byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    this.counters.bytesDownloaded += byteLength;
    this.note({ kind: "read", bytes: byteLength });
    return Promise.resolve(new ArrayBuffer(byteLength));
  }

  copy(
    _from: DeviceBuffer,
    _fromByteOffset: number,
    _to: DeviceBuffer,
    _toByteOffset: number,
    byteLength: number,
  ): void {
    this.note({ kind: "copy", bytes: byteLength });
  }

  record(label: string, body: (ops: Recorder) => void): Program {
    const recorder = new LedgerRecorder();
    body(recorder);
    const program: LedgerProgram = {
      label,
      costs: recorder.costs,
      parts: recorder.parts,
      dispose: () => {},
    };
    return program;
  }

  run(program: Program): void {
    const { parts } = program as LedgerProgram;
    this.counters.submissions++;
    this.counters.dispatches += program.costs.length;
    this.note({
      kind: "run",
      ops: program.costs.map((cost, i) => {
        const { lookups, tables } = parts[i]!;
        return lookups === null || tables === null
          ? { ...cost, tableBytes: 0 }
          : this.#counted(cost, lookups, tables);
      }),
    });
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  takeStageTimes(): Promise<Partial<Record<Stage, number>>> {
    return Promise.resolve({});
  }

  dispose(): void {}

  [Symbol.dispose](): void {}

  /** Adds an entry. */
  note(entry: LedgerEntry): void {
    this.#entries.push(entry);
  }

  /** An embedding operation on the minibatch written last. */
  #counted(cost: OpCost, buffers: LookupBuffers, tables: EmbeddingTables): LedgerOp {
    const written = this.#written.get(buffers);
    if (written === undefined) {
      throw new Error(`Cannot run ${cost.op}: no lookups have been written`);
    }
    const shape = {
      lookups: written.lookups,
      unique: written.unique,
      bags: written.bags * written.tables,
      dim: tables.dim,
    };
    const record = cost.op === embeddingForwardRecord.name
      ? embeddingForwardRecord
      : embeddingBackwardRecord(tables.optimizer);
    return {
      ...cost,
      shape,
      flops: record.flops(shape),
      bytes: record.bytes(shape),
      tableBytes: 4 * tables.dim * tables.totalRows,
    };
  }
}

/** Tables without rows. */
class LedgerTables implements EmbeddingTables {
  readonly rows: readonly number[];
  readonly dim: number;
  readonly optimizer: TablesSpec["optimizer"];
  readonly label: string;
  readonly rowOffsets: readonly number[];
  readonly totalRows: number;
  readonly #device: LedgerDevice;
  readonly #state: number;

  constructor(device: LedgerDevice, spec: TablesSpec, label: string) {
    this.rows = [...spec.rows];
    this.dim = spec.dim;
    this.optimizer = spec.optimizer;
    this.label = label;
    this.rowOffsets = checkTables(spec, label);
    this.totalRows = this.rowOffsets.at(-1)!;
    this.#device = device;
    this.#state = stateFloats(spec.optimizer, spec.dim);
  }

  initUniform(): Promise<void> {
    return Promise.resolve();
  }

  readRows(_start: number, count: number): Promise<Float32Array> {
    return this.#read(count * this.dim);
  }

  writeRows(_start: number, data: Float32Array): Promise<void> {
    return this.#write(data.length);
  }

  readState(_start: number, count: number): Promise<Float32Array> {
    return this.#read(count * this.#state);
  }

  writeState(_start: number, data: Float32Array): Promise<void> {
    return this.#write(data.length);
  }

  readRowsAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#read(rows.length * this.dim);
  }

  writeRowsAt(_rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#write(data.length);
  }

  readStateAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#read(rows.length * this.#state);
  }

  writeStateAt(_rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#write(data.length);
  }

  dispose(): void {}

  #read(floats: number): Promise<Float32Array> {
    this.#device.note({ kind: "read", bytes: 4 * floats });
    return Promise.resolve(new Float32Array(floats));
  }

  #write(floats: number): Promise<void> {
    this.#device.note({ kind: "write", bytes: 4 * floats });
    return Promise.resolve();
  }
}

type Part = LedgerProgram["parts"][number];

/** Notes the costs of operations. Shapes are not checked: a device does that. */
class LedgerRecorder implements Recorder {
  readonly costs: OpCost[] = [];
  readonly parts: Part[] = [];
  #stage: Stage = "forward";

  stage(stage: Stage): void {
    this.#stage = stage;
  }

  embeddingForward: Recorder["embeddingForward"] = (args) => {
    this.#push(costs.embeddingForwardCost(this.#stage, args), args);
  };
  embeddingBackward: Recorder["embeddingBackward"] = (args) => {
    this.#push(costs.embeddingBackwardCost(this.#stage, args), args);
  };
  linearForward: Recorder["linearForward"] = this.#op(costs.linearForwardCost);
  linearBackwardInput: Recorder["linearBackwardInput"] = this.#op(costs.linearBackwardInputCost);
  linearBackwardWeights: Recorder["linearBackwardWeights"] = this.#op(
    costs.linearBackwardWeightsCost,
  );
  interactionForward: Recorder["interactionForward"] = this.#op(costs.interactionForwardCost);
  interactionBackward: Recorder["interactionBackward"] = this.#op(costs.interactionBackwardCost);
  normaliseForward: Recorder["normaliseForward"] = this.#op(costs.normaliseForwardCost);
  normaliseBackward: Recorder["normaliseBackward"] = this.#op(costs.normaliseBackwardCost);
  sequenceDot: Recorder["sequenceDot"] = this.#op(costs.sequenceDotCost);
  sequencePool: Recorder["sequencePool"] = this.#op(costs.sequencePoolCost);
  sequenceBackward: Recorder["sequenceBackward"] = this.#op(costs.sequenceBackwardCost);
  sigmoidForward: Recorder["sigmoidForward"] = this.#op(costs.sigmoidForwardCost);
  sigmoidBackward: Recorder["sigmoidBackward"] = this.#op(costs.sigmoidBackwardCost);
  layerNormForward: Recorder["layerNormForward"] = this.#op(costs.layerNormForwardCost);
  layerNormBackward: Recorder["layerNormBackward"] = this.#op(costs.layerNormBackwardCost);
  columnStatistics: Recorder["columnStatistics"] = this.#op(costs.columnStatisticsCost);
  standardise: Recorder["standardise"] = this.#op(costs.standardiseCost);
  rowChange: Recorder["rowChange"] = this.#op(costs.rowChangeCost);
  inputScores: Recorder["inputScores"] = this.#op(costs.inputScoresCost);
  staleLookups: Recorder["staleLookups"] = this.#op(costs.staleLookupsCost);
  bce: Recorder["bce"] = this.#op(costs.bceCost);
  denseUpdate: Recorder["denseUpdate"] = this.#op(costs.denseUpdateCost);

  #op<Args>(costOf: (stage: Stage, args: Args) => OpCost): (args: Args) => void {
    return (args) => this.#push(costOf(this.#stage, args), { lookups: null, tables: null });
  }

  #push(cost: OpCost, { lookups, tables }: Part): void {
    this.costs.push(cost);
    this.parts.push({ lookups, tables });
  }
}
