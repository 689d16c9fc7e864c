/**
 * Generated data sets drawn once into files of rows, one for each with its settings, number of inputs and seed.
 *
 * A drawing that was interrupted leaves nothing that counts: the rows get their name when all are there, and what is known of
 * them is written after that. The next one begins anew. Two processes that want the same inputs draw them once.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { pause } from "../../core/events.ts";
import { fileError, makeFolder, Sha256, WholeFile, writeFileWhole } from "../../core/files.ts";
import { formatSealed, readJsonFileIfThere } from "../../core/json_file.ts";
import { tryLock } from "../../core/lock.ts";
import {
  anyObject,
  checkSchema,
  listOf,
  objectOf,
  oneOf,
  orNull,
  type Schema,
  text,
  wholeFrom,
} from "../../core/schema.ts";
import type { SharedDataset } from "../shared_dataset.ts";
import { SPLITS } from "../split.ts";
import type { Dataset, Split } from "../types.ts";
import { rowFileBytes, RowFileDataset, type RowFileParts } from "./row_file.ts";
import { drawRows, FirstAppearance, rowLayout } from "./rows.ts";

/** Grows when the same data set would have other rows. */
const ROWS_VERSION = 1;
/** A manifest has some kilobytes. */
const MOST_MANIFEST_BYTES = 1e6;
/** Bytes of all files of a cache. Those not used for the longest time make room for a new one. */
export const MOST_CACHED_BYTES = 32 * 2 ** 30;
/** Milliseconds between looks at inputs that another process draws. */
const WAIT_MS = 500;

/** Where and how a data set is drawn. */
export interface DrawnOptions {
  /** Folder of the files, made if it is missing. */
  readonly cacheDirectory: string;
  /** Threads that draw. */
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of the bytes before anything is drawn. */
  readonly onStart?: ((bytes: number) => void) | undefined;
  /** Told now and then how many inputs are drawn. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Told that another process draws the same inputs, which is then waited for. */
  readonly onWait?: (() => void) | undefined;
}

interface RowsManifest extends RowFileParts {
  readonly schema_version: typeof ROWS_VERSION;
}

const COUNT = wholeFrom(0);
const MANIFEST: Schema<RowsManifest> = objectOf<RowsManifest>({
  schema_version: oneOf([ROWS_VERSION]),
  schema: anyObject as unknown as Schema<RowsManifest["schema"]>,
  hash: text,
  notes: listOf(text),
  bayes: orNull(anyObject) as unknown as Schema<RowsManifest["bayes"]>,
  counts: objectOf<Record<Split, number>>({ train: COUNT, test: COUNT, validation: COUNT }),
});

/** Bytes of a data set's inputs in a file. */
export function drawnBytes(dataset: Dataset): number {
  return rowFileBytes({ schema: dataset.schema, counts: countsOf(dataset) });
}

function countsOf(dataset: Dataset): Record<Split, number> {
  const [train, test, validation] = SPLITS.map((split) => dataset.count(split));
  return { train: train!, test: test!, validation: validation! };
}

/**
 * Opens the inputs of a data set from their file, which is drawn where it is missing. Ids are numbered in order of first appearance over
 * all splits, and each table has as many rows as it has different ids: the same inputs, to the bit, as `materialise` gives with
 * the vocabulary `seen`.
 *
 * @param original A generated data set; it may be closed afterwards.
 * @throws {UserError} The folder cannot be written, or a file of it was changed.
 * @throws {TypeError} Other threads cannot open the data set.
 */
