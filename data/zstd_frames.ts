/**
 * Where the frames of a zstd file end (RFC 8878). The runtime's decompressor stops behind the first, and files of several
 * are usual: pzstd, Spark and `cat a.zst b.zst` make them.
 *
 * @module
 */

const MAGIC = 0xfd2fb528;
/** Skippable frames have one of sixteen magic numbers, and hold nothing of the text. */
const SKIPPABLE = 0x184d2a50;
/** The longest frame header. */
const MAX_HEADER = 18;

/** What a piece of a file is. */
export interface FramePart {
  /** Bytes of a frame, or of a skippable one. */
  readonly bytes: Uint8Array;
  readonly skippable: boolean;
  /** Whether the frame ends with them. */
  readonly last: boolean;
}

/** The data are no zstd frames. */
export class FrameError extends Error {}

type State =
  | { readonly at: "magic" }
  | { readonly at: "header"; readonly needed: number; readonly descriptor: number }
  | { readonly at: "block"; readonly checksum: boolean }
  | { readonly at: "skippable" }
  /** So many bytes are passed over; then comes `next`, null at the end of a frame. */
  | { readonly at: "body"; left: number; readonly next: State | null; readonly skippable: boolean };

const START: State = { at: "magic" };

/** Cuts pieces of a file where its frames end. */
export class FrameCutter {
  #state: State = START;
  /** Bytes of a header that came in an earlier piece. */
  #header = new Uint8Array(MAX_HEADER);
  #held = 0;

  /** Whether the file may end here. */
  get complete(): boolean {
    return this.#state.at === "magic" && this.#held === 0;
  }

  /**
   * The parts of the next piece.
   *
   * @throws FrameError where no frame begins.
   */
  *cut(piece: Uint8Array): Generator<FramePart, void, void> {
    let from = 0, p = 0;
    while (p < piece.length) {
      const state = this.#state;
      if (state.at === "body") {
        const count = Math.min(state.left, piece.length - p);
        p += count;
        state.left -= count;
        if (state.left > 0) break;
        this.#state = state.next ?? START;
        if (state.next !== null) continue;
        yield { bytes: piece.subarray(from, p), skippable: state.skippable, last: true };
        from = p;
        continue;
      }
      const needed = state.at === "magic"
        ? 5
        : state.at === "block"
        ? 3
        : state.at === "skippable"
        ? 8
        : state.needed;
      this.#header[this.#held++] = piece[p++]!;
      if (this.#held < needed) continue;
      this.#state = this.#after(state);
      if (this.#state.at === "block" || this.#state.at === "body") this.#held = 0;
      if (this.#state.at === "body" && this.#state.left === 0) {
        const { next, skippable } = this.#state;
        this.#state = next ?? START;
        if (next !== null) continue;
        yield { bytes: piece.subarray(from, p), skippable, last: true };
        from = p;
      }
    }
    if (from === piece.length) return;
    const skippable = this.#state.at === "skippable" ||
      (this.#state.at === "body" && this.#state.skippable);
    yield { bytes: piece.subarray(from), skippable, last: false };
  }

  /** The state behind a header that is complete. */
  #after(state: State): State {
    const h = new DataView(this.#header.buffer);
    switch (state.at) {
      case "magic": {
        const magic = h.getUint32(0, true);
        if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return { at: "skippable" };
        if (magic !== MAGIC) throw new FrameError("no frame begins where one should");
        const descriptor = h.getUint8(4);
        const single = (descriptor & 0x20) !== 0;
        const window = single ? 0 : 1;
        const dictionary = [0, 1, 2, 4][descriptor & 3]!;
        const size = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
        const needed = 5 + window + dictionary + size;
        return needed === 5
          ? { at: "block", checksum: (descriptor & 4) !== 0 }
          : { at: "header", needed, descriptor };
      }
      case "header":
        return { at: "block", checksum: (state.descriptor & 4) !== 0 };
      case "skippable":
        return { at: "body", left: h.getUint32(4, true), next: null, skippable: true };
      case "block": {
        const word = h.getUint8(0) | (h.getUint8(1) << 8) | (h.getUint8(2) << 16);
        const last = (word & 1) !== 0, kind = (word >> 1) & 3;
        if (kind === 3) throw new FrameError("a block is of the reserved kind");
        // A block of one byte repeated holds that byte alone.
        const bytes = kind === 1 ? 1 : word >> 3;
        if (!last) return { at: "body", left: bytes, next: state, skippable: false };
        const left = bytes + (state.checksum ? 4 : 0);
        return { at: "body", left, next: null, skippable: false };
      }
      case "body":
        return state;
    }
  }
}
