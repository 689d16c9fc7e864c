/**
 * Embedding tables as a list of shards, each small enough to be bound as one storage buffer.
 *
 * @module
 */

import { initLaunch } from "../embedding/init_webgpu.ts";
import { rowsLaunch, type RowsRun } from "../embedding/rows_webgpu.ts";
import { stateFloats } from "../embedding/record.ts";
import { checkRowList, checkRows, checkSeed, checkTables, countRows } from "../shapes.ts";
import type { EmbeddingTables, Optimizer, TablesSpec } from "../types.ts";
import type { Launch } from "./kernel.ts";
import type { Memory, WebGpuBuffer } from "./memory.ts";
import type { Submitter } from "./queue.ts";
import type { Readback } from "./readback.ts";

/** Threads of a workgroup along a row: the widest row has one lane each. */
const MAX_LANES = 256;

/** Listed rows that are copied at a time, in bytes. */
const LIST_BYTES = 16 * 2 ** 20;

/** What tables need of their device. */
export interface TablesHost {
  readonly memory: Memory;
  readonly submitter: Submitter;
  readonly readback: Readback;
  /** Largest storage binding, in bytes. */
  readonly maxBindingBytes: number;
  /** Runs launches now; the buffers they bind are kept alive by the caller. */
  launchNow(label: string, launches: readonly Launch[]): void;
  /** Fills a buffer with zeros, after everything queued so far. */
  clear(buffer: GPUBuffer): void;
  /** Throws unless the device is open. */
  checkOpen(): void;
  /** Books downloaded bytes and throws what a kernel left behind. */
  finishRead(bytes: number): Promise<void>;
}

/** Consecutive flat rows in one buffer. */
interface Shard {
  /** First flat row, and the first after the last. */
  readonly begin: number;
  readonly end: number;
  /** Tables that have rows here (or are empty and stand here): [firstTable, endTable). */
  readonly firstTable: number;
  readonly endTable: number;
  /** Whether `firstTable` has no rows in an earlier shard. */
  readonly firstBeginsHere: boolean;
  readonly rows: WebGpuBuffer;
  /** Optimizer state beside the rows. */
  readonly state: WebGpuBuffer | null;
}

/** Tables on a WebGPU device. */
export class WebGpuTables implements EmbeddingTables {
  readonly label: string;
  readonly rows: readonly number[];
  readonly dim: number;
  readonly optimizer: Optimizer["kind"];
  readonly rowOffsets: readonly number[];
  readonly totalRows: number;
  readonly shards: readonly Shard[];
  readonly #host: TablesHost;
  readonly #rowsPerShard: number;

