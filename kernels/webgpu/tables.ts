/**
 * Embedding tables as a list of shards, each small enough to be bound as one storage buffer.
 *
 * @module
 */

import { initLaunch } from "../embedding/init_webgpu.ts";
import { stateFloats } from "../embedding/record.ts";
import { checkRows, checkSeed, checkTables, countRows } from "../shapes.ts";
import type { EmbeddingTables, Optimizer, TablesSpec } from "../types.ts";
import type { Launch } from "./kernel.ts";
import type { Memory, WebGpuBuffer } from "./memory.ts";
import type { Submitter } from "./queue.ts";
import type { Readback } from "./readback.ts";

/** Threads of a workgroup along a row: the widest row has one lane each. */
export const MAX_LANES = 256;

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
export interface Shard {
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

  /** Throws unless the tables can be used. */
  #check(): void {
    this.#host.checkOpen();
    for (const { rows } of this.shards) rows.storage(this.#host.memory);
  }
}
