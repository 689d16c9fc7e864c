/**
 * LZ4 frames, in which Arrow packs its buffers.
 *
 * Layouts: https://github.com/lz4/lz4/tree/dev/doc (lz4_Frame_format.md, lz4_Block_format.md).
 *
 * @module
 */

const MAGIC = 0x184d2204;
const CONTENT_SIZE = 8, DICTIONARY = 1, BLOCK_CHECKSUM = 16;
const LEAST_MATCH = 4;

/**
 * Unpacks a frame. Checksums are not compared.
 *
 * @param length Bytes that it has unpacked.
 * @throws {RangeError} It is damaged, or has another length.
 */
export function unpackLz4(frame: Uint8Array, length: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError("it is no LZ4 frame");
  const flags = view.getUint8(4);
  if ((flags & DICTIONARY) !== 0) throw new RangeError("an LZ4 frame needs a dictionary");
  // Flags, the size of blocks, perhaps that of the content, a checksum.
  let at = 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8), done = 0;
  const into = new Uint8Array(length);
  for (;;) {
    const size = view.getUint32(at, true), stored = size >>> 31 === 1, bytes = size & 0x7fffffff;
    at += 4;
    if (bytes === 0) break;
    if (at + bytes > frame.length) throw new RangeError("an LZ4 block is cut short");
    const block = frame.subarray(at, at + bytes);
    if (stored) into.set(block, done);
    done = stored ? done + bytes : unpackBlock(block, into, done);
    at += bytes + ((flags & BLOCK_CHECKSUM) === 0 ? 0 : 4);
  }
  if (done !== length) throw new RangeError(`an LZ4 frame has ${done} bytes and not ${length}`);
  return into;
}

/** Unpacks a block to `into` from `done` on, where matches may begin in blocks before it; returns the new end. */
function unpackBlock(block: Uint8Array, into: Uint8Array, done: number): number {
  let at = 0;
  const more = (count: number): number => {
    if (count < 15) return count;
    for (;;) {
      const byte = block[at++];
      if (byte === undefined) throw new RangeError("an LZ4 block is cut short");
      count += byte;
      if (byte < 255) return count;
    }
  };
  while (at < block.length) {
    const token = block[at++]!, literals = more(token >>> 4);
    if (at + literals > block.length || done + literals > into.length) {
      throw new RangeError("an LZ4 block is cut short");
    }
    into.set(block.subarray(at, at + literals), done);
    at += literals;
    done += literals;
    // The last sequence is of literals alone.
    if (at === block.length) break;
    const back = block[at]! | (block[at + 1] ?? 0) << 8;
    at += 2;
    const length = more(token & 15) + LEAST_MATCH, end = done + length;
    if (back === 0 || back > done || end > into.length) {
      throw new RangeError("an LZ4 block repeats what is not there");
    }
    // A match may overlap what it writes, which repeats it.
    if (back >= length) into.copyWithin(done, done - back, done - back + length);
    else for (let p = done; p < end; p++) into[p] = into[p - back]!;
    done = end;
  }
  return done;
}
