/**
 * Raw Criteo text to a columnar cache on the disk. One pass: parse, number the ids, write; memory is one piece of
 * text, one block and the dictionaries.
 *
 * A cache is a folder named after its options and the paths of its sources. It is built under another name and renamed
 * when it is complete and flushed, so a folder under its own name is whole. A lock file keeps a second process waiting,
 * which then finds the cache of the first.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { UserError } from "../core/errors.ts";
import { fileError, Sha256, syncFolder, writeAll } from "../core/files.ts";
import { CRITEO_DENSE, CRITEO_DENSE_NAMES, CRITEO_TABLE_NAMES, CRITEO_TABLES } from "./criteo.ts";
import { CriteoParser } from "./criteo_parser.ts";
import type { BadRow } from "./row_parser.ts";
import {
  type BlockRecord,
  CACHE_VERSION,
  datasetHash,
  type Manifest,
  type PreparationOptions,
  readManifest,
  ROWS_FILE,
  type SourceRecord,
  writeManifest,
} from "./manifest.ts";
import { BLOCK_ROWS, packedBytes, RowBlock } from "./row_block.ts";
import { holdsOutLastFile, splitLastFile, splitSevenths } from "./split.ts";
import { findTextFile, hashText, readText, type TextFile } from "./text_source.ts";
import { Vocabulary } from "./vocabulary.ts";

/** How far a preparation has come. */
export interface PreparationProgress {
  /** What is being done: `waiting` is for another process that prepares the same data. */
  readonly stage: "waiting" | "checking" | "preparing";
  /** Bytes of the raw files read so far, as they lie on the disk. */
  readonly bytes: number;
  /** Bytes of all raw files. */
  readonly totalBytes: number;
  /** Rows prepared so far. */
  readonly rows: number;
}

