/**
 * The snapshot block: copies of the hot rows on the device that holds them, and how much each row has changed.
 *
 * @module
 */

import { embeddingForwardOp } from "../../kernels/embedding/op.ts";
import { rowChangeOp } from "../../kernels/staleness/op.ts";
import type { Device, EmbeddingTables, LookupBuffers, Matrix } from "../../kernels/types.ts";

/** Most bytes of one matrix of a snapshot: below any adapter's binding limit. */
const MATRIX_BYTES = 64 * 2 ** 20;

/** A part of a snapshot: vector f of row b is hot row `start + b * T + f`. */
interface Part {
  readonly start: number;
  readonly rows: number;
  readonly matrix: Matrix;
}

/** Copies of all hot rows at one time. */
class Snapshot {
  readonly parts: readonly Part[];

  constructor(
    device: Device,
    rows: number,
    tables: EmbeddingTables,
    perPart: number,
    label: string,
  ) {
    const width = tables.rows.length * tables.dim;
    const parts: Part[] = [];
    try {
      for (let start = 0; start < rows; start += perPart) {
        const count = Math.min(perPart, rows - start);
        const bags = Math.ceil(count / tables.rows.length);
        parts.push({ start, rows: count, matrix: device.createMatrix(bags, width, label) });
      }
    } catch (error) {
      for (const { matrix } of parts) matrix.buffer.dispose();
      throw error;
    }
    this.parts = parts;
  }

  dispose(): void {
    for (const { matrix } of this.parts) matrix.buffer.dispose();
  }
}

/** The changes of a window, one number for each hot row. */
export interface RowChanges {
  /** Largest absolute coordinate change from the first snapshot to the last. */
  readonly net: Float32Array;
  /** Sum of that from each snapshot to the next. */
  readonly path: Float32Array;
  /** Snapshots taken. */
  readonly snapshots: number;
}

/** Snapshots of one window, kept between its minibatches. */
export class SnapshotBlock {
  readonly #device: Device;
  readonly #tables: EmbeddingTables;
  /** Flat row of each hot row in `tables`; null where the tables are those of the hot rows, in their order. */
  readonly #rows: Uint32Array | null;
  readonly #count: number;
  /** Hot rows of one matrix. */
  readonly #perPart: number;
  readonly #lookups: LookupBuffers;
  readonly #changes: readonly Matrix[];
  #first: Snapshot | null = null;
  #previous: Snapshot | null = null;
  #path: Float32Array | null = null;
  #taken = 0;

