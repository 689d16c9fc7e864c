/**
 * A device that computes nothing and records what it is asked to do: the operations of a training step with their
 * costs, and the bytes that are written, read and copied. It has no memory, so that a model of any size takes none.
 *
 * @module
 */

import { stateFloats } from "./embedding/record.ts";
import { argumentsOf, UNSTAGED } from "./op.ts";
import type { OpArgs, OpName, OpNamed } from "./ops.ts";
import { present } from "./pending.ts";
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
  Pending,
  Program,
  Recorder,
  TablesSpec,
} from "./types.ts";

/** An operation of a program that was run. Operations on lookups count those of the minibatch written last. */
export interface LedgerOp extends OpCost {
  /** Bytes of the rows of the tables that an operation works on; 0 for those without. */
  readonly tableBytes: number;
}

/** An op as it was recorded. */
export interface RecordedOp<Name extends OpName = OpName> {
  readonly op: OpNamed<Name>;
  readonly args: OpArgs[Name];
}

/** Something that a device was asked to do. */
export type LedgerEntry =
  | { readonly kind: "run"; readonly ops: readonly LedgerOp[] }
  | { readonly kind: "write" | "read" | "copy"; readonly bytes: number }
  | { readonly kind: "lookups"; readonly lookups: number; readonly unique: number };

/** A program that was recorded. */
interface LedgerProgram extends Program {
  /** What its operations ask for when they run. */
  readonly count: readonly ((written: Written) => LedgerOp)[];
}

/** The minibatches written last. */
type Written = ReadonlyMap<LookupBuffers, GroupedLookups>;

/** Records what it is asked to do. Reading from it gives zeros. */
export class LedgerDevice implements Device {
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
  /** Every op recorded so far, in order. */
  readonly recorded: RecordedOp[] = [];
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

  read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    return this.readLater(buffer, byteOffset, byteLength).wait();
  }

  readLater(_buffer: DeviceBuffer, _byteOffset: number, byteLength: number): Pending<ArrayBuffer> {
    this.counters.bytesDownloaded += byteLength;
    this.note({ kind: "read", bytes: byteLength });
    return present(new ArrayBuffer(byteLength));
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
    this.recorded.push(...recorder.ops);
    const { costs, count } = recorder;
    const program: LedgerProgram = { label, costs, count, dispose: () => {} };
    return program;
  }

  run(program: Program): void {
    const { count } = program as LedgerProgram;
    this.counters.submissions++;
    this.counters.dispatches += count.length;
    this.note({ kind: "run", ops: count.map((one) => one(this.#written)) });
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  takeStageTimes(): Promise<Readonly<Record<string, number>>> {
    return Promise.resolve({});
  }

  stageTimesLater(): Pending<Readonly<Record<string, number>>> {
    return present({});
  }

  dispose(): void {}

  [Symbol.dispose](): void {}

  /** Adds an entry. */
  note(entry: LedgerEntry): void {
    this.#entries.push(entry);
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

/** Notes operations with their costs. Arguments are not checked: a device does that. */
class LedgerRecorder implements Recorder {
  readonly ops: RecordedOp[] = [];
  readonly costs: OpCost[] = [];
  readonly count: ((written: Written) => LedgerOp)[] = [];
  #stage = UNSTAGED;

  stage(stage: string): void {
    this.#stage = stage;
  }

  add<Name extends OpName>(op: OpNamed<Name>, args: OpArgs[Name]): void {
    const stage = this.#stage;
    // A recorded op is one of the table, whichever.
    this.ops.push({ op, args } as unknown as RecordedOp);
    this.costs.push({ ...op.cost(args), stage });
    this.count.push((written) => ({ ...counted(op, args, written), stage }));
  }
}

/** What an operation costs on the minibatch written last. */
function counted<Name extends OpName>(
  op: OpNamed<Name>,
  args: OpArgs[Name],
  written: Written,
): Omit<LedgerOp, "stage"> {
  const list = argumentsOf(op, args);
  let tableBytes = 0;
  for (const { use, value } of list) {
    if (use === "tables" || use === "updated-tables") tableBytes += 4 * value.dim * value.totalRows;
  }
  const lookups = list.find(({ use }) => use === "lookups");
  if (lookups === undefined) return { ...op.cost(args), tableBytes };
  const minibatch = written.get(lookups.value as LookupBuffers);
  if (minibatch === undefined) {
    throw new Error(`Cannot run ${op.name}: no lookups have been written`);
  }
  const { bags, tables } = minibatch;
  return { ...op.cost(args, { ...minibatch, bags: bags * tables }), tableBytes };
}