export async function openDrawn(
  original: Dataset,
  drawing: DrawnOptions,
): Promise<Dataset> {
  const { cacheDirectory, onWait, signal } = drawing;
  const shared = await original.share?.(SPLITS) ?? null;
  if (shared === null) {
    throw new TypeError("Cannot draw inputs into a file: no other thread can open them");
  }
  await makeFolder(cacheDirectory);
  const name = new Sha256().update(`${ROWS_VERSION} ${original.hash} seen`).hex().slice(0, 16);
  const path = `${cacheDirectory}/${original.schema.format}-${name}`;
  for (let waited = false;; waited = true) {
    const found = await openFound(path);
    if (found !== null) return found;
    using lock = await tryLock(`${path}.lock`);
    if (lock !== null) {
      // Whoever had it may have drawn it.
      return await openFound(path) ?? await draw(path, original, shared, drawing);
    }
    if (!waited) onWait?.();
    await pause(WAIT_MS, signal);
  }
}

/** The data set of complete files; null where there are none. */
async function openFound(path: string): Promise<Dataset | null> {
  const cannot = `Cannot use ${path}.json`;
  const value = await readJsonFileIfThere(`${path}.json`, {
    cannot,
    mostBytes: MOST_MANIFEST_BYTES,
    seal: "required",
    otherwise: "; remove it to have the inputs drawn again",
  });
  if (value === null) return null;
  const manifest = checkSchema(MANIFEST, value.json, cannot);
  try {
    const { size } = await fs.stat(`${path}.rows`);
    if (size !== rowFileBytes(manifest)) return null;
    // When it was last used decides what makes room.
    const now = new Date();
    await Deno.utime(`${path}.json`, now, now).catch(() => {});
  } catch (error) {
    if (error instanceof fs.errors.NotFound) return null;
    throw fileError("read", `${path}.rows`, error);
  }
  return new RowFileDataset(`${path}.rows`, manifest);
}

async function draw(
  path: string,
  original: Dataset,
  shared: SharedDataset,
  { cacheDirectory, threads, signal, onStart, onProgress }: DrawnOptions,
): Promise<Dataset> {
  const { schema, notes, bayes } = original;
  const counts = countsOf(original), bytes = drawnBytes(original);
  onStart?.(bytes);
  await makeRoom(cacheDirectory, bytes, path);
  const seen = new FirstAppearance(schema), { words } = rowLayout(schema);
  await using file = await WholeFile.create(`${path}.rows`);
  let done = 0;
  for await (const { rows, count } of drawRows(original, shared, threads, signal)) {
    signal?.throwIfAborted();
    seen.renumber(rows, words);
    // A copy, because files are not written from memory that threads share.
    await file.write(new Uint8Array(new Uint8Array(rows.buffer, 0, rows.byteLength)));
    onProgress?.(done += count);
  }
  await file.commit();
  const manifest: RowsManifest = {
    schema_version: ROWS_VERSION,
    ...seen.renumbered(original),
    ...{ notes, bayes, counts },
  };
  await writeFileWhole(`${path}.json`, formatSealed(manifest));
  return new RowFileDataset(`${path}.rows`, manifest);
}

/**
 * Removes what an interrupted drawing of the same inputs left, and the files that were not used for the longest time, until the
 * new one fits. Whoever reads one of these keeps what it has open, where the system removes open files at all.
 */
async function makeRoom(folder: string, bytes: number, path: string): Promise<void> {
  const kept: { path: string; used: number; size: number }[] = [];
  let total = bytes;
  for await (const { name } of fs.readDir(folder)) {
    const one = `${folder}/${name}`;
    if (one.startsWith(`${path}.rows.`)) await fs.remove(one).catch(() => {});
    if (!name.endsWith(".rows")) continue;
    const known = one.replace(/rows$/, "json");
    const [rows, manifest] = await Promise.all(
      [one, known].map((file) => fs.stat(file).catch(() => null)),
    );
    if (rows === null || rows === undefined) continue;
    total += rows.size;
    kept.push({ path: one, used: manifest?.mtime?.getTime() ?? 0, size: rows.size });
  }
  for (const { path: one, size } of kept.sort((a, b) => a.used - b.used)) {
    if (total <= MOST_CACHED_BYTES) return;
    for (const file of [one.replace(/rows$/, "json"), one]) await fs.remove(file).catch(() => {});
    total -= size;
  }
}
