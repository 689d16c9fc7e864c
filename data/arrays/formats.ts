/**
 * The formats of prepared arrays, and how their files are known by their names.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { basename, dirname, join } from "../../core/node.ts";
import { UserError } from "../../core/errors.ts";
import type { Split } from "../types.ts";

/** Names of the formats of arrays. */
export const ARRAY_FORMATS = ["dlrm-npz", "torchrec-npy", "mlperf-binary"] as const;

/** The name of a format of arrays. */
export type ArrayFormatName = typeof ARRAY_FORMATS[number];

/** Whether a format is one of arrays. */
export function isArrayFormat(format: string): format is ArrayFormatName {
  return (ARRAY_FORMATS as readonly string[]).includes(format);
}

/** A row of MLPerf's binary: label, 13 integers, 26 ids, int32 each. */
export const MLPERF_COLUMNS = 40;
/** Bytes of such a row. */
export const MLPERF_ROW_BYTES = 4 * MLPERF_COLUMNS;

/** The three files of a day as torchrec writes them. */
export interface TorchrecDay {
  /** What their names have in common: `day_0`. */
  readonly stem: string;
  readonly role: "dense" | "sparse" | "labels";
}

/** What a name says of a file of torchrec or of DLRM-v2; null for other names. */
export function torchrecDay(path: string): TorchrecDay | null {
  const name = basename(path);
  const npy = /^(.+?)_(dense|sparse|labels)(?:_\w+)?\.npy$/.exec(name);
  if (npy !== null) return { stem: npy[1]!, role: npy[2] as TorchrecDay["role"] };
  const npz = /^(.+?)_sparse_multi_hot\.npz$/.exec(name);
  return npz === null ? null : { stem: npz[1]!, role: "sparse" };
}

/** The split that a file's name tells: `train_data.bin`, `terabyte_processed_val.bin`; null where it tells none. */
export function namedSplit(path: string): Split | null {
  const found = /(?:^|[_.-])(train|test|val|valid|validation)(?=[_.-])/i.exec(basename(path));
  if (found === null) return null;
  const word = found[1]!.toLowerCase();
  return word === "train" || word === "test" ? word : "validation";
}

/** The number of a file's day, the last in its name: 10 of `terabyte_10_reordered.npz`; null where there is none. */
export function dayOf(name: string): number | null {
  const found = /(\d+)(?=\D*$)/.exec(name);
  return found === null ? null : Number(found[1]);
}

/**
 * Files with those that belong to them and lie beside them: of torchrec's three files of a day any one stands for all, and
 * the file of counts that DLRM writes once for all days (`*_fea_count.npz`) goes with those days. Other files are returned
 * as they are.
 *
 * @throws UserError if a file of a day is missing, or more than one could be meant.
 */
export async function completeArrayPaths(paths: readonly string[]): Promise<string[]> {
  const all = [...paths];
  const has = (path: string) => all.some((other) => join(other) === join(path));
  const add = async (path: string): Promise<boolean> => {
    if (has(path)) return true;
    if (!(await isFile(path))) return false;
    all.push(path);
    return true;
  };
  for (const path of paths) {
    const day = torchrecDay(path);
    if (day !== null) await completeDay(path, day, all, add);
    const counts = countsBeside(path);
    if (counts !== null) await add(join(dirname(path), counts));
  }
  return all;
}

async function completeDay(
  path: string,
  { stem }: TorchrecDay,
  all: readonly string[],
  add: (path: string) => Promise<boolean>,
): Promise<void> {
  const folder = dirname(path);
  const known = (role: TorchrecDay["role"]) =>
    all.some((other) => {
      const day = torchrecDay(other);
      return day?.stem === stem && day.role === role && dirname(other) === folder;
    });
  for (const role of ["dense", "labels"] as const) {
    const name = `${stem}_${role}.npy`;
    if (known(role) || await add(join(folder, name))) continue;
    throw new UserError(`Cannot read ${path}: ${name}, the same day's ${role}, is not beside it`);
  }
  if (known("sparse")) return;
  const candidates: string[] = [];
  for (const end of ["_sparse.npy", "_sparse_contig_freq.npy", "_sparse_multi_hot.npz"]) {
    if (await isFile(join(folder, stem + end))) candidates.push(stem + end);
  }
  if (candidates.length === 1) {
    await add(join(folder, candidates[0]!));
    return;
  }
  throw new UserError(
    candidates.length === 0
      ? `Cannot read ${path}: ${stem}_sparse.npy, the same day's ids, is not beside it`
      : `Cannot read ${path}: give the same day's ids too, of which there are ${
        candidates.join(" and ")
      }`,
  );
}

function countsBeside(path: string): string | null {
  const name = basename(path);
  if (name.endsWith(".bin")) return "day_fea_count.npz";
  const day = /^(.+?)_\d+_(?:reordered|processed)\.npz$/.exec(name);
  return day === null ? null : `${day[1]}_fea_count.npz`;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await fs.stat(path)).isFile;
  } catch (error) {
    if (error instanceof fs.errors.NotFound) return false;
    throw error;
  }
}
