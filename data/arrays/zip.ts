/**
 * Zip archives as NumPy writes them (`.npz`): stored or deflated members, with ZIP64 sizes. Source: PKWARE's APPNOTE 6.3.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { crc32, createInflateRaw, createReadStream } from "../../core/node.ts";
import { UserError } from "../../core/errors.ts";
import { fileError, readFully, writeAll } from "../../core/files.ts";

/** A file in an archive. */
export interface ZipMember {
  readonly name: string;
  /** Whether its bytes lie in the archive as they are. */
  readonly stored: boolean;
  readonly crc32: number;
  /** Bytes in the archive. */
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
}

const END = 0x06054b50, END_BYTES = 22, MOST_COMMENT = 0xffff;
const ZIP64_LOCATOR = 0x07064b50, ZIP64_LOCATOR_BYTES = 20, ZIP64_END = 0x06064b50;
const CENTRAL = 0x02014b50, LOCAL = 0x04034b50, LOCAL_BYTES = 30;
const STORED = 0, DEFLATED = 8;
/** Stands in a 32-bit field whose number is in the ZIP64 extra field. */
const IN_EXTRA = 0xffffffff;
const MOST_DIRECTORY = 1 << 20;
const PIECE = 1 << 20;

/** Whether bytes begin as a zip archive does. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/**
 * The members of an archive, in the order of its directory.
 *
 * @throws UserError if it is damaged, encrypted, or packed by a method other than deflate.
 */
export async function readZip(path: string): Promise<ZipMember[]> {
  const fail = (reason: string): never => {
    throw new UserError(`Cannot read ${path}: ${reason}`);
  };
  try {
    using file = await fs.open(path);
    const { size } = await file.stat();
    const read = async (offset: number, length: number): Promise<DataView> => {
      if (offset < 0 || length < 0 || offset + length > size) fail("its zip directory is damaged");
      const bytes = new Uint8Array(length);
      await file.seek(offset, fs.SeekMode.Start);
      if (await readFully(file, bytes) !== length) fail("its zip directory is damaged");
      return new DataView(bytes.buffer);
    };
    const { offset, length, entries } = await findDirectory(size, read, fail);
    if (length > MOST_DIRECTORY) fail(`its zip directory has ${length} bytes`);
    const directory = await read(offset, length);
    const members: ZipMember[] = [];
    for (let at = 0, i = 0; i < entries; i++) {
      if (at + 46 > length || directory.getUint32(at, true) !== CENTRAL) {
        fail("its zip directory is damaged");
      }
      const nameBytes = directory.getUint16(at + 28, true);
      const extraBytes = directory.getUint16(at + 30, true);
      const end = at + 46 + nameBytes + extraBytes + directory.getUint16(at + 32, true);
      if (end > length) fail("its zip directory is damaged");
      const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameBytes));
      if ((directory.getUint16(at + 8, true) & 1) !== 0) fail(`its member ${name} is encrypted`);
      const method = directory.getUint16(at + 10, true);
      if (method !== STORED && method !== DEFLATED) {
        fail(`its member ${name} is packed by method ${method}, neither stored nor deflated`);
      }
      const [bytes, packedBytes, header] = largeNumbers(
        directory,
        [at + 24, at + 20, at + 42],
        at + 46 + nameBytes,
        extraBytes,
      ) ?? fail("its zip directory is damaged");
      const local = await read(header!, LOCAL_BYTES);
      if (local.getUint32(0, true) !== LOCAL) fail(`its member ${name} is not where it should be`);
      const begin = header! + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
      if (begin + packedBytes! > size || (method === STORED && bytes !== packedBytes)) {
        fail(`its member ${name} is cut short`);
      }
      members.push({
        name,
        stored: method === STORED,
        crc32: directory.getUint32(at + 16, true),
        packedBytes: packedBytes!,
        bytes: bytes!,
        offset: begin,
      });
      at = end;
    }
    return members;
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/** The end of an archive says where its directory is; one of ZIP64 says it elsewhere. */
async function findDirectory(
  size: number,
  read: (offset: number, length: number) => Promise<DataView>,
  fail: (reason: string) => never,
): Promise<{ offset: number; length: number; entries: number }> {
  const length = Math.min(size, END_BYTES + MOST_COMMENT);
  const tail = await read(size - length, length);
  let at = length - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at--;
  if (at < 0) fail("its zip directory is missing, so it is cut short");
  const end = {
    offset: tail.getUint32(at + 16, true),
    length: tail.getUint32(at + 12, true),
    entries: tail.getUint16(at + 10, true),
  };
  const locator = size - length + at - ZIP64_LOCATOR_BYTES;
  if (locator < 0) return end;
  const where = await read(locator, ZIP64_LOCATOR_BYTES);
  if (where.getUint32(0, true) !== ZIP64_LOCATOR) return end;
  const large = await read(Number(where.getBigUint64(8, true)), 56);
  if (large.getUint32(0, true) !== ZIP64_END) fail("its zip directory is damaged");
  return {
    entries: Number(large.getBigUint64(32, true)),
    length: Number(large.getBigUint64(40, true)),
    offset: Number(large.getBigUint64(48, true)),
  };
}

