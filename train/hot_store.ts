/**
 * The second copy of hot rows on the device, and its synchronisation with the tables in host memory.
 *
 * @module
 */

import { stateFloats } from "../kernels/embedding/record.ts";
import type { Device, EmbeddingTables } from "../kernels/types.ts";
import { DeviceRows, type RowUpdate, type Transfer } from "./row_paths.ts";

/** Floats moved at a time. */
const CHUNK_FLOATS = 1 << 22;

/** Hot rows on the device: for each table of the model a table of its hot rows, in ascending order. */
export class HotRowStore {
  /** Their tables and lookup buffers on the device. */
  readonly rows: DeviceRows;
  /** For each hot row, table by table, its flat row in the tables of the model. */
  readonly flatRows: Uint32Array;
  readonly #home: EmbeddingTables;
  /** Floats of optimizer state a row. */
  readonly stateFloats: number;

  /**
   * Allocates the copy, zero-filled: `load` before training on it.
   *
   * @param home The model's tables.
   * @param hotRows For each table, the numbers of its hot rows, ascending.
   * @param maxRows Bags a table of the largest minibatch.
   */
  constructor(
    device: Device,
    home: EmbeddingTables,
    hotRows: readonly Uint32Array[],
    maxRows: number,
    update: RowUpdate,
  ) {
    const { dim, optimizer } = home;
    this.#home = home;
    this.stateFloats = stateFloats(optimizer, dim);
    this.flatRows = new Uint32Array(hotRows.reduce((sum, rows) => sum + rows.length, 0));
    let at = 0;
    hotRows.forEach((rows, t) => {
      for (const row of rows) this.flatRows[at++] = home.rowOffsets[t]! + row;
    });
    const spec = { rows: hotRows.map((rows) => rows.length), dim, optimizer };
    this.rows = new DeviceRows(device, spec, maxRows, update, "hot rows");
  }

  /** The tables of hot rows, on the device. */
  get tables(): EmbeddingTables {
    return this.rows.tables;
  }

  /** Copies the rows from the model's tables to the device; with `state`, their optimizer state too. */
  async load(state: boolean): Promise<Transfer> {
    const { tables } = this;
    return await this.#each(async (start, rows) => {
      await tables.writeRows(start, await this.#home.readRowsAt(rows));
      if (state) await tables.writeState(start, await this.#home.readStateAt(rows));
    }, state);
  }

  /** Copies the rows from the device back to the model's tables; with `state`, their optimizer state too. */
  async store(state: boolean): Promise<Transfer> {
    const { tables } = this;
    return await this.#each(async (start, rows) => {
      await this.#home.writeRowsAt(rows, await tables.readRows(start, rows.length));
      if (state) {
        await this.#home.writeStateAt(rows, await tables.readState(start, rows.length));
      }
    }, state);
  }

  /** Bytes that `load` or `store` moves. */
  bytes(state: boolean): number {
    return 4 * this.flatRows.length * (this.#home.dim + (state ? this.stateFloats : 0));
  }

  /** Gives the device's memory back. */
  dispose(): void {
    this.rows.dispose();
  }

  async #each(
    copy: (start: number, rows: Uint32Array) => Promise<void>,
    state: boolean,
  ): Promise<Transfer> {
    const begun = performance.now();
    const { dim } = this.#home;
    const step = Math.max(1, Math.floor(CHUNK_FLOATS / dim));
    for (let start = 0; start < this.flatRows.length; start += step) {
      await copy(start, this.flatRows.subarray(start, start + step));
    }
    return { bytes: this.bytes(state), ms: performance.now() - begun };
  }
}
