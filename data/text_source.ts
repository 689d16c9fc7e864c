/**
 * Files of a log as pieces of bytes, plain or unpacked, with what identifies them.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import {
  basename,
  createGunzip,
  createReadStream,
  createZstdDecompress,
  nodeModule,
  resolve,
} from "../core/node.ts";
import type { Readable, Transform } from "node:stream";
import { UserError } from "../core/errors.ts";
import { fileError, readFully, Sha256 } from "../core/files.ts";
import { type Container, containerOf, MAGIC_BYTES, unreadable } from "./containers.ts";
import { FrameCutter, FrameError, type FramePart } from "./zstd_frames.ts";

const PIECE = 1 << 20;

/** A file of a log as it lies on the disk. */
export interface TextFile {
  /** The path as it was given. */
  readonly path: string;
  readonly name: string;
  readonly absolutePath: string;
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Time of the last change, in milliseconds since 1970; 0 where the system keeps none. */
  readonly modified: number;
  /** By its first bytes. */
  readonly container: Container;
}

/** Whether a file holds columns of its own and not lines of text. */
export function isColumnar({ container }: Pick<TextFile, "container">): boolean {
  return container === "parquet" || container === "arrow";
}

/**
 * Looks at a file.
 *
 * @throws UserError if it is missing, a folder, empty, or in a container that is not read, with what would unpack it.
 */
