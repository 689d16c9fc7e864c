/**
 * The second copy of hot rows on the device, and its synchronisation with the tables in host memory.
 *
 * @module
 */

import { stateFloats } from "../../kernels/embedding/record.ts";
import type { Device, EmbeddingTables } from "../../kernels/types.ts";
import { DeviceRows, type MostLookups, type RowUpdate, type Transfer } from "./row_paths.ts";

/** Floats moved at a time. */
const CHUNK_FLOATS = 1 << 22;

/** Hot rows on the device: for each table of the model a table of its hot rows, in ascending order. */
export class HotRowStore {
  /**
   * Their tables and lookup buffers on the device.
   *
   * @ignore
   */
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
   * @param most Of the largest minibatch.
   */
  constructor(
    device: Device,
    home: EmbeddingTables,
    hotRows: readonly Uint32Array[],
    most: MostLookups,
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
    this.rows = new DeviceRows(device, spec, most, update, "hot rows");
  }

  /** The tables of hot rows, on the device. */
  get tables(): EmbeddingTables {
    return this.rows.tables;
  }

  /** Bytes that moving a row takes; with `state`, its optimizer state too. */
  rowBytes(state: boolean): number {
    return 4 * (this.#home.dim + (state ? this.stateFloats : 0));
  }

  /**
   * Copies rows from the model's tables to the device.
   *
   * @param rows Numbers of the hot rows, each once; null for all.
   * @param state Whether to copy their optimizer state too.
   */
  async load(rows: Uint32Array | null, state: boolean): Promise<Transfer> {
    const { tables } = this;
    const home = this.#home;
    return await this.#each(rows, state, async (start, some, flat) => {
      const data = await home.readRowsAt(flat);
      await (some === null ? tables.writeRows(start, data) : tables.writeRowsAt(some, data));
      if (!state) return;
      const its = await home.readStateAt(flat);
      await (some === null ? tables.writeState(start, its) : tables.writeStateAt(some, its));
    });
  }

  /** Copies rows from the device back to the model's tables, as {@linkcode HotRowStore.load} does the other way. */
  async store(rows: Uint32Array | null, state: boolean): Promise<Transfer> {
    const { tables } = this;
    const home = this.#home;
    return await this.#each(rows, state, async (start, some, flat) => {
      const { length } = flat;
      await home.writeRowsAt(
        flat,
        await (some === null ? tables.readRows(start, length) : tables.readRowsAt(some)),
      );
      if (!state) return;
      await home.writeStateAt(
        flat,
        await (some === null ? tables.readState(start, length) : tables.readStateAt(some)),
      );
    });
  }

  /** Sets the rows' optimizer state on the device to zero. `load` without state does not touch it. */
  async clearState(): Promise<void> {
    if (this.stateFloats === 0) return;
    const step = Math.max(1, Math.floor(CHUNK_FLOATS / this.stateFloats));
    for (let start = 0; start < this.flatRows.length; start += step) {
      const rows = Math.min(step, this.flatRows.length - start);
      await this.tables.writeState(start, new Float32Array(rows * this.stateFloats));
    }
  }

  /** Gives the device's memory back. */
  dispose(): void {
    this.rows.dispose();
  }

  /** Goes over rows in pieces: the first one's place, their numbers (null for all in order), their flat rows at home. */
  async #each(
    rows: Uint32Array | null,
    state: boolean,
    copy: (start: number, some: Uint32Array | null, flat: Uint32Array) => Promise<void>,
  ): Promise<Transfer> {
    const begun = performance.now();
    const { flatRows } = this;
    const count = rows?.length ?? flatRows.length;
    const step = Math.max(1, Math.floor(CHUNK_FLOATS / this.#home.dim));
    for (let start = 0; start < count; start += step) {
      const some = rows?.subarray(start, start + step) ?? null;
      const flat = some?.map((h) => flatRows[h]!) ?? flatRows.subarray(start, start + step);
      await copy(start, some, flat);
    }
    return { bytes: count * this.rowBytes(state), ms: performance.now() - begun };
  }
}
