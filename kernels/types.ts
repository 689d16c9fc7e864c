/**
 * The interface of the kernels: matrices, embedding tables, lookups, recorded programs and devices.
 *
 * @module
 */

import type { OpArgs, OpName, OpNamed } from "./ops.ts";
import type { DeviceLostError } from "./device_lost.ts";

/** Where the arithmetic runs: WASM SIMD on Workers, or WebGPU. */
export type DeviceKind = "cpu" | "webgpu";

/** What a device is, for results and error messages. */
export interface DeviceInfo {
  /** Which of the two implementations of the ops. */
  readonly kind: DeviceKind;
  /** Adapter description (`llvmpipe (…)`, `NVIDIA …`) or `WASM SIMD`. */
  readonly name: string;
  /** Adapter vendor, architecture and driver where known; empty otherwise. */
  readonly details: Readonly<Record<string, string | number>>;
  /** True for a software adapter: its results are right, its speed says nothing about a GPU. */
  readonly isFallbackAdapter: boolean;
  /** Threads that do arithmetic (1 on WebGPU). */
  readonly threads: number;
}

/** What a device has done since it was opened. Counts other than the bytes alive only grow; take differences. */
export interface DeviceCounters {
  /** Bytes of buffers and tables alive now. */
  bytesAllocated: number;
  /** Largest `bytesAllocated` so far. */
  peakBytesAllocated: number;
  /** Bytes copied host to device by `write`, `writeLookups` and table writes. */
  bytesUploaded: number;
  /** Bytes copied device to host. */
  bytesDownloaded: number;
  /** Kernels launched. */
  dispatches: number;
  /** Command submissions (WebGPU) or program runs (CPU). */
  submissions: number;
  /** Mappings of device memory that somebody had to wait for: each holds the caller up for milliseconds (WebGPU alone). */
  awaitedMappings: number;
}

/** A value on its way from the device. */
export interface Pending<T> {
  /** The value if it has come, else null; never waits. The same value each time. Throws what `wait` would throw. */
  take(): T | null;
  /** The value, once it has come. Throws any error a kernel left behind. */
  wait(): Promise<T>;
}

/** Memory on a device, zero-filled when created. */
export interface DeviceBuffer {
  /** Name given at creation; error messages use it. */
  readonly label: string;
  /** Bytes asked for; the device may hold more. */
  readonly byteLength: number;
  /** Gives the memory back; using the buffer afterwards throws. Disposing twice is harmless. */
  dispose(): void;
}

/**
 * A float32 matrix inside a buffer. Element (i, j) is at `offset + i * stride + j`, counted in floats.
 * Strides and offsets are multiples of 4 floats, except for columns of width 1, whose stride may be 1.
 * Padding between `cols` and `stride` is never read for its value and never written by an op.
 */
export interface Matrix {
  /** Memory that holds it, perhaps among other matrices. */
  readonly buffer: DeviceBuffer;
  /** Floats from the start of the buffer. */
  readonly offset: number;
  /** Number of rows, 0 or more. */
  readonly rows: number;
  /** Floats in a row, without padding; at most `stride`. */
  readonly cols: number;
  /** Floats from one row to the next. */
  readonly stride: number;
}

/** One 4-byte number in a buffer, read by a kernel when it runs, so that a recorded program need not change. */
export interface Scalar {
  /** Memory that holds it, usually with a program's other scalars. */
  readonly buffer: DeviceBuffer;
  /** In units of 4 bytes. */
  readonly index: number;
}

/** How rows and weights are updated. `eps` is added outside the root, as torch does; accumulators start at 0. */
export type Optimizer =
  | { readonly kind: "sgd" }
  | { readonly kind: "adagrad"; readonly eps: number }
  | { readonly kind: "rowwise-adagrad"; readonly eps: number };

/** Shape of a set of embedding tables that share one width. */
export interface TablesSpec {
  /** Rows of each table. Their sum must be below 2^32. */
  readonly rows: readonly number[];
  /** Floats in a row. */
  readonly dim: number;
  /** Decides which optimizer state is allocated beside the rows (none, one float a coordinate, one float a row). */
  readonly optimizer: Optimizer["kind"];
}

/**
 * Embedding tables on a device. Rows of all tables form one flat sequence: row r of table t is flat row
 * `rowOffsets[t] + r`.
 */