/** 32-bit fields, those that are too small for their numbers taken from the ZIP64 extra field in turn; null if it lacks one. */
function largeNumbers(
  directory: DataView,
  fields: readonly number[],
  extra: number,
  extraBytes: number,
): number[] | null {
  const numbers = fields.map((at) => directory.getUint32(at, true));
  if (!numbers.includes(IN_EXTRA)) return numbers;
  for (let at = extra, end = extra + extraBytes; at + 4 <= end;) {
    const kind = directory.getUint16(at, true), length = directory.getUint16(at + 2, true);
    if (at + 4 + length > end) return null;
    if (kind !== 1) {
      at += 4 + length;
      continue;
    }
    let from = at + 4;
    for (const [k, value] of numbers.entries()) {
      if (value !== IN_EXTRA) continue;
      if (from + 8 > at + 4 + length) return null;
      numbers[k] = Number(directory.getBigUint64(from, true));
      from += 8;
    }
    return numbers;
  }
  return null;
}

/**
 * Reads a member from its beginning to its end: its bytes are those that were put into the archive.
 *
 * @param to A file that does not exist yet, to write them to; null to check them alone.
 * @throws UserError if they are not what the archive says.
 */
export async function unpackMember(
  path: string,
  member: ZipMember,
  to: string | null,
  signal?: AbortSignal,
): Promise<void> {
  const damaged = () =>
    new UserError(`Cannot read ${path}: its member ${member.name} is damaged or cut short`);
  let bytes = 0, sum = 0;
  try {
    using file = to === null ? null : await fs.open(to, { write: true, createNew: true });
    for await (const piece of memberBytes(path, member)) {
      signal?.throwIfAborted();
      bytes += piece.length;
      if (bytes > member.bytes) throw damaged();
      sum = crc32(piece, sum);
      if (file !== null) await writeAll(file, piece);
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string" && code.startsWith("Z_")) throw damaged();
    throw fileError("unpack", path, error);
  }
  if (bytes !== member.bytes || sum !== member.crc32) throw damaged();
}

async function* memberBytes(
  path: string,
  { offset, packedBytes, stored }: ZipMember,
): AsyncGenerator<Uint8Array, void, void> {
  if (packedBytes === 0) return;
  const end = offset + packedBytes - 1;
  const source = createReadStream(path, { start: offset, end, highWaterMark: PIECE });
  if (stored) {
    yield* source;
    return;
  }
  const inflate = createInflateRaw({ chunkSize: PIECE });
  source.on("error", (error) => inflate.destroy(error));
  source.pipe(inflate);
  try {
    yield* inflate;
  } finally {
    source.destroy();
    inflate.destroy();
  }
}