  /**
   * Allocates what all snapshots share.
   *
   * @param device Holds `tables`.
   * @param rows Flat rows of the hot rows in `tables`; null for all of them in order.
   * @param matrixBytes Most bytes of one matrix of a snapshot.
   */
  constructor(
    device: Device,
    tables: EmbeddingTables,
    rows: Uint32Array | null,
    matrixBytes = MATRIX_BYTES,
  ) {
    this.#device = device;
    this.#tables = tables;
    this.#rows = rows;
    this.#count = rows?.length ?? tables.totalRows;
    const T = tables.rows.length;
    const perPart = Math.max(1, Math.floor(matrixBytes / 4 / (T * tables.dim))) * T;
    this.#perPart = perPart;
    const largest = Math.min(perPart, Math.ceil(this.#count / T) * T);
    const shape = { tables: T, maxBags: Math.ceil(largest / T), maxLookups: largest };
    this.#lookups = device.createLookups(shape, "snapshot lookups");
    this.#changes = Array.from({ length: Math.ceil(this.#count / perPart) }, (_, i) => {
      const count = Math.min(perPart, this.#count - i * perPart);
      return device.createMatrix(1, Math.ceil(count / T) * T, "row changes");
    });
  }

  /** Snapshots taken in the window at hand. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes the first snapshot of a window. */
  begin(): void {
    this.forget();
    this.#first = this.#take("first snapshot");
    this.#taken = 1;
  }

  /** Takes a further snapshot that is not the last. */
  async proceed(): Promise<void> {
    const current = this.#take("further snapshot");
    const path = await this.#compare(this.#previous ?? this.#first!, current);
    if (this.#path === null) this.#path = path;
    else for (let r = 0; r < path.length; r++) this.#path[r]! += path[r]!;
    this.#previous?.dispose();
    this.#previous = current;
    this.#taken++;
  }

  /** Takes the last snapshot, frees the memory of all of them, and returns how the rows have changed. */
  async finish(): Promise<RowChanges> {
    const last = this.#take("last snapshot");
    try {
      const net = await this.#compare(this.#first!, last);
      let path = net;
      if (this.#previous !== null) {
        path = await this.#compare(this.#previous, last);
        for (let r = 0; r < path.length; r++) path[r]! += this.#path![r]!;
      }
      return { net, path, snapshots: this.#taken + 1 };
    } finally {
      last.dispose();
      this.forget();
    }
  }

  /** Gives the snapshots of the window at hand back. */
  forget(): void {
    this.#first?.dispose();
    this.#previous?.dispose();
    this.#first = this.#previous = this.#path = null;
    this.#taken = 0;
  }

  /** What a checkpoint must hold of the window at hand: hot rows × dim floats a snapshot, hot rows of the path. */
  async *state(): AsyncGenerator<
    { readonly name: "first" | "previous" | "path"; readonly data: Float32Array }
  > {
    if (this.#first !== null) yield { name: "first", data: await this.#read(this.#first) };
    if (this.#previous !== null) yield { name: "previous", data: await this.#read(this.#previous) };
    if (this.#path !== null) yield { name: "path", data: this.#path.slice() };
  }

  /** Takes up a window as `state` gave it. */
  restore(
    taken: number,
    state: { first?: Float32Array; previous?: Float32Array; path?: Float32Array },
  ): void {
    this.forget();
    if (state.first !== undefined) this.#first = this.#write(state.first, "first snapshot");
    if (state.previous !== undefined) {
      this.#previous = this.#write(state.previous, "further snapshot");
    }
    this.#path = state.path?.slice() ?? null;
    this.#taken = taken;
  }

  /** Gives the device's memory back. */
  dispose(): void {
    this.forget();
    this.#lookups.dispose();
    for (const { buffer } of this.#changes) buffer.dispose();
  }

  #take(label: string): Snapshot {
    const device = this.#device;
    const T = this.#tables.rows.length;
    const snapshot = new Snapshot(device, this.#count, this.#tables, this.#perPart, label);
    const none = new Uint32Array(0);
    for (const { start, rows: count, matrix } of snapshot.parts) {
      const bags = matrix.rows;
      const rows = new Uint32Array(T * bags);
      for (let i = 0; i < count; i++) {
        // Vector i of the matrix, row-major, is bag (i mod T, floor(i / T)).
        rows[(i % T) * bags + Math.floor(i / T)] = this.#rows?.[start + i] ?? start + i;
      }
      device.writeLookups(this.#lookups, {
        bags,
        tables: T,
        lookups: rows.length,
        rows,
        offsets: null,
        unique: 0,
        uniqueRows: none,
        segments: new Uint32Array(1),
        positions: rows,
      });
      const program = device.record("snapshot", (ops) => {
        ops.stage("snapshot");
        ops.add(embeddingForwardOp, {
          tables: this.#tables,
          lookups: this.#lookups,
          out: matrix,
          firstSlot: 0,
        });
      });
      device.run(program);
      program.dispose();
    }
    return snapshot;
  }

  async #compare(a: Snapshot, b: Snapshot): Promise<Float32Array> {
    const device = this.#device;
    const { dim, rows: { length: features } } = this.#tables;
    const change = new Float32Array(this.#count);
    for (const [i, part] of a.parts.entries()) {
      const out = this.#changes[i]!;
      const program = device.record("row change", (ops) => {
        ops.stage("snapshot");
        ops.add(rowChangeOp, {
          a: part.matrix,
          b: b.parts[i]!.matrix,
          features,
          dim,
          change: out,
          accumulate: false,
        });
      });
      device.run(program);
      program.dispose();
      const bytes = await device.read(out.buffer, 4 * out.offset, 4 * part.rows);
      change.set(new Float32Array(bytes), part.start);
    }
    return change;
  }

  async #read(snapshot: Snapshot): Promise<Float32Array> {
    const { dim } = this.#tables;
    const data = new Float32Array(this.#count * dim);
    for (const { start, rows, matrix } of snapshot.parts) {
      const width = matrix.cols;
      const raw = new Float32Array(
        await this.#device.read(matrix.buffer, 4 * matrix.offset, 4 * matrix.rows * matrix.stride),
      );
      for (let b = 0; b < matrix.rows; b++) {
        const from = b * matrix.stride;
        const count = Math.min(width, rows * dim - b * width);
        data.set(raw.subarray(from, from + count), start * dim + b * width);
      }
    }
    return data;
  }

  #write(data: Float32Array, label: string): Snapshot {
    const { dim } = this.#tables;
    const snapshot = new Snapshot(this.#device, this.#count, this.#tables, this.#perPart, label);
    for (const { start, rows, matrix } of snapshot.parts) {
      const width = matrix.cols;
      const raw = new Float32Array(matrix.rows * matrix.stride);
      for (let b = 0; b < matrix.rows; b++) {
        const from = start * dim + b * width;
        raw.set(
          data.subarray(from, Math.min(from + width, (start + rows) * dim)),
          b * matrix.stride,
        );
      }
      this.#device.write(matrix.buffer, 4 * matrix.offset, raw);
    }
    return snapshot;
  }
}