  /** Throws a `RangeError` if the rows are too many or too wide. */
  constructor(host: TablesHost, spec: TablesSpec, label: string) {
    this.#host = host;
    this.label = label;
    this.rowOffsets = checkTables(spec, label);
    this.rows = [...spec.rows];
    this.dim = spec.dim;
    this.optimizer = spec.optimizer;
    this.totalRows = this.rowOffsets.at(-1)!;
    const { dim } = spec;
    const widest = dim % 4 === 0 ? 4 * MAX_LANES : MAX_LANES;
    const rowsPerShard = Math.floor(host.maxBindingBytes / (4 * dim));
    if (dim > widest || rowsPerShard === 0) {
      throw new RangeError(
        `Cannot create tables ${label}: dim is ${dim}, but rows may have at most ${
          Math.min(widest, Math.floor(host.maxBindingBytes / 4))
        } floats here`,
      );
    }
    this.#rowsPerShard = rowsPerShard;
    const shards: Shard[] = [];
    try {
      for (let s = 0; s < Math.max(1, Math.ceil(this.totalRows / rowsPerShard)); s++) {
        shards.push(this.#createShard(s));
      }
    } catch (error) {
      for (const { rows, state } of shards) {
        rows.dispose();
        state?.dispose();
      }
      throw error;
    }
    this.shards = shards;
  }

  /** {@inheritDoc EmbeddingTables.initUniform} */
  async initUniform(seed: number): Promise<void> {
    checkSeed(seed);
    this.#host.checkOpen();
    // Tables are what memory is short for: better told here than in the first step.
    await this.#host.finishRead(0);
    this.#check();
    const launches: Launch[] = [];
    for (const shard of this.shards) {
      for (let t = shard.firstTable; t < shard.endTable; t++) {
        const first = Math.max(shard.begin, this.rowOffsets[t]!);
        const end = Math.min(shard.end, this.rowOffsets[t + 1]!);
        if (first >= end) continue;
        launches.push(initLaunch({
          shard: shard.rows.storage(this.#host.memory),
          place: (first - shard.begin) * this.dim,
          position: first * this.dim,
          count: (end - first) * this.dim,
          seed,
          scale: Math.sqrt(1 / this.rows[t]!),
        }));
      }
      if (shard.state !== null) this.#host.clear(shard.state.storage(this.#host.memory));
    }
    this.#host.launchNow(`${this.label}: initUniform`, launches);
    await this.#host.finishRead(0);
  }

  /** {@inheritDoc EmbeddingTables.readRows} */
  readRows(start: number, count: number): Promise<Float32Array> {
    return this.#read("read", "rows", this.dim, start, count);
  }

  /** {@inheritDoc EmbeddingTables.writeRows} */
  writeRows(start: number, data: Float32Array): Promise<void> {
    return this.#write("write", "rows", this.dim, start, data);
  }

  /** {@inheritDoc EmbeddingTables.readState} */
  readState(start: number, count: number): Promise<Float32Array> {
    return this.#read(
      "read state of",
      "state",
      stateFloats(this.optimizer, this.dim),
      start,
      count,
    );
  }

  /** {@inheritDoc EmbeddingTables.writeState} */
  writeState(start: number, data: Float32Array): Promise<void> {
    const floats = stateFloats(this.optimizer, this.dim);
    return this.#write("write state of", "state", floats, start, data);
  }

  /** {@inheritDoc EmbeddingTables.readRowsAt} */
  readRowsAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt("read", "rows", this.dim, rows);
  }

