/**
 * What lies beside the blocks of a cache: where they came from, and how to tell that they are whole.
 *
 * @module
 */

import { Sha256, writeFileWhole } from "../core/files.ts";
import type { Splits } from "./split.ts";
import type { TableSchema } from "./types.ts";

/** Raised whenever the same sources would give other blocks, or the manifest other fields. */
export const CACHE_VERSION = 1;

/** Names within a cache folder. */
export const MANIFEST_FILE = "manifest.json";
/** The blocks, one after another. */
export const ROWS_FILE = "rows.bin";

/** The options that decide what is in a cache. */
export interface PreparationOptions {
  readonly format: "criteo-kaggle" | "criteo-terabyte";
  /** At most this many inputs; null for all. */
  readonly limit: number | null;
  /** Ids are first taken modulo this; 0 for as they are. */
  readonly maxIndexRange: number;
  readonly badRows: "error" | "skip";
}

/** A raw file that went into a cache. */
export interface SourceRecord {
  readonly name: string;
  readonly path: string;
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly gzip: boolean;
  /** Bytes of (decompressed) text that were used: all, unless a limit came first. */
  readonly textBytes: number;
  /** Of those bytes. Without a limit and uncompressed it is what `sha256sum` prints. */
  readonly textSha256: string;
  readonly rows: number;
}

/** A block in the rows file. */
export interface BlockRecord {
  readonly offset: number;
  readonly rows: number;
  readonly crc32: number;
}

/** Rows left out by `badRows: "skip"`. */
export interface SkippedRows {
  readonly count: number;
  /** `file:line:column (field): reason` of the first few. */
  readonly first: readonly string[];
}

/** `manifest.json` of a cache. */
export interface Manifest {
  readonly version: number;
  readonly options: PreparationOptions;
  readonly sources: readonly SourceRecord[];
  /** True where the limit came before the end of the sources. */
  readonly cut: boolean;
  readonly rows: number;
  readonly blockRows: number;
  readonly dense: readonly string[];
  readonly tables: readonly TableSchema[];
  readonly splits: Splits;
  readonly skipped: SkippedRows;
  readonly blocks: readonly BlockRecord[];
  /** See {@link datasetHash}. */
  readonly hash: string;
  /** Of everything above, so that a damaged manifest is not believed. */
  readonly checksum: string;
}

/** SHA-256 over the texts used, the options, the splits and the cache version: everything that decides the inputs. */
export function datasetHash(
  manifest: Pick<Manifest, "options" | "sources" | "rows" | "splits" | "tables">,
): string {
  const { options, sources, rows, splits, tables } = manifest;
  return new Sha256().update(JSON.stringify([
    CACHE_VERSION,
    options.format,
    options.limit,
    options.maxIndexRange,
    options.badRows,
    sources.map((source) => [source.textBytes, source.textSha256]),
    rows,
    [splits.train.count, splits.test.count, splits.validation.count],
    tables.map((table) => table.rows),
  ])).hex();
}

/** Completes a manifest with its checksum and writes it whole. */
export async function writeManifest(
  folder: string,
  manifest: Omit<Manifest, "checksum">,
): Promise<Manifest> {
  const complete = { ...manifest, checksum: checksum(manifest) };
  await writeFileWhole(`${folder}/${MANIFEST_FILE}`, JSON.stringify(complete));
  return complete;
}

/** The manifest of a folder, or null where there is none that this version wrote whole beside all of its blocks. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  let text: string, bytes: number;
  try {
    text = await Deno.readTextFile(`${folder}/${MANIFEST_FILE}`);
    bytes = (await Deno.stat(`${folder}/${ROWS_FILE}`)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    const { checksum: stated, ...manifest } = JSON.parse(text) as Manifest;
    if (manifest.version !== CACHE_VERSION || stated !== checksum(manifest)) return null;
    const last = manifest.blocks.at(-1)!;
    const rowBytes = 4 * (manifest.dense.length + manifest.tables.length) + 1;
    return last.offset + last.rows * rowBytes === bytes ? { ...manifest, checksum: stated } : null;
  } catch {
    // Not JSON, or not our fields: a manifest of something else or a damaged one, to be made again.
    return null;
  }
}

function checksum(manifest: Omit<Manifest, "checksum">): string {
  return new Sha256().update(JSON.stringify(manifest)).hex();
}
