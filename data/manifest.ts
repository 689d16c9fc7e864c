/**
 * What lies beside the blocks of a cache: where they came from, and how to tell that they are whole.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { fileError, Sha256, writeFileWhole } from "../core/files.ts";
import { readBoundedIfThere } from "../core/json_file.ts";
import type { ArrayFormatName } from "./arrays/formats.ts";
import type { Container } from "./containers.ts";
import { idLayout } from "./id_layout.ts";
import { packedBytes } from "./row_block.ts";
import type { RowFormatName } from "./row_formats.ts";
import type { LogSchema } from "./schema/log_schema.ts";
import type { EventLayout } from "./taobao.ts";
import type { ColumnScales } from "./standardise.ts";
import { KEYS_FILE, type KeysSummary } from "./table_keys.ts";
import type { Splits } from "./split.ts";
import type { TableSchema } from "./types.ts";

/** Raised whenever the same sources would give other blocks, or the manifest other fields. */
export const CACHE_VERSION = 3;

/** Raised whenever the same sources would give other inputs: what data sets are called by their hashes depends on it. */
const INPUTS_VERSION = 2;

/** Names within a cache folder. */
export const MANIFEST_FILE = "manifest.json";
/** The blocks, one after another. */
export const ROWS_FILE = "rows.bin";

/** A manifest takes some kilobytes, and 60 bytes a block. */
const MOST_BYTES = 256e6;

/** Formats that are known by the columns of their rows. */
export type KnownFormat = RowFormatName | "taobao";
/** Formats that are prepared; `schema` is a log that a schema describes. */
export type PreparedFormat = KnownFormat | ArrayFormatName | "schema";

/** The options that decide what is in a cache. */
export interface PreparationOptions {
  readonly format: PreparedFormat;
  /** At most this many rows of the files; null for all. */
  readonly limit: number | null;
  /** Ids are first taken modulo this; 0 for as they are. */
  readonly maxIndexRange: number;
  /** Ids that training sees fewer times share an out-of-vocabulary row; 0 for none such. */
  readonly minCount: number;
  readonly badRows: "error" | "skip";
  /** Of what is drawn: the split of Avazu; users, windows and negatives of Taobao. */
  readonly seed: number;
  /** Taobao: validation users are also trained on, as in the original. */
  readonly leak: boolean;
  /** All inputs test, in the order of the files, because the log is scored. */
  readonly whole?: true;
  /** What standardised columns are scaled by, where that is not taken from the rows that train. */
  readonly scales?: ColumnScales;
  /** What the columns mean, where that is not what the format's own layout says. */
  readonly schema: LogSchema | null;
  /** Of Taobao: how events are laid out, where that is not as in Tianchi's file. */
  readonly events: EventLayout | null;
  /** How many of the files, at the end of their list, test and validate; null where rows of all files are split. */
  readonly heldOut: { readonly test: number; readonly validation: number } | null;
}

/** A raw file that went into a cache. */
export interface SourceRecord {
  readonly name: string;
  readonly path: string;
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly container: Container;
  /** Bytes of (decompressed) text that were used: all, unless a limit came first. Of Parquet and Arrow, of the file. */
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
  /** Inputs. */
  readonly rows: number;
  readonly blockRows: number;
  readonly dense: readonly string[];
  readonly tables: readonly TableSchema[];
  /** Time steps of an input where inputs are sequences. */
  readonly steps?: number;
  /**
   * Of sequences by a schema: which tables have an id at each step, stored one less than its row, so that `NO_LOOKUP`, which
   * pads in front, is row 0. Absent of Taobao's, where all but the first have one, stored as its row.
   */
  readonly perStep?: readonly boolean[];
  readonly splits: Splits;
  /** Notes: how the log was split, what was corrected, what was left out. */
  readonly notes: readonly string[];
  readonly skipped: SkippedRows;
  readonly blocks: readonly BlockRecord[];
  /** What the rows of the tables stand for. */
  readonly keys: KeysSummary;
  /** False where rows have no labels, because they are only scored. */
  readonly labelled: boolean;
  /** What standardised columns were scaled by; absent where there are none. */
  readonly scales?: ColumnScales;
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
    INPUTS_VERSION,
    optionList(options),
    sources.map((source) => [source.textBytes, source.textSha256]),
    rows,
    [splits.train.count, splits.test.count, splits.validation.count],
    tables.map((table) => table.rows),
  ])).hex();
}

/** Options in a fixed order, as hashes and names of folders take them. */
export function optionList(options: PreparationOptions): readonly unknown[] {
  const { format, limit, maxIndexRange, minCount, badRows, seed, leak, whole } = options;
  const { schema, events, heldOut, scales } = options;
  // A log in its own layout that is split has the name it had before there were others.
  const layout = schema !== null || events !== null || heldOut !== null
    ? [schema, events, heldOut]
    : [];
  const list = [format, limit, maxIndexRange, minCount, badRows, seed, leak, ...layout];
  return [...list, ...(whole ? ["whole"] : []), ...(scales === undefined ? [] : [scales])];
}

/**
 * The columns that a block holds of a data set. Of sequences the first dense value is not stored, because at step s it is
 * s / steps for every input, and what is the same at all steps is stored once: the other dense values, and the ids of some
 * tables. A bag of more lookups takes a column a place.
 */
export function storedColumns(
  manifest: Pick<Manifest, "dense" | "tables" | "steps" | "perStep">,
): { readonly dense: number; readonly ids: number } {
  const { dense, tables, steps } = manifest;
  if (steps === undefined) return { dense: dense.length, ids: idLayout({ tables }).width };
  const ids = idsPerStep(manifest).reduce((sum, each) => sum + (each ? steps : 1), 0);
  return { dense: dense.length - 1, ids };
}

/** Which tables of a data set of sequences have an id at each step. */
export function idsPerStep(
  { tables, perStep }: Pick<Manifest, "tables" | "perStep">,
): readonly boolean[] {
  return perStep ?? tables.map((_, t) => t > 0);
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
  const path = `${folder}/${MANIFEST_FILE}`;
  const found = await readBoundedIfThere(path, MOST_BYTES);
  if (found === null) return null;
  const text = new TextDecoder().decode(found);
  let bytes: number;
  try {
    bytes = (await fs.stat(`${folder}/${ROWS_FILE}`)).size;
    await fs.stat(`${folder}/${KEYS_FILE}`);
  } catch (error) {
    if (error instanceof fs.errors.NotFound) return null;
    throw fileError("read", `${folder}/${ROWS_FILE}`, error);
  }
  try {
    const { checksum: stated, ...manifest } = JSON.parse(text) as Manifest;
    if (manifest.version !== CACHE_VERSION || stated !== checksum(manifest)) return null;
    const last = manifest.blocks.at(-1)!;
    const stored = storedColumns(manifest);
    const end = last.offset + packedBytes(last.rows, stored.dense, stored.ids);
    return end === bytes ? { ...manifest, checksum: stated } : null;
  } catch {
    // Not JSON, or not our fields: a manifest of something else or a damaged one, to be made again.
    return null;
  }
}

function checksum(manifest: Omit<Manifest, "checksum">): string {
  return new Sha256().update(JSON.stringify(manifest)).hex();
}
