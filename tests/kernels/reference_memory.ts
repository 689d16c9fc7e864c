/**
 * Memory of the reference device: buffers, tables and lookups as typed arrays.
 *
 * @module
 */

import { RandomStream, toUnit } from "../../core/random.ts";
import { stateFloats } from "../../kernels/embedding/record.ts";
import { checkRowList, checkRows, checkTables, countRows } from "../../kernels/shapes.ts";
import type {
  DeviceBuffer,
  DeviceCounters,
  EmbeddingTables,
  LookupBuffers,
  Matrix,
  Optimizer,
  RowList,
  Scalar,
  TablesSpec,
} from "../../kernels/types.ts";
import { unpack } from "./arena.ts";

/** What owns resources. */
export interface Owner {
  readonly counters: DeviceCounters;
  /** Throws if it is disposed. */
  assertAlive(): void;
  /** Counts a resource from now on. */
  adopt(resource: Resource): void;
  /** Counts it no longer. */
  release(resource: Resource): void;
}

/** Something that lives on the device and may be disposed. */
export class Resource {
  readonly label: string;
  readonly device: Owner;
  readonly bytes: number;
  #disposed = false;

  constructor(device: Owner, bytes: number, label: string) {
    this.device = device;
    this.bytes = bytes;
    this.label = label;
    device.adopt(this);
  }

  assertAlive(): void {
    if (this.#disposed) throw new Error(`Cannot use ${this.label}: it is disposed`);
    this.device.assertAlive();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.device.release(this);
  }
}

/** A buffer. */
export class ReferenceBuffer extends Resource implements DeviceBuffer {
  readonly byteLength: number;
  readonly floats: Float32Array;

  constructor(device: Owner, byteLength: number, label: string) {
    super(device, byteLength, label);
    this.byteLength = byteLength;
    this.floats = new Float32Array(Math.ceil(byteLength / 4));
  }
}

/** Tables. */
export class ReferenceTables extends Resource implements EmbeddingTables {
  readonly rows: readonly number[];
  readonly dim: number;
  readonly optimizer: Optimizer["kind"];
  readonly totalRows: number;
  readonly rowOffsets: readonly number[];
  readonly stateWidth: number;
  readonly weights: Float32Array;
  readonly state: Float32Array;

  constructor(device: Owner, spec: TablesSpec, label: string) {
    const offsets = checkTables(spec, label);
    const total = offsets.at(-1)!;
    const stateWidth = stateFloats(spec.optimizer, spec.dim);
    super(device, 4 * total * (spec.dim + stateWidth), label);
    this.rows = spec.rows;
    this.dim = spec.dim;
    this.optimizer = spec.optimizer;
    this.totalRows = total;
    this.rowOffsets = offsets;
    this.stateWidth = stateWidth;
    this.weights = new Float32Array(total * spec.dim);
    this.state = new Float32Array(total * stateWidth);
  }

  async initUniform(seed: number): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
    const random = new RandomStream(seed, "tables", 0);
    for (let t = 0; t < this.rows.length; t++) {
      const bound = Math.fround(Math.sqrt(1 / this.rows[t]!));
      const end = this.rowOffsets[t + 1]! * this.dim;
      for (let e = this.rowOffsets[t]! * this.dim; e < end; e++) {
        this.weights[e] = Math.fround(2 * toUnit(random.uint32(e)) - 1) * bound;
      }
    }
    this.state.fill(0);
  }

  readRows(start: number, count: number): Promise<Float32Array> {
    return this.#read(this.weights, this.dim, start, count);
  }

  writeRows(start: number, data: Float32Array): Promise<void> {
    return this.#write(this.weights, this.dim, start, data);
  }

  readState(start: number, count: number): Promise<Float32Array> {
    return this.#read(this.state, this.stateWidth, start, count);
  }

  writeState(start: number, data: Float32Array): Promise<void> {
    return this.#write(this.state, this.stateWidth, start, data);
  }

  readRowsAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt(this.weights, this.dim, rows);
  }

  writeRowsAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#writeAt(this.weights, this.dim, rows, data);
  }

  readStateAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt(this.state, this.stateWidth, rows);
  }

  writeStateAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#writeAt(this.state, this.stateWidth, rows, data);
  }

  async #readAt(from: Float32Array, width: number, rows: Uint32Array): Promise<Float32Array> {
    await Promise.resolve();
    this.assertAlive();
    checkRowList("read", this, rows, null, width);
    const list = new Float32Array(rows.length * width);
    rows.forEach((row, i) => list.set(from.subarray(row * width, (row + 1) * width), i * width));
    return list;
  }

  async #writeAt(
    to: Float32Array,
    width: number,
    rows: Uint32Array,
    data: Float32Array,
  ): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
    checkRowList("write", this, rows, data, width);
    rows.forEach((row, i) => to.set(data.subarray(i * width, (i + 1) * width), row * width));
  }

  async #read(
    from: Float32Array,
    width: number,
    start: number,
    count: number,
  ): Promise<Float32Array> {
    await Promise.resolve();
    this.assertAlive();
    checkRows("read", this, start, count);
    const rows = from.slice(start * width, (start + count) * width);
    this.device.counters.bytesDownloaded += rows.byteLength;
    return rows;
  }

  async #write(to: Float32Array, width: number, start: number, data: Float32Array): Promise<void> {
    await Promise.resolve();
    this.assertAlive();
    checkRows("write", this, start, countRows("write", this, data, width));
    to.set(data, start * width);
    this.device.counters.bytesUploaded += data.byteLength;
  }
}

/** Lookups. */
export class ReferenceLookups extends Resource implements LookupBuffers {
  readonly tables: number;
  readonly maxBags: number;
  readonly maxLookups: number;
  current: {
    readonly bags: number;
    readonly rows: Uint32Array;
    readonly offsets: Uint32Array;
    readonly highest: number;
    /** Flat rows that are updated: all those looked up, unless some are frozen. */
    readonly updated: ReadonlySet<number>;
  } = {
    highest: -1,
    updated: new Set(),
    bags: 0,
    rows: new Uint32Array(0),
    offsets: new Uint32Array(1),
  };

  constructor(
    device: Owner,
    shape: { tables: number; maxBags: number; maxLookups: number },
    label: string,
  ) {
    super(device, 4 * (4 * shape.maxLookups + shape.tables * shape.maxBags + 2), label);
    this.tables = shape.tables;
    this.maxBags = shape.maxBags;
    this.maxLookups = shape.maxLookups;
  }
}

/** The reference implementation behind an interface, checked to be alive. */
export function own<T extends Resource>(value: unknown, type: new (...args: never[]) => T): T {
  if (!(value instanceof type)) throw new TypeError("Cannot use an object of another device");
  value.assertAlive();
  return value;
}

/** The elements of a matrix. */
export function load(m: Matrix): Float64Array {
  return unpack(own(m.buffer, ReferenceBuffer).floats, m);
}

/** Overwrites the elements of a matrix. */
export function store(m: Matrix, values: Float64Array): void {
  const { floats } = own(m.buffer, ReferenceBuffer);
  for (let i = 0; i < m.rows; i++) {
    for (let j = 0; j < m.cols; j++) floats[m.offset + i * m.stride + j] = values[i * m.cols + j]!;
  }
}

/** The numbers of a list. */
export function loadRows({ buffer, offset, length }: RowList): Uint32Array {
  return new Uint32Array(own(buffer, ReferenceBuffer).floats.buffer, 4 * offset, length);
}

/** A float that is read when the program runs. */
export function loadFloat(s: Scalar): number {
  return own(s.buffer, ReferenceBuffer).floats[s.index]!;
}
