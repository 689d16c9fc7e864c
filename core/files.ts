/**
 * Files written whole or not at all: a temporary name beside the target, flush to the disk, rename. And SHA-256 of data
 * too large for memory.
 *
 * @module
 */

import { fs, IN_BROWSER } from "./deno.ts";
import { dirname, nodeModule, setImmediate } from "./node.ts";
import { UserError } from "./errors.ts";
import { PortableSha256 } from "./sha256.ts";

/** SHA-256 over bytes that arrive in pieces. */
export class Sha256 {
  readonly #hash = IN_BROWSER
    ? new PortableSha256()
    : nodeModule("node:crypto").createHash("sha256");

  /** Adds bytes; strings are taken as UTF-8. */
  update(data: Uint8Array | string): this {
    this.#hash.update(data);
    return this;
  }

  /** The digest as 64 lower-case hexadecimal digits. Ends the hash. */
  hex(): string {
    return this.#hash instanceof PortableSha256 ? this.#hash.hex() : this.#hash.digest("hex");
  }
}

/**
 * A file that appears under its name only when it is complete. Write, then `commit`; leaving the scope of an
 * `await using` without it removes the temporary file.
 */
export class WholeFile implements AsyncDisposable {
  /** Where the file will be. */
  readonly path: string;
  readonly #temporary: string;
  #file: Deno.FsFile | null;

  private constructor(path: string, temporary: string, file: Deno.FsFile) {
    this.path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** Starts a file beside `path`, in a folder that exists. Throws a `UserError` if it cannot. */
  static async create(path: string): Promise<WholeFile> {
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
    try {
      const file = await fs.open(temporary, { write: true, createNew: true });
      return new WholeFile(path, temporary, file);
    } catch (error) {
      throw fileError("write", path, error);
    }
  }

  /** Appends all of the bytes. Throws a `UserError` when the disk is full. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#file === null) throw new Error(`Cannot write ${this.path}: it is closed`);
    try {
      // Asynchronous writes of gigabytes to a disk take two to three times as long.
      for (let done = 0; done < bytes.length;) {
        done += this.#file.writeSync(bytes.subarray(done));
      }
      // Signals, timers and messages of threads are handled between the pieces of a large file.
      await setImmediate();
    } catch (error) {
      throw fileError("write", this.path, error);
    }
  }

  /** Writes bytes in place of some that were written before; what is written later goes on at the end. */
  overwrite(position: number, bytes: Uint8Array): void {
    if (this.#file === null) throw new Error(`Cannot write ${this.path}: it is closed`);
    try {
      this.#file.seekSync(position, fs.SeekMode.Start);
      for (let done = 0; done < bytes.length;) {
        done += this.#file.writeSync(bytes.subarray(done));
      }
      this.#file.seekSync(0, fs.SeekMode.End);
    } catch (error) {
      throw fileError("write", this.path, error);
    }
  }

  /** Flushes to the disk and gives the file its name, replacing what had it. */
  async commit(): Promise<void> {
    if (this.#file === null) throw new Error(`Cannot write ${this.path}: it is closed`);
    try {
      await this.#file.sync();
      this.#file.close();
      this.#file = null;
      await fs.rename(this.#temporary, this.path);
    } catch (error) {
      await this.#discard();
      throw fileError("write", this.path, error);
    }
    await syncFolder(dirname(this.path));
  }

  /** Removes the temporary file unless it was committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#file !== null) await this.#discard();
  }

  async #discard(): Promise<void> {
    this.#file?.close();
    this.#file = null;
    await fs.remove(this.#temporary).catch(() => {});
  }
}

/** Writes bytes or UTF-8 text as a whole file, replacing what had the name. Throws a `UserError` if it cannot. */
export async function writeFileWhole(path: string, data: Uint8Array | string): Promise<void> {
  await using file = await WholeFile.create(path);
  await file.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  await file.commit();
}

/** Writes all of the bytes at the file's position; `FsFile.write` may write fewer. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += await file.write(bytes.subarray(done));
}

/** Fills the array from the file's position. Returns how many bytes there were before the end of the file. */
export async function readFully(file: Deno.FsFile, into: Uint8Array): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const count = await file.read(into.subarray(done));
    if (count === null) break;
    done += count;
  }
  return done;
}

/** Makes names in a folder last through a power cut, where the system can (not on Windows). */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await fs.open(path);
  await folder.sync();
}

/**
 * An error of the system about a file, as one sentence: `Cannot read train.txt: No such file or directory`. Errors that
 * are not file errors are returned as they are.
 *
 * @param verb What was tried: `read`, `write`, …
 */
export function fileError(verb: string, path: string, error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  const known = error instanceof fs.errors.NotFound ||
    error instanceof fs.errors.PermissionDenied ||
    error instanceof fs.errors.NotCapable || typeof code === "string";
  if (!known) return error;
  if (error instanceof fs.errors.NotCapable) {
    return new UserError(`Cannot ${verb} ${path}: Deno was started without the permission for it`);
  }
  const reason = error.message.replace(/ \(os error \d+\).*$/s, "").replace(/[.\s]+$/, "");
  return new UserError(`Cannot ${verb} ${path}: ${reason}`);
}

/** Makes a folder that may be there already, and those above it. Throws a `UserError` where it cannot. */
export async function makeFolder(path: string): Promise<void> {
  await fs.mkdir(path, { recursive: true }).catch((error) => {
    throw fileError("write to", path, error);
  });
}
