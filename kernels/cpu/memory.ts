/**
 * Buffers, embedding tables and lookup buffers in the shared memories of a CPU device.
 *
 * @module
 */

import { stateFloats } from "../embedding/record.ts";
import type { InitUniformArgs } from "../embedding/wasm.ts";
import { checkRowList, checkRows, checkSeed, countRows, highestRow } from "../shapes.ts";
import type {
  DeviceBuffer,
  DeviceCounters,
  EmbeddingTables,
  GroupedLookups,
  LookupBuffers,
  Optimizer,
  TablesSpec,
} from "../types.ts";
import { Allocator } from "./allocator.ts";
import {
  HEAP,
  LOOKUP_HEADER_BYTES,
  LOOKUP_OFFSETS,
  LOOKUP_POSITIONS,
  LOOKUP_ROWS,
  LOOKUP_SEGMENTS,
  LOOKUP_UNIQUE_ROWS,
} from "./layout.ts";
import { StageSlots } from "./stages.ts";
import type { Team } from "./team.ts";

/** The shared memories with their allocators and counters. */
export class Store {
  readonly team: Team;
  readonly counters: DeviceCounters = {
    bytesAllocated: 0,
    peakBytesAllocated: 0,
    bytesUploaded: 0,
    bytesDownloaded: 0,
    dispatches: 0,
    submissions: 0,
    awaitedMappings: 0,
  };
  /** Where time is booked. */
  readonly stages: StageSlots;
  readonly #main: Allocator;
  readonly #tables: Allocator;
  #disposed = false;

  constructor(team: Team) {
    this.team = team;
    this.stages = new StageSlots(team.memory);
    this.#main = new Allocator(HEAP, (end) => team.growMain(end));
    this.#tables = new Allocator(0, (end) => team.growTables(end));
  }

  /** Throws if the device is disposed or a thread has failed. */
  check(action: string): void {
    if (this.#disposed) throw new Error(`Cannot ${action}: the device is disposed`);
    this.team.check();
  }

  /** Everything that lives here dies. */
  close(): void {
    this.#disposed = true;
    this.counters.bytesAllocated = 0;
    this.team.close();
  }

  /** True until the device is disposed. */
  get alive(): boolean {
    return !this.#disposed;
  }

  /** Zero-filled bytes of the main memory. */
  allocate(bytes: number, label: string): number {
    const { address, used } = claim(this.#main, bytes, label, "4 GiB for everything but tables");
    new Uint8Array(this.team.memory.buffer, address, used).fill(0);
    return address;
  }

  /** Gives bytes of the main memory back. */
  release(address: number): void {
    this.#main.release(address);
  }

  /** Zero-filled bytes of the tables' memory. */
  allocateTables(bytes: number, label: string): number {
    const { address, used } = claim(this.#tables, bytes, label, "16 GiB for tables");
    clear(this.team.tables, address, used);
    return address;
  }

  /** Gives bytes of the tables' memory back. */
  releaseTables(address: number): void {
    this.#tables.release(address);
  }

  /** Counts bytes that came alive (or died, below 0). */
  count(bytes: number): void {
    this.counters.bytesAllocated += bytes;
    this.counters.peakBytesAllocated = Math.max(
      this.counters.peakBytesAllocated,
      this.counters.bytesAllocated,
    );
  }

  /** 32-bit words of the main memory. */
  words(address: number, length: number): Uint32Array<ArrayBufferLike> {
    return new Uint32Array(this.team.memory.buffer, address, length);
  }

  /** Floats of the tables' memory. */
  tableFloats(address: number, length: number): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.team.tables.buffer, address, length);
  }
}

function claim(
  allocator: Allocator,
  bytes: number,
  label: string,
  limit: string,
): { address: number; used: number } {
  try {
    return allocator.allocate(bytes);
  } catch (cause) {
    throw new RangeError(
      `Cannot allocate ${bytes} bytes for ${label}: ${allocator.allocated} are taken and no more can be had (at most ${limit})`,
      { cause },
    );
  }
}

function clear(memory: WebAssembly.Memory, address: number, bytes: number): void {
  const step = 2 ** 30;
  for (let at = 0; at < bytes; at += step) {
    new Uint8Array(memory.buffer, address + at, Math.min(step, bytes - at)).fill(0);
  }
}

/** Something that lives in a store until it is disposed. */
abstract class Owned {
  readonly store: Store;
  readonly label: string;
  #disposed = false;

  constructor(store: Store, label: string) {
    this.store = store;
    this.label = label;
  }