export async function findTextFile(path: string): Promise<TextFile> {
  try {
    const info = await fs.stat(path);
    if (info.isDirectory) throw new UserError(`Cannot read ${path}: it is a folder, not a file`);
    // A pipe gives its text once, and it is read several times: to recognise it, to hash it, to prepare it.
    if (!info.isFile) {
      throw new UserError(`Cannot read ${path}: it is a pipe or a device, not a file`);
    }
    using file = await fs.open(path);
    const head = new Uint8Array(MAGIC_BYTES);
    const first = head.subarray(0, await readFully(file, head));
    if (first.length === 0) throw new UserError(`Cannot read ${path}: it is empty`);
    const container = containerOf(first, path);
    const found: TextFile = {
      path,
      name: basename(path),
      absolutePath: resolve(path),
      bytes: info.size,
      modified: info.mtime?.getTime() ?? 0,
      container,
    };
    const packed = container === "gzip" || container === "zstd";
    const text = packed ? (await readHead(found)).bytes.subarray(0, MAGIC_BYTES) : first;
    if (container === "arrays") return found;
    const problem = unreadable(text, packed ? container : null);
    if (problem !== null) throw new UserError(`Cannot read ${path}: ${problem}`);
    return found;
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/**
 * The text of a file, in pieces of at most 1 MiB that are only valid until the next. Several gzip members are one
 * text. (`DecompressionStream` refuses those, and was four times slower when measured.)
 *
 * @param onBytes Told how many bytes of the disk have been read.
 * @throws UserError if the file cannot be read, is not as long as it was when it was looked at, or its packed data are
 * damaged or cut short.
 */
export async function* readText(
  file: TextFile,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (file.container === "gzip") return yield* gunzip(file, onBytes);
    if (file.container === "zstd") return yield* unzstd(file, onBytes);
    using handle = await fs.open(file.path);
    const pieces = [new Uint8Array(PIECE), new Uint8Array(PIECE)] as const;
    let next = readFully(handle, pieces[0]);
    try {
      for (let i = 0, done = 0;; i ^= 1) {
        const count = await next;
        if (count === 0) {
          checkLength(file, done);
          return;
        }
        done += count;
        // The disk works on the next piece while this one is parsed.
        next = readFully(handle, pieces[i ^ 1]!);
        yield pieces[i]!.subarray(0, count);
        onBytes?.(done);
      }
    } finally {
      // If the consumer stops early, the file must not be closed while a read is under way.
      await next.catch(() => {});
    }
  } catch (error) {
    throw fileError("read", file.path, error);
  }
}

async function* gunzip(
  file: TextFile,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const source = createReadStream(file.path, { highWaterMark: PIECE });
  try {
    for await (const piece of flow(source, createGunzip({ chunkSize: PIECE }))) {
      yield piece;
      onBytes?.(source.bytesRead);
    }
    checkLength(file, source.bytesRead);
  } catch (error) {
    throw packedError(file, error, "Z_", (error as { code?: unknown }).code === "Z_BUF_ERROR");
  }
}

async function* unzstd(
  file: TextFile,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const source = createReadStream(file.path, { highWaterMark: PIECE });
  const cutter = new FrameCutter();
  const parts = partsOf(source, cutter);
  try {
    for (let part = await parts.next(); !part.done; part = await parts.next()) {
      // The decompressor reads an open frame to its end.
      if (part.value.skippable) continue;
      const frame = nodeModule("node:stream").Readable.from(frameFrom(part.value, parts), {
        objectMode: false,
      });
      for await (const piece of flow(frame, createZstdDecompress({ chunkSize: PIECE }))) {
        yield piece;
        onBytes?.(source.bytesRead);
      }
    }
    checkLength(file, source.bytesRead);
    if (!cutter.complete) throw new FrameError("the last frame has no end");
  } catch (error) {
    throw packedError(file, error, "ZSTD_", error instanceof FrameError && !cutter.complete);
  } finally {
    source.destroy();
  }
}

async function* partsOf(
  source: AsyncIterable<Uint8Array>,
  cutter: FrameCutter,
): AsyncGenerator<FramePart, void, void> {
  for await (const piece of source) yield* cutter.cut(piece);
}

/** The bytes of a frame, from its first part on. */
async function* frameFrom(
  first: FramePart,
  parts: AsyncGenerator<FramePart, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  yield first.bytes;
  for (let { last } = first; !last;) {
    const part = await parts.next();
    if (part.done) return;
    yield part.value.bytes;
    last = part.value.last;
  }
}

/** What comes out of a decompressor that a source flows into. */
async function* flow(
  source: Readable,
  through: Transform,
): AsyncGenerator<Uint8Array, void, void> {
  source.on("error", (error) => through.destroy(error));
  source.pipe(through);
  try {
    yield* through;
  } finally {
    source.destroy();
    through.destroy();
  }
}

function packedError(file: TextFile, error: unknown, prefix: string, cut: boolean): unknown {
  const code = (error as { code?: unknown }).code;
  const damaged = error instanceof FrameError || (error as Error).message.includes("Zstd") ||
    (typeof code === "string" && code.startsWith(prefix));
  if (!damaged) return error;
  return new UserError(
    `Cannot read ${file.path}: its ${file.container} data are ${cut ? "cut short" : "damaged"} (${
      (error as Error).message
    })`,
  );
}

/**
 * Throws if a file's length has changed since it was opened: a log that is still being written would pass for the whole.
 */
function checkLength(file: TextFile, bytes: number): void {
  if (bytes === file.bytes) return;
  throw new UserError(
    `Cannot read ${file.path}: it had ${file.bytes} bytes when it was opened and has ${bytes} now; wait until it is whole`,
  );
}

/** The first bytes of a file's text, up to 64 KiB, and whether they are all of it. */
export async function readHead(file: TextFile): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const head = new Uint8Array(1 << 16);
  let length = 0;
  for await (const piece of readText(file)) {
    const part = piece.subarray(0, head.length - length);
    head.set(part, length);
    length += part.length;
    if (part.length < piece.length) return { bytes: head, whole: false };
  }
  return { bytes: head.subarray(0, length), whole: true };
}

/** SHA-256 of the first `bytes` bytes of a file's text, or null if it has fewer. */
export async function hashText(
  file: TextFile,
  bytes: number,
  signal?: AbortSignal,
): Promise<string | null> {
  const hash = new Sha256();
  let left = bytes;
  if (left > 0) {
    for await (const piece of readText(file)) {
      signal?.throwIfAborted();
      const part = piece.subarray(0, left);
      hash.update(part);
      left -= part.length;
      if (left === 0) break;
    }
  }
  return left === 0 ? hash.hex() : null;
}