  /** {@inheritDoc EmbeddingTables.writeRowsAt} */
  writeRowsAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    return this.#writeAt("write", "rows", this.dim, rows, data);
  }

  /** {@inheritDoc EmbeddingTables.readStateAt} */
  readStateAt(rows: Uint32Array): Promise<Float32Array> {
    return this.#readAt("read state of", "state", stateFloats(this.optimizer, this.dim), rows);
  }

  /** {@inheritDoc EmbeddingTables.writeStateAt} */
  writeStateAt(rows: Uint32Array, data: Float32Array): Promise<void> {
    const floats = stateFloats(this.optimizer, this.dim);
    return this.#writeAt("write state of", "state", floats, rows, data);
  }

  /** {@inheritDoc EmbeddingTables.dispose} */
  dispose(): void {
    for (const { rows, state } of this.shards) {
      rows.dispose();
      state?.dispose();
    }
  }

  #createShard(s: number): Shard {
    const per = this.#rowsPerShard;
    const last = Math.max(0, Math.ceil(this.totalRows / per) - 1);
    // Empty tables stand in the shard where the next table begins, or in the last.
    const begins = this.rows.map((_, t) => Math.min(last, Math.floor(this.rowOffsets[t]! / per)));
    const ends = this.rows.map((rows, t) =>
      rows === 0 ? begins[t]! : Math.floor((this.rowOffsets[t + 1]! - 1) / per)
    );
    const firstTable = ends.findIndex((end) => end >= s);
    const endTable = begins.findLastIndex((begin) => begin <= s) + 1;
    const begin = s * per;
    const end = Math.min(this.totalRows, begin + per);
    const { memory } = this.#host;
    const floats = stateFloats(this.optimizer, this.dim);
    const rows = memory.create(4 * (end - begin) * this.dim, `${this.label} shard ${s}`);
    try {
      return {
        begin,
        end,
        firstTable: Math.max(0, firstTable),
        endTable,
        firstBeginsHere: begins[firstTable] === s,
        rows,
        state: floats === 0
          ? null
          : memory.create(4 * (end - begin) * floats, `${this.label} state shard ${s}`),
      };
    } catch (error) {
      rows.dispose();
      throw error;
    }
  }

  /** Pieces of flat rows [start, start + count): their shard, place in it and place in the whole, in rows. */
  *#pieces(
    start: number,
    count: number,
  ): Generator<{ shard: Shard; at: number; from: number; rows: number }> {
    for (let row = start; row < start + count;) {
      const shard = this.shards[Math.floor(row / this.#rowsPerShard)]!;
      const rows = Math.min(shard.end, start + count) - row;
      yield { shard, at: row - shard.begin, from: row - start, rows };
      row += rows;
    }
  }

  async #read(
    action: string,
    what: "rows" | "state",
    floats: number,
    start: number,
    count: number,
  ): Promise<Float32Array> {
    checkRows(action, this, start, count);
    this.#check();
    const result = new Float32Array(count * floats);
    if (floats > 0) {
      for (const { shard, at, from, rows } of this.#pieces(start, count)) {
        await this.#host.readback.read(
          shard[what]!.storage(this.#host.memory),
          4 * at * floats,
          new Uint8Array(result.buffer, 4 * from * floats, 4 * rows * floats),
        );
      }
    }
    await this.#host.finishRead(result.byteLength);
    return result;
  }

  // deno-lint-ignore require-await -- errors reject, as they do on other devices
  async #write(
    action: string,
    what: "rows" | "state",
    floats: number,
    start: number,
    data: Float32Array,
  ): Promise<void> {
    const count = countRows(action, this, data, floats);
    checkRows(action, this, start, count);
    this.#check();
    if (floats === 0) return;
    for (const { shard, at, from, rows } of this.#pieces(start, count)) {
      this.#host.submitter.write(
        shard[what]!.storage(this.#host.memory),
        4 * at * floats,
        data.subarray(from * floats, (from + rows) * floats),
      );
    }
  }

  async #readAt(
    action: string,
    what: "rows" | "state",
    width: number,
    rows: Uint32Array,
  ): Promise<Float32Array> {
    checkRowList(action, this, rows, null, width);
    this.#check();
    const result = new Float32Array(rows.length * width);
    const pieces = this.#rowLists(what, width, rows);
    for (const { from, list, copy } of pieces) {
      copy("gather");
      const to = new Uint8Array(result.buffer, 4 * from * width, list.byteLength);
      await this.#host.readback.read(list.storage(this.#host.memory), 0, to);
    }
    await this.#host.finishRead(result.byteLength);
    return result;
  }

  // deno-lint-ignore require-await -- errors reject, as they do on other devices
  async #writeAt(
    action: string,
    what: "rows" | "state",
    width: number,
    rows: Uint32Array,
    data: Float32Array,
  ): Promise<void> {
    checkRowList(action, this, rows, data, width);
    this.#check();
    for (const { from, list, copy } of this.#rowLists(what, width, rows)) {
      const part = data.subarray(from * width, from * width + list.byteLength / 4);
      this.#host.submitter.write(list.storage(this.#host.memory), 0, part);
      copy("scatter");
    }
  }

  /** A list of rows in pieces of bounded memory, each with room for its rows and a way to copy them. */
  *#rowLists(
    what: "rows" | "state",
    width: number,
    rows: Uint32Array,
  ): Generator<{ from: number; list: WebGpuBuffer; copy: (way: RowsRun["direction"]) => void }> {
    if (width === 0) return;
    const { memory, submitter } = this.#host;
    const most = Math.max(
      1,
      Math.floor(Math.min(LIST_BYTES, this.#host.maxBindingBytes) / 4 / width),
    );
    for (let from = 0; from < rows.length; from += most) {
      const part = rows.subarray(from, from + most);
      const numbers = memory.create(part.byteLength, `${this.label}: row numbers`);
      const list = memory.create(4 * part.length * width, `${this.label}: listed rows`);
      try {
        submitter.write(numbers.storage(memory), 0, part);
        const copy = (direction: RowsRun["direction"]): void =>
          this.#host.launchNow(
            `${this.label}: ${direction}`,
            this.shards.map((shard) =>
              rowsLaunch({
                direction,
                rows: numbers.storage(memory),
                count: part.length,
                width,
                list: list.storage(memory),
                shard: shard[what]!.storage(memory),
                begin: shard.begin,
                end: shard.end,
              })
            ),
          );
        yield { from, list, copy };
      } finally {
        numbers.dispose();
        list.dispose();
      }
    }
  }

  /** Throws unless the tables can be used. */
  #check(): void {
    this.#host.checkOpen();
    for (const { rows } of this.shards) rows.storage(this.#host.memory);
  }
}