  /** Throws if this or the device is disposed. */
  check(action: string): void {
    this.store.check(action);
    if (this.#disposed) throw new Error(`Cannot ${action}: ${this.label} is disposed`);
  }

  /** Gives the memory back. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.store.alive) this.free();
  }

  protected abstract free(): void;
}

/** A buffer in the main memory. */
export class CpuBuffer extends Owned implements DeviceBuffer {
  readonly byteLength: number;
  readonly address: number;

  constructor(store: Store, byteLength: number, label: string) {
    super(store, label);
    this.byteLength = byteLength;
    this.address = store.allocate(byteLength, label);
    store.count(byteLength);
  }

  protected free(): void {
    this.store.release(this.address);
    this.store.count(-this.byteLength);
  }
}

/** Lookup buffers in the main memory: a header, then the lists. */
export class CpuLookups extends Owned implements LookupBuffers {
  readonly tables: number;
  readonly maxBags: number;
  readonly maxLookups: number;
  /** Of the header. */
  readonly address: number;
  /** Bags a table of the minibatch written last; -1 before the first. */
  bags = -1;
  /** Highest flat row of the minibatch written last; -1 without lookups. */
  highestRow = -1;
  readonly #bytes: number;
  readonly #lists: Readonly<
    Record<"rows" | "offsets" | "uniqueRows" | "segments" | "positions", number>
  >;

  constructor(
    store: Store,
    { tables, maxBags, maxLookups }: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ) {
    super(store, label);
    this.tables = tables;
    this.maxBags = maxBags;
    this.maxLookups = maxLookups;
    let end = LOOKUP_HEADER_BYTES;
    const list = (length: number): number => {
      const start = end;
      end += 64 * Math.ceil(length / 16);
      return start;
    };
    const starts = {
      rows: list(maxLookups),
      offsets: list(tables * maxBags + 1),
      uniqueRows: list(maxLookups),
      segments: list(maxLookups + 1),
      positions: list(maxLookups),
    };
    this.#bytes = end;
    const address = this.address = store.allocate(end, label);
    store.count(end);
    this.#lists = {
      rows: address + starts.rows,
      offsets: address + starts.offsets,
      uniqueRows: address + starts.uniqueRows,
      segments: address + starts.segments,
      positions: address + starts.positions,
    };
    const header = store.words(address, LOOKUP_HEADER_BYTES / 4);
    header[LOOKUP_ROWS / 4] = this.#lists.rows;
    header[LOOKUP_OFFSETS / 4] = this.#lists.offsets;
    header[LOOKUP_UNIQUE_ROWS / 4] = this.#lists.uniqueRows;
    header[LOOKUP_SEGMENTS / 4] = this.#lists.segments;
    header[LOOKUP_POSITIONS / 4] = this.#lists.positions;
  }

  /** Copies a minibatch's lookups, whose sizes were checked. */
  write(source: GroupedLookups): void {
    const { bags, lookups, unique, offsets } = source;
    const words = [bags, unique, Number(offsets !== null)];
    this.store.words(this.address, words.length).set(words);
    const put = (address: number, list: Uint32Array, length: number): void => {
      this.store.words(address, length).set(list.subarray(0, length));
      this.store.counters.bytesUploaded += 4 * length;
    };
    put(this.#lists.rows, source.rows, lookups);
    put(this.#lists.uniqueRows, source.uniqueRows, unique);
    put(this.#lists.segments, source.segments, unique + 1);
    put(this.#lists.positions, source.positions, lookups);
    if (offsets !== null) put(this.#lists.offsets, offsets, this.tables * bags + 1);
    this.bags = bags;
    this.highestRow = highestRow(source);
  }

  protected free(): void {
    this.store.release(this.address);
    this.store.count(-this.#bytes);
  }
}

/** Embedding tables in the tables' memory: all rows, then all optimizer state. */
export class CpuTables extends Owned implements EmbeddingTables {
  readonly rows: readonly number[];
  readonly dim: number;
  readonly optimizer: Optimizer["kind"];
  readonly rowOffsets: readonly number[];
  readonly totalRows: number;
  /** Addresses in the tables' memory. */
  readonly address: number;
  readonly stateAddress: number;
  /**
   * True once the state was written, or a program was recorded that changes it. Until then fresh memory is known to be
   * zero, and is not written again.
   */
  stateUsed = false;
  readonly #bytes: number;
  readonly #statePerRow: number;
  readonly #initialise: (args: InitUniformArgs) => void;

  /** @param initialise Writes start values, on all threads. */
  constructor(
    store: Store,
    spec: TablesSpec,
    rowOffsets: readonly number[],
    label: string,
    initialise: (args: InitUniformArgs) => void,
  ) {
    super(store, label);
    this.rows = [...spec.rows];
    this.dim = spec.dim;
    this.optimizer = spec.optimizer;
    this.rowOffsets = rowOffsets;
    this.totalRows = rowOffsets.at(-1)!;
    this.#initialise = initialise;
    this.#statePerRow = stateFloats(spec.optimizer, spec.dim);
    const rowBytes = 64 * Math.ceil(this.totalRows * this.dim / 16);
    this.#bytes = rowBytes + 4 * this.totalRows * this.#statePerRow;
    this.address = store.allocateTables(this.#bytes, label);
    this.stateAddress = this.address + rowBytes;
    store.count(this.#bytes);
  }

  async initUniform(seed: number): Promise<void> {
    this.check("initialise tables");
    checkSeed(seed);
    const bytes = 16 * this.rows.length + 16;
    const address = this.store.allocate(bytes, "table bounds");
    try {
      const view = new DataView(this.store.team.memory.buffer, address, bytes);
      this.rows.forEach((rows, t) => {
        view.setBigUint64(16 * t, BigInt(this.rowOffsets[t + 1]! * this.dim), true);
        view.setFloat32(16 * t + 8, Math.sqrt(1 / rows), true);
      });
      this.#initialise({
        rows: this.address,
        floats: this.totalRows * this.dim,
        bounds: address,
        seed,
      });
    } finally {
      this.store.release(address);
    }
    if (this.stateUsed) {
      clear(this.store.team.tables, this.stateAddress, 4 * this.totalRows * this.#statePerRow);
    }
    await Promise.resolve();
  }

  readRows(start: number, count: number): Promise<Float32Array> {
    return this.#read("read", this.address, this.dim, start, count);
  }

  writeRows(start: number, data: Float32Array): Promise<void> {
    return this.#write("write", this.address, this.dim, start, data);
  }

  readState(start: number, count: number): Promise<Float32Array> {
    return this.#read("read state of", this.stateAddress, this.#statePerRow, start, count);
  }

  writeState(start: number, data: Float32Array): Promise<void> {
    this.stateUsed = true;
    return this.#write("write state of", this.stateAddress, this.#statePerRow, start, data);
  }

  readRowsAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt("read", this.address, this.dim, rows);
  }

  writeRowsAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#writeAt("write", this.address, this.dim, rows, data);
  }

  readStateAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt("read state of", this.stateAddress, this.#statePerRow, rows);
  }

  writeStateAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    this.stateUsed = true;
    return this.#writeAt("write state of", this.stateAddress, this.#statePerRow, rows, data);
  }

  protected free(): void {
    this.store.releaseTables(this.address);
    this.store.count(-this.#bytes);
  }

  async #read(
    action: string,
    base: number,
    perRow: number,
    start: number,
    count: number,
  ): Promise<Float32Array> {
    this.check(`${action} rows`);
    checkRows(action, this, start, count);
    this.store.counters.bytesDownloaded += 4 * count * perRow;
    const floats = new Float32Array(count * perRow);
    floats.set(this.store.tableFloats(base + 4 * start * perRow, count * perRow));
    return await Promise.resolve(floats);
  }

  async #write(
    action: string,
    base: number,
    perRow: number,
    start: number,
    data: Float32Array,
  ): Promise<void> {
    this.check(`${action} rows`);
    checkRows(action, this, start, countRows(action, this, data, perRow));
    this.store.counters.bytesUploaded += 4 * data.length;
    this.store.tableFloats(base + 4 * start * perRow, data.length).set(data);
    await Promise.resolve();
  }

  async #readAt(
    action: string,
    base: number,
    perRow: number,
    rows: Uint32Array,
  ): Promise<Float32Array> {
    this.check(`${action} rows`);
    checkRowList(action, this, rows, null, perRow);
    const list = new Float32Array(rows.length * perRow);
    const all = this.store.tableFloats(base, this.totalRows * perRow);
    for (let i = 0, at = 0; i < rows.length; i++) {
      const from = rows[i]! * perRow;
      for (let c = 0; c < perRow; c++) list[at++] = all[from + c]!;
    }
    this.store.counters.bytesDownloaded += list.byteLength;
    return await Promise.resolve(list);
  }

  async #writeAt(
    action: string,
    base: number,
    perRow: number,
    rows: Uint32Array,
    data: Float32Array,
  ): Promise<void> {
    this.check(`${action} rows`);
    checkRowList(action, this, rows, data, perRow);
    const all = this.store.tableFloats(base, this.totalRows * perRow);
    for (let i = 0, at = 0; i < rows.length; i++) {
      const to = rows[i]! * perRow;
      for (let c = 0; c < perRow; c++) all[to + c] = data[at++]!;
    }
    this.store.counters.bytesUploaded += data.byteLength;
    await Promise.resolve();
  }
}
