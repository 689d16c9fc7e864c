/**
 * Text files as pieces of bytes, plain or gzip, with what identifies them.
 *
 * @module
 */

import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { basename, resolve } from "node:path";
import { UserError } from "../core/errors.ts";
import { fileError, readFully, Sha256 } from "../core/files.ts";

const PIECE = 1 << 20;

/** A text file as it lies on the disk. */
export interface TextFile {
  /** As the person gave it. */
  readonly path: string;
  readonly name: string;
  readonly absolutePath: string;
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Time of the last change, in milliseconds since 1970; 0 where the system keeps none. */
  readonly modified: number;
  /** By its first two bytes, whatever it is called. */
  readonly gzip: boolean;
}

/** Looks at a file. Throws a `UserError` if it is missing, a folder, unreadable or empty. */
export async function findTextFile(path: string): Promise<TextFile> {
  try {
    const info = await Deno.stat(path);
    if (info.isDirectory) throw new UserError(`Cannot read ${path}: it is a folder, not a file`);
    // A pipe gives its text once, and it is read several times: to recognise it, to hash it, to prepare it.
    if (!info.isFile) {
      throw new UserError(`Cannot read ${path}: it is a pipe or a device, not a file`);
    }
    using file = await Deno.open(path);
    const head = new Uint8Array(2);
    if (await readFully(file, head) === 0) throw new UserError(`Cannot read ${path}: it is empty`);
    return {
      path,
      name: basename(path),
      absolutePath: resolve(path),
      bytes: info.size,
      modified: info.mtime?.getTime() ?? 0,
      gzip: head[0] === 0x1f && head[1] === 0x8b,
    };
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/**
 * The text of a file, in pieces of at most 1 MiB that are only valid until the next. Several gzip members are one
 * text. (`DecompressionStream` refuses those, and was four times slower when measured.)
 *
 * @param onBytes Told how many bytes of the disk have been read.
 * @throws UserError if the file cannot be read, or its gzip data are damaged or cut short.
 */
export async function* readText(
  file: TextFile,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (file.gzip) {
      yield* gunzip(file, onBytes);
      return;
    }
    using handle = await Deno.open(file.path);
    const pieces = [new Uint8Array(PIECE), new Uint8Array(PIECE)] as const;
    let next = readFully(handle, pieces[0]);
    try {
      for (let i = 0, done = 0;; i ^= 1) {
        const count = await next;
        if (count === 0) return;
        done += count;
        // The disk works on the next piece while this one is parsed.
        next = readFully(handle, pieces[i ^ 1]!);
        yield pieces[i]!.subarray(0, count);
        onBytes?.(done);
      }
    } finally {
      // Whoever stops early must not close the file under the read that is under way.
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
  const text = createGunzip({ chunkSize: PIECE });
  source.on("error", (error) => text.destroy(error));
  source.pipe(text);
  try {
    for await (const piece of text) {
      yield piece;
      onBytes?.(source.bytesRead);
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string" && code.startsWith("Z_")) {
      throw new UserError(
        `Cannot read ${file.path}: its gzip data are ${
          code === "Z_BUF_ERROR" ? "cut short" : "damaged"
        } (${(error as Error).message})`,
      );
    }
    throw error;
  } finally {
    source.destroy();
    text.destroy();
  }
}

/** The first bytes of a file's text, up to 64 KiB. */
export async function readHead(file: TextFile): Promise<Uint8Array> {
  const head = new Uint8Array(1 << 16);
  let length = 0;
  for await (const piece of readText(file)) {
    const part = piece.subarray(0, head.length - length);
    head.set(part, length);
    length += part.length;
    if (length === head.length) break;
  }
  return head.subarray(0, length);
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
