/**
 * What the rows of embedding tables stand for: the ids behind them, so that weights can be matched by id and not by number.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { crc32 } from "../core/node.ts";
import { UserError } from "../core/errors.ts";
import { fileError, Sha256, writeFileWhole } from "../core/files.ts";
import { readBounded } from "../core/json_file.ts";

/** The file of a cache that holds them. */
export const KEYS_FILE = "keys.bin";

/** What the rows of one table stand for. */
export interface TableKeys {
  /** The table's name. */
  readonly name: string;
  /** How ids are read: `hexadecimal`, `text`, `decimal modulo 100`. Rows of tables whose ids mean another thing never match. */
  readonly meaning: string;
  /** What the first rows are, which stand for no single id: `rare` (too seldom in training), `padding`. */
  readonly reserved: readonly string[];
  /**
   * The id of each further row, or null where a row is its own id: hashed and kept ones, buckets. Texts lie one after
   * another, and each ends at its place in `ends`.
   */
  readonly ids:
    | { readonly kind: "numbers"; readonly values: Uint32Array }
    | { readonly kind: "texts"; readonly bytes: Uint8Array; readonly ends: Float64Array }
    | null;
}

/** What a manifest says of one table's keys. */
export interface KeysRecord {
  readonly name: string;
  readonly meaning: string;
  readonly reserved: readonly string[];
  /** Null where a row is its own id. */
  readonly ids:
    | { readonly kind: "numbers"; readonly count: number }
    | { readonly kind: "texts"; readonly count: number; readonly bytes: number }
    | null;
}

/** The keys of all tables, as a manifest refers to them. */
export interface KeysSummary {
  readonly tables: readonly KeysRecord[];
  /** Of the file. */
  readonly bytes: number;
  readonly crc32: number;
  /** See {@link keysHash}. */
  readonly hash: string;
}

/** SHA-256 over names, meanings and ids: two data sets with the same one number their rows alike. */
export function keysHash(tables: readonly TableKeys[]): string {
  const hash = new Sha256();
  for (const { name, meaning, reserved, ids } of tables) {
    hash.update(JSON.stringify([name, meaning, reserved, ids?.kind ?? null]));
    for (const part of partsOf(ids)) hash.update(part);
  }
  return hash.hex();
}

/** Writes the keys of a cache. */
export async function writeKeys(
  folder: string,
  tables: readonly TableKeys[],
): Promise<KeysSummary> {
  const parts = tables.flatMap(({ ids }) => partsOf(ids));
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  await writeFileWhole(`${folder}/${KEYS_FILE}`, whole);
  return {
    tables: tables.map(({ name, meaning, reserved, ids }) => ({
      name,
      meaning,
      reserved,
      ids: ids === null
        ? null
        : ids.kind === "numbers"
        ? { kind: ids.kind, count: ids.values.length }
        : { kind: ids.kind, count: ids.ends.length, bytes: ids.bytes.length },
    })),
    bytes,
    crc32: crc32(whole),
    hash: keysHash(tables),
  };
}

/**
 * Reads the keys of a cache.
 *
 * @throws UserError if the file is not what was written.
 */
export async function readKeys(folder: string, summary: KeysSummary): Promise<TableKeys[]> {
  const path = `${folder}/${KEYS_FILE}`;
  const damaged = () =>
    new UserError(
      `Cannot read ${path}: it is damaged; remove the cache folder to have it prepared again`,
    );
  const { size } = await fs.stat(path).catch((error) => {
    throw fileError("read", path, error);
  });
  // Before it is read, which would take as much memory as the file has bytes.
  if (size !== summary.bytes) throw damaged();
  const whole = await readBounded(path, summary.bytes);
  if (whole.length !== summary.bytes || crc32(whole) !== summary.crc32) throw damaged();
  let at = 0;
  const take = (bytes: number) => whole.slice(at, at += bytes);
  return summary.tables.map(({ ids, ...table }) => {
    if (ids === null) return { ...table, ids };
    if (ids.kind === "numbers") {
      const values = new Uint32Array(take(4 * ids.count).buffer);
      return { ...table, ids: { kind: ids.kind, values } };
    }
    const ends = new Float64Array(take(8 * ids.count).buffer);
    return { ...table, ids: { kind: ids.kind, ends, bytes: take(ids.bytes) } };
  });
}

function partsOf(ids: TableKeys["ids"]): Uint8Array[] {
  if (ids === null) return [];
  if (ids.kind === "numbers") return [bytesOf(ids.values)];
  return [bytesOf(ids.ends), ids.bytes];
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