/** What a preparation can be told besides its options. */
export interface PreparationHooks {
  readonly onProgress?: ((progress: PreparationProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hash the sources even if size and time say that they are unchanged. */
  readonly verify?: boolean | undefined;
}

/** Bad rows that are quoted with their reasons. */
const QUOTED = 5;

/** Opens the cache of some files, preparing it where it is missing, of another version, or out of date. */
export async function prepareCache(
  cacheDirectory: string,
  files: readonly TextFile[],
  options: PreparationOptions,
  hooks: PreparationHooks,
): Promise<{ folder: string; manifest: Manifest }> {
  const folder = `${cacheDirectory}/${cacheName(files, options)}`;
  try {
    const found = await findValid(folder, files, hooks);
    if (found === "current") return { folder, manifest: (await readManifest(folder))! };
    await Deno.mkdir(cacheDirectory, { recursive: true });
    using lock = await Deno.open(`${folder}.lock`, { write: true, create: true });
    await acquire(lock, hooks);
    const again = await findValid(folder, files, hooks);
    if (again === "current") return { folder, manifest: (await readManifest(folder))! };
    if (again === "touched") return { folder, manifest: await refresh(folder, files) };
    await removeLeftovers(cacheDirectory, folder);
    return { folder, manifest: await build(folder, files, options, hooks) };
  } catch (error) {
    throw fileError("prepare the cache in", cacheDirectory, error);
  }
}

function cacheName(files: readonly TextFile[], options: PreparationOptions): string {
  const key = JSON.stringify([
    files.map((file) => file.absolutePath),
    options.format,
    options.limit,
    options.maxIndexRange,
    options.badRows,
  ]);
  return `${options.format}-${new Sha256().update(key).hex().slice(0, 16)}`;
}

/**
 * Whether the cache is that of the files as they are now. Same sizes and times: taken as unchanged, unless asked to
 * verify. Same sizes and other times: the texts are hashed. Other sizes: changed.
 */
async function findValid(
  folder: string,
  files: readonly TextFile[],
  hooks: PreparationHooks,
): Promise<"current" | "touched" | "stale"> {
  const manifest = await readManifest(folder);
  if (manifest === null) return "stale";
  let touched = false;
  for (const [i, file] of files.entries()) {
    const source = manifest.sources[i]!;
    if (source.bytes !== file.bytes || source.gzip !== file.gzip) return "stale";
    const moved = source.modified !== file.modified;
    touched ||= moved;
    if (!moved && !hooks.verify) continue;
    hooks.onProgress?.({ stage: "checking", bytes: 0, totalBytes: file.bytes, rows: 0 });
    const hash = await hashText(file, source.textBytes, hooks.signal);
    if (hash !== source.textSha256) return "stale";
  }
  return touched ? "touched" : "current";
}

/** Notes the new times of files whose texts are unchanged, so that they are not hashed again. */
async function refresh(folder: string, files: readonly TextFile[]): Promise<Manifest> {
  const { checksum: _, ...manifest } = (await readManifest(folder))!;
  const sources = manifest.sources.map((source, i) => ({
    ...source,
    modified: files[i]!.modified,
  }));
  return await writeManifest(folder, { ...manifest, sources });
}

/** Waits for the lock; the system gives it back when its holder ends, however it ends. */
async function acquire(lock: Deno.FsFile, hooks: PreparationHooks): Promise<void> {
  while (!await lock.tryLock(true)) {
    hooks.signal?.throwIfAborted();
    hooks.onProgress?.({ stage: "waiting", bytes: 0, totalBytes: 0, rows: 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Removes what a preparation that was killed left behind. Whoever holds the lock is the only one alive. */
async function removeLeftovers(cacheDirectory: string, folder: string): Promise<void> {
  const prefix = `${folder.slice(cacheDirectory.length + 1)}.`;
  for await (const entry of Deno.readDir(cacheDirectory)) {
    if (entry.name.startsWith(prefix) && entry.name.endsWith(".tmp")) {
      await Deno.remove(`${cacheDirectory}/${entry.name}`, { recursive: true });
    }
  }
}

async function build(
  folder: string,
  files: readonly TextFile[],
  options: PreparationOptions,
  hooks: PreparationHooks,
): Promise<Manifest> {
  const temporary = `${folder}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  await Deno.mkdir(temporary);
  try {
    const builder = new Builder(temporary, files, options, hooks);
    const manifest = await builder.run();
    await syncFolder(temporary);
    await replaceFolder(temporary, folder);
    return manifest;
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Puts a folder in the place of another. Readers that have the old one open keep it. */
async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${from}.old.tmp`;
  const replaced = await Deno.rename(to, old).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
  await Deno.rename(from, to);
  await syncFolder(to.slice(0, to.lastIndexOf("/")));
  if (replaced) await Deno.remove(old, { recursive: true });
}

/** One preparation. */
class Builder {
  readonly #folder: string;
  readonly #files: readonly TextFile[];
  readonly #options: PreparationOptions;
  readonly #hooks: PreparationHooks;
  readonly #block = new RowBlock(CRITEO_DENSE, CRITEO_TABLES);
  readonly #vocabularies = Array.from({ length: CRITEO_TABLES }, () => new Vocabulary());
  readonly #packed = new Uint8Array(
    Math.ceil(packedBytes(BLOCK_ROWS, CRITEO_DENSE, CRITEO_TABLES) / 4) * 4,
  );
  readonly #blocks: BlockRecord[] = [];
  readonly #quoted: string[] = [];
  #skipped = 0;
  #rows = 0;
  #offset = 0;
  #bytesBefore = 0;
  readonly #totalBytes: number;

  constructor(
    folder: string,
    files: readonly TextFile[],
    options: PreparationOptions,
    hooks: PreparationHooks,
  ) {
    this.#folder = folder;
    this.#files = files;
    this.#options = options;
    this.#hooks = hooks;
    this.#totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  }

  async run(): Promise<Manifest> {
    using out = await Deno.open(`${this.#folder}/${ROWS_FILE}`, { write: true, createNew: true });
    const limit = this.#options.limit ?? Infinity;
    const sources: SourceRecord[] = [];
    let cut = false;
    for (const file of this.#files) {
      this.#report(this.#bytesBefore);
      const read = await this.#readFile(file, limit - this.#rows, out);
      cut ||= read.cut;
      sources.push(read.source);
      this.#bytesBefore += file.bytes;
    }
    this.#report(this.#totalBytes);
    this.#hooks.signal?.throwIfAborted();
    if (this.#block.rows > 0) await this.#flush(out);
    if (this.#rows === 0) {
      throw new UserError(
        `Cannot prepare ${this.#files[0]!.path}: ${
          this.#skipped > 0 ? `all of its rows are bad, first ${this.#quoted[0]}` : "it has no rows"
        }`,
      );
    }
    await out.sync();
    const tables = CRITEO_TABLE_NAMES.map((name, t) => ({
      name,
      rows: this.#vocabularies[t]!.size,
    }));
    const options = this.#options;
    const splits = holdsOutLastFile(options.format, sources.length, cut)
      ? splitLastFile(sources.map((source) => source.rows))
      : splitSevenths(this.#rows);
    return await writeManifest(this.#folder, {
      version: CACHE_VERSION,
      options,
      sources,
      cut,
      rows: this.#rows,
      blockRows: BLOCK_ROWS,
      dense: CRITEO_DENSE_NAMES,
      tables,
      splits,
      skipped: { count: this.#skipped, first: this.#quoted },
      blocks: this.#blocks,
      hash: datasetHash({ options, sources, rows: this.#rows, splits, tables }),
    });
  }

  async #readFile(
    file: TextFile,
    limit: number,
    out: Deno.FsFile,
  ): Promise<{ source: SourceRecord; cut: boolean }> {
    const { signal } = this.#hooks;
    const parser = new CriteoParser((bad) => this.#onBad(file, bad));
    const hash = new Sha256();
    let hashed = 0, cut = limit <= 0;
    const drain = async () => {
      const before = parser.rows;
      const full = parser.parse(this.#block, limit);
      this.#rows += parser.rows - before;
      if (this.#block.rows === BLOCK_ROWS) await this.#flush(out);
      return full;
    };
    if (!cut) {
      for await (
        const piece of readText(file, (bytes) => this.#report(this.#bytesBefore + bytes))
      ) {
        signal?.throwIfAborted();
        if (parser.rows >= limit) {
          cut = true;
          break;
        }
        parser.feed(piece);
        while (await drain() && parser.rows < limit);
        const used = parser.rows >= limit ? parser.consumed - hashed : piece.length;
        hash.update(piece.subarray(0, used));
        hashed += used;
        cut = used < piece.length;
        if (cut) break;
      }
      if (!cut) {
        parser.finish();
        while (await drain() && parser.rows < limit);
      }
      if (parser.lines === 0) throw new UserError(`Cannot read ${file.path}: it is empty`);
    }
    return {
      cut,
      source: {
        name: file.name,
        path: file.absolutePath,
        bytes: file.bytes,
        modified: file.modified,
        gzip: file.gzip,
        textBytes: hashed,
        textSha256: hash.hex(),
        rows: parser.rows,
      },
    };
  }

  #onBad(file: TextFile, bad: BadRow): void {
    const where = `${file.path}:${bad.line}:${bad.column}${bad.field ? ` (${bad.field})` : ""}`;
    if (this.#options.badRows === "error") {
      throw new UserError(`Cannot read ${where}: ${bad.reason}`);
    }
    this.#skipped++;
    if (this.#quoted.length < QUOTED) this.#quoted.push(`${where}: ${bad.reason}`);
  }

  async #flush(out: Deno.FsFile): Promise<void> {
    const block = this.#block;
    for (let t = 0; t < CRITEO_TABLES; t++) {
      this.#vocabularies[t]!.replace(block.idColumn(t), this.#options.maxIndexRange);
    }
    const packed = block.pack(this.#packed);
    await writeAll(out, packed);
    this.#blocks.push({ offset: this.#offset, rows: block.rows, crc32: crc32(packed) });
    this.#offset += packed.length;
    block.rows = 0;
  }

  #report(bytes: number): void {
    this.#hooks.onProgress?.({
      stage: "preparing",
      bytes,
      totalBytes: this.#totalBytes,
      rows: this.#rows,
    });
  }
}

/** Looks at all of the files. Throws a `UserError` for the first that cannot be read. */
export async function findTextFiles(paths: readonly string[]): Promise<TextFile[]> {
  const files: TextFile[] = [];
  for (const path of paths) files.push(await findTextFile(path));
  return files;
}
