/**
 * Raw text to a columnar cache on the disk.
 *
 * A cache is a folder named after its options and the paths of its sources. It is built under another name and renamed
 * when it is complete and flushed, so a folder under its own name is whole. A lock file keeps a second process waiting,
 * which then finds the cache of the first.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { pause } from "../core/events.ts";
import { fileError, Sha256, syncFolder } from "../core/files.ts";
import { tryLock } from "../core/lock.ts";
import { buildArrays } from "./arrays/build_arrays.ts";
import { completeArrayPaths, isArrayFormat } from "./arrays/formats.ts";
import { buildRows } from "./build_rows.ts";
import { buildSequences } from "./build_sequences.ts";
import {
  type Manifest,
  MANIFEST_FILE,
  optionList,
  type PreparationOptions,
  readManifest,
  writeManifest,
} from "./manifest.ts";
import type { PreparationHooks } from "./source_scan.ts";
import { listFiles } from "./source_files.ts";
import { findTextFile, hashText, type TextFile } from "./text_source.ts";

/** Milliseconds between looks at a lock that another process has. */
const WAIT_MS = 100;

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
    if (found === "touched" && !await isWritable(`${folder}/${MANIFEST_FILE}`)) {
      // The contents match the cache. The new times cannot be noted, so they are hashed again the next time.
      return { folder, manifest: (await readManifest(folder))! };
    }
    await fs.mkdir(cacheDirectory, { recursive: true });
    using _lock = await acquire(`${folder}.lock`, hooks);
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
    optionList(options),
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
    if (source.bytes !== file.bytes || source.container !== file.container) return "stale";
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

/** Waits for the lock. */
async function acquire(path: string, hooks: PreparationHooks): Promise<Disposable> {
  while (true) {
    const lock = await tryLock(path);
    if (lock !== null) return lock;
    hooks.onProgress?.({ stage: "waiting", bytes: 0, totalBytes: 0, rows: 0 });
    await pause(WAIT_MS, hooks.signal);
  }
}

/** Whether a file can be replaced. */
async function isWritable(path: string): Promise<boolean> {
  const probe = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    (await fs.open(probe, { write: true, createNew: true })).close();
    await fs.remove(probe);
    return true;
  } catch {
    return false;
  }
}

/** Removes what a killed preparation left behind. Only the holder of the lock calls it, so nobody else is preparing. */
async function removeLeftovers(cacheDirectory: string, folder: string): Promise<void> {
  const prefix = `${folder.slice(cacheDirectory.length + 1)}.`;
  for await (const entry of fs.readDir(cacheDirectory)) {
    if (entry.name.startsWith(prefix) && entry.name.endsWith(".tmp")) {
      await fs.remove(`${cacheDirectory}/${entry.name}`, { recursive: true });
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
  await fs.mkdir(temporary);
  try {
    const { format } = options;
    const manifest = format === "taobao"
      ? await buildSequences(temporary, files, options, hooks)
      : isArrayFormat(format)
      ? await buildArrays(temporary, files, { ...options, format }, hooks)
      : await buildRows(temporary, files, options, hooks);
    await syncFolder(temporary);
    await replaceFolder(temporary, folder);
    return manifest;
  } finally {
    await fs.remove(temporary, { recursive: true }).catch((error) => {
      if (!(error instanceof fs.errors.NotFound)) throw error;
    });
  }
}

/** Replaces a folder by another. Readers that have the old one open keep it. */
async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${from}.old.tmp`;
  const replaced = await fs.rename(to, old).then(() => true, (error) => {
    if (error instanceof fs.errors.NotFound) return false;
    throw error;
  });
  await fs.rename(from, to);
  await syncFolder(to.slice(0, to.lastIndexOf("/")));
  if (replaced) await fs.remove(old, { recursive: true });
}

/**
 * Looks at all files that some paths name: files, folders of parts, patterns, and what belongs to arrays among them; see
 * `listFiles` and `completeArrayPaths`.
 *
 * @throws UserError for the first that cannot be read.
 */
export async function findTextFiles(paths: readonly string[]): Promise<TextFile[]> {
  const files: TextFile[] = [];
  for (const path of await completeArrayPaths(listFiles(paths))) {
    files.push(await findTextFile(path));
  }
  return files;
}