export interface EmbeddingTables extends TablesSpec {
  /** Name given at creation; error messages use it. */
  readonly label: string;
  /** Rows of all tables together, below 2^32. */
  readonly totalRows: number;
  /** First flat row of each table, and the total at the end: T + 1 numbers. */
  readonly rowOffsets: readonly number[];
  /** Fills table t with U(-sqrt(1/rows_t), +sqrt(1/rows_t)), the same bits on every device; state becomes 0. See `core/random.ts`. */
  initUniform(seed: number): Promise<void>;
  /** Copies flat rows [start, start + count) to the host: count × dim floats. */
  readRows(start: number, count: number): Promise<Float32Array>;
  /** Overwrites flat rows from `start`; `data` is count × dim floats. */
  writeRows(start: number, data: Float32Array): Promise<void>;
  /** Optimizer state of flat rows: count × dim (adagrad), count (rowwise-adagrad) or 0 floats (sgd). */
  readState(start: number, count: number): Promise<Float32Array>;
  /** Overwrites optimizer state from flat row `start`. */
  writeState(start: number, data: Float32Array): Promise<void>;
  /** Copies single flat rows to the host, in the order given: rows.length × dim floats. */
  readRowsAt(rows: Uint32Array): Promise<Float32Array>;
  /** Overwrites single flat rows, each named once; `data` is rows.length × dim floats. */
  writeRowsAt(rows: Uint32Array, data: Float32Array): Promise<void>;
  /** Optimizer state of single flat rows, as {@linkcode EmbeddingTables.readState}. */
  readStateAt(rows: Uint32Array): Promise<Float32Array>;
  /** Overwrites the optimizer state of single flat rows, each named once. */
  writeStateAt(rows: Uint32Array, data: Float32Array): Promise<void>;
  /** Gives rows and state back; using the tables afterwards throws. Disposing twice is harmless. */
  dispose(): void;
}

/**
 * The lookups of one minibatch over all tables, grouped for the backward pass (host memory). Bag (t, b) is
 * number `t * bags + b`. Made by `groupLookups` in `kernels/embedding/group.ts`, which validates the ids.
 */
export interface GroupedLookups {
  /** Inputs of the minibatch: bags per table. */
  readonly bags: number;
  /** Number of tables. */
  readonly tables: number;
  /** Total lookups, at most the length of `rows` and `positions`. */
  readonly lookups: number;
  /** Flat row of each lookup, in bag order. */
  readonly rows: Uint32Array;
  /** First lookup of each bag, and the total at the end (tables × bags + 1), or null when every bag has exactly one. */
  readonly offsets: Uint32Array | null;
  /** Number of different rows to update; fewer than are looked up if some are frozen. */
  readonly unique: number;
  /** The different flat rows: grouped by table, in order of first appearance. */
  readonly uniqueRows: Uint32Array;
  /** First entry of each row's segment in `positions`, and the total at the end: unique + 1 numbers. */
  readonly segments: Uint32Array;
  /** Bag number of each lookup, grouped by row, ascending within a row; what lies beyond the last segment is not read. */
  readonly positions: Uint32Array;
}

/** Device memory that holds one minibatch's grouped lookups, rewritten before each run. */
export interface LookupBuffers {
  /** Number of tables; that of the lookups written must be the same. */
  readonly tables: number;
  /** Bags a table that fit: the largest minibatch. */
  readonly maxBags: number;
  /** Lookups over all tables that fit. */
  readonly maxLookups: number;
  /** Gives the memory back; using the buffers afterwards throws. Disposing twice is harmless. */
  dispose(): void;
}

/**
 * A list of u32 row numbers in a buffer. The caller guarantees that every number is below the number of rows it is used
 * with: the list is in device memory, and `Device.run` does not check it.
 */
export interface RowList {
  /** Memory that holds it, perhaps among other things; `Device.write` takes a `Uint32Array`. */
  readonly buffer: DeviceBuffer;
  /** First entry, in units of 4 bytes from the start of the buffer. */
  readonly offset: number;
  /** Number of entries. */
  readonly length: number;
}

/** What one recorded op is and costs, from its kernel's record. */
export interface OpCost {
  /** Name of the op's record, such as `linear-forward`. */
  readonly op: string;
  /** Stage that was set when the op was recorded; its time is booked there. */
  readonly stage: string;
  /** The op's shape, by the names of its record. */
  readonly shape: Readonly<Record<string, number>>;
  /** Floating-point operations; a multiply-add counts 2. Embedding ops count full lookup buffers, an upper bound. */
  readonly flops: number;
  /** Bytes that have to move between memory and the arithmetic at least once; bounded above as `flops` is. */
  readonly bytes: number;
}

