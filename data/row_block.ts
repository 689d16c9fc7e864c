/**
 * A block of inputs in memory, column by column: what the parser fills and the cache stores.
 *
 * @module
 */

/** Inputs in a block of the cache; only the last block of a data set has fewer. */
export const BLOCK_ROWS = 65_536;

/** Columns are this far apart in memory. A power of two would put all of them into the same sets of the processor's caches. */
const STRIDE = BLOCK_ROWS + 16;

/** Up to 65,536 inputs: dense f32 and ids u32 column by column, labels u8. */
export class RowBlock {
  readonly denseColumns: number;
  readonly tables: number;
  /** Dense value of input r in column j at `j * stride + r`. */
  readonly dense: Float32Array;
  /** Id of input r in table t at `t * stride + r`. */
  readonly ids: Uint32Array;
  readonly labels: Uint8Array = new Uint8Array(BLOCK_ROWS);
  readonly stride: number = STRIDE;
  /** Inputs in the block. */
  rows = 0;

  /** An empty block for a number of dense columns and tables. */
  constructor(denseColumns: number, tables: number) {
    this.denseColumns = denseColumns;
    this.tables = tables;
    this.dense = new Float32Array(denseColumns * STRIDE);
    this.ids = new Uint32Array(tables * STRIDE);
  }

  /** The ids of table t, one for each input. */
  idColumn(t: number): Uint32Array {
    return this.ids.subarray(t * STRIDE, t * STRIDE + this.rows);
  }

  /** Packs the block into `into` as it is stored: dense columns, id columns, labels. Returns the bytes used. */
  pack(into: Uint8Array): Uint8Array {
    const rows = this.rows;
    const words = new Uint32Array(into.buffer, into.byteOffset);
    const floats = new Float32Array(into.buffer, into.byteOffset);
    let at = 0;
    for (let j = 0; j < this.denseColumns; j++, at += rows) {
      floats.set(this.dense.subarray(j * STRIDE, j * STRIDE + rows), at);
    }
    for (let t = 0; t < this.tables; t++, at += rows) words.set(this.idColumn(t), at);
    into.set(this.labels.subarray(0, rows), 4 * at);
    return into.subarray(0, 4 * at + rows);
  }

  /** Replaces the block's rows by those of a stored block; the reverse of {@link RowBlock.pack}. */
  unpack(packed: Uint8Array, rows: number): void {
    const words = new Uint32Array(packed.buffer, packed.byteOffset);
    const floats = new Float32Array(packed.buffer, packed.byteOffset);
    let at = 0;
    for (let j = 0; j < this.denseColumns; j++, at += rows) {
      this.dense.set(floats.subarray(at, at + rows), j * STRIDE);
    }
    for (let t = 0; t < this.tables; t++, at += rows) {
      this.ids.set(words.subarray(at, at + rows), t * STRIDE);
    }
    this.labels.set(packed.subarray(4 * at, 4 * at + rows));
    this.rows = rows;
  }

  /** Appends the rows named of another block with the same columns. */
  copyRows(source: RowBlock, rows: Uint32Array): void {
    const to = this.rows;
    for (let j = 0; j < this.denseColumns; j++) {
      const column = j * STRIDE;
      for (let i = 0; i < rows.length; i++) {
        this.dense[column + to + i] = source.dense[column + rows[i]!]!;
      }
    }
    for (let t = 0; t < this.tables; t++) {
      const column = t * STRIDE;
      for (let i = 0; i < rows.length; i++) {
        this.ids[column + to + i] = source.ids[column + rows[i]!]!;
      }
    }
    for (let i = 0; i < rows.length; i++) this.labels[to + i] = source.labels[rows[i]!]!;
    this.rows += rows.length;
  }
}

/** Bytes of a stored block. */
export function packedBytes(rows: number, denseColumns: number, tables: number): number {
  return rows * (4 * (denseColumns + tables) + 1);
}
