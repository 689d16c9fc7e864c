/**
 * Tables of FlatBuffers, in which Arrow describes its columns.
 *
 * Layout: https://flatbuffers.dev/internals.
 *
 * @module
 */

/** A table: gives the position of a member's value, or null where it is left out. */
export type Members = (slot: number) => number | null;

/** Reads numbers and tables; a `DataView` throws a `RangeError` where there are none. */
export class FlatBuffer {
  /** What is read. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  /** Reads nothing yet. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A byte. */
  uint8(at: number): number {
    return this.#view.getUint8(at);
  }

  /** Four bytes with a sign. */
  int32(at: number): number {
    return this.#view.getInt32(at, true);
  }

  /** A length or position; never negative. */
  int64(at: number): number {
    const value = Number(this.#view.getBigInt64(at, true));
    if (value < 0 || !Number.isSafeInteger(value)) throw new RangeError("a length is no count");
    return value;
  }

  /** Where a table stands that an offset at a position leads to. */
  start(at: number): number {
    return at + this.int32(at);
  }

  /** The table that the offset at a position leads to. */
  table(at: number): Members {
    const start = this.start(at);
    const layout = start - this.int32(start);
    const size = this.#view.getUint16(layout, true);
    return (slot) => {
      if (slot >= size) return null;
      const offset = this.#view.getUint16(layout + slot, true);
      return offset === 0 ? null : start + offset;
    };
  }
}