/**
 * Appends ops to a program. Arguments are checked when recorded; wrong ones throw a `RangeError` that names the op and the
 * argument.
 *
 * What an op writes must not share a buffer with what it only reads, wherever in the buffer they lie: that throws a
 * `RangeError` too, since WebGPU cannot do it. Several outputs of one op may share a buffer.
 */
export interface Recorder {
  /**
   * Books the time of the ops that follow under a name. A device can keep up to 31 names apart. Ops before the first are
   * booked under `other`.
   */
  stage(name: string): void;
  /** Appends an op: one of the values of `OPS`, with its arguments. */
  add<Name extends OpName>(op: OpNamed<Name>, args: OpArgs[Name]): void;
}

/** A recorded sequence of ops, replayed by `Device.run`. */
export interface Program {
  /** Name given when recorded; error messages use it. */
  readonly label: string;
  /** One for each op, in the order recorded. */
  readonly costs: readonly OpCost[];
  /** Gives its own memory back, not the buffers it uses; running it afterwards throws. Twice is harmless. */
  dispose(): void;
}

/** One device. Its buffers, tables and programs belong to it and are given back with it. */
export interface Device extends Disposable {
  /** What it is, fixed when it was opened. */
  readonly info: DeviceInfo;
  /** Live counts; copy them before taking differences. */
  readonly counters: Readonly<DeviceCounters>;
  /** Zero-filled memory. Throws a `RangeError` that names label and limit if the device cannot hold it. */
  createBuffer(byteLength: number, label: string): DeviceBuffer;
  /** A zero-filled matrix in a buffer of its own, its stride rounded up to 4 floats (1 for a single column). */
  createMatrix(rows: number, cols: number, label: string): Matrix;
  /** Zero-filled tables and optimizer state. Throws a `RangeError` for sizes that are wrong or cannot be held. */
  createTables(spec: TablesSpec, label: string): EmbeddingTables;
  /** Empty room for minibatches of up to `maxBags` bags a table and `maxLookups` lookups over all tables. */
  createLookups(
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ): LookupBuffers;
  /** Copies host bytes into a buffer. Ordered with `run`: a program run later sees them, one run earlier does not. */
  write(
    buffer: DeviceBuffer,
    byteOffset: number,
    data: Float32Array | Uint32Array,
  ): void;
  /** Copies a minibatch's lookups, ordered with `run`. Throws a `RangeError` if they do not fit `buffers`. */
  writeLookups(buffers: LookupBuffers, lookups: GroupedLookups): void;
  /** Copies bytes to the host after everything run so far. Throws any error a kernel left behind. */
  read(
    buffer: DeviceBuffer,
    byteOffset: number,
    byteLength: number,
  ): Promise<ArrayBuffer>;
  /**
   * Begins a read of at most 16 MiB: bytes as everything run so far leaves them, whatever is run before they are taken.
   * Each read that is begun should be taken or waited for.
   */
  readLater(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Pending<ArrayBuffer>;
  /** Copies within the device, ordered with `run`. Offsets and length are multiples of 4. */
  copy(
    from: DeviceBuffer,
    fromByteOffset: number,
    to: DeviceBuffer,
    toByteOffset: number,
    byteLength: number,
  ): void;
  /** Makes a program of the ops that `body` appends, which throw a `RangeError` if their shapes do not fit. */
  record(label: string, body: (ops: Recorder) => void): Program;
  /**
   * Runs a program (CPU: before returning; WebGPU: queued). The lookups it reads are those written last: a `RangeError`
   * if they name rows that the tables do not have.
   */
  run(program: Program): void;
  /** Waits for everything run so far; throws any error a kernel left behind, with the kernel's name. */
  sync(): Promise<void>;
  /**
   * Why the device was lost; null if it was not. Call it after an error, to find out whether the loss was the cause.
   * Devices that cannot be lost do not have it.
   */
  loss?(): Promise<DeviceLostError | null>;
  /** Milliseconds booked on each stage by programs since the last call; call after `sync`. Empty if the device cannot tell. */
  takeStageTimes(): Promise<Readonly<Record<string, number>>>;
  /** As `takeStageTimes`, of the programs run so far, without waiting for them. */
  stageTimesLater(): Pending<Readonly<Record<string, number>>>;
  /** Gives back everything made on it and ends its threads; using it afterwards throws. Twice is harmless. */
  dispose(): void;
}
