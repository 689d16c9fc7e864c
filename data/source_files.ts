/**
 * The files of a log: folders and patterns of parts as lists, days in the order of their numbers.
 *
 * @module
 */

import { fs } from "../core/deno.ts";
import { basename, dirname, join } from "../core/node.ts";
import { UserError } from "../core/errors.ts";
import { fileError } from "../core/files.ts";

/** `day_7`, `day_7.gz`: a day of Criteo Terabyte, or of a log that is kept alike. */
const DAY = /^(.*day_?)(\d+)((?:\.[a-z0-9]+)*)$/i;

/** Files in a folder of parts that are no parts: `_SUCCESS`, `.part-0.crc`. */
const ASIDE = /^[._]/;

/**
 * The files that some paths name, in order: those of a folder or of a pattern (`logs/*.parquet`; `*` and `?` in the last part
 * of a path) by name, numbers in names by their size; and where all files are days, days by their numbers, whatever order the
 * shell gave them in.
 *
 * @throws UserError for a folder or a pattern without files, and for a day that is given twice.
 */
export function listFiles(paths: readonly string[]): string[] {
  // A shell gives the mark that Spark leaves beside its parts, too.
  const parts = paths.filter((path) => basename(path) !== "_SUCCESS");
  const named = parts.length > 0 ? parts : paths;
  return inOrderOfDays(named.flatMap((path) => partsOf(path)), false);
}

/**
 * The days that begin with a path, `./day` for `day_0`, `day_1`, …, as DLRM names Terabyte; with or without an ending
 * (`.gz`). Empty where there are none, or where the path is a file itself.
 *
 * @throws UserError if a day in between is missing.
 */
export function daysOf(prefix: string, names?: readonly string[]): string[] {
  const folder = dirname(prefix), start = `${basename(prefix)}_`;
  const days = (names ?? namesIn(folder)).filter((name) =>
    name.startsWith(start) && /^\d+(\.(gz|zst))?$/.test(name.slice(start.length))
  );
  return inOrderOfDays(
    days.map((name) =>
      folder === "." && !prefix.startsWith(".")
        ? name
        : `${prefix.slice(0, prefix.length - basename(prefix).length)}${name}`
    ),
    true,
  );
}

function partsOf(path: string): string[] {
  const pattern = basename(path);
  if (isFolder(path)) {
    const names = namesIn(path).filter((name) => !ASIDE.test(name)).sort(byNumbers);
    const folder = names.find((name) => isFolder(join(path, name)));
    if (folder !== undefined) {
      throw new UserError(
        `Cannot read ${path}: it has the folder ${folder} in it; name the files, a pattern of them (${
          join(path, "*.csv")
        }), or each folder`,
      );
    }
    if (names.length === 0) {
      throw new UserError(`Cannot read ${path}: it is a folder without files`);
    }
    return names.map((name) => join(path, name));
  }
  if (!/[*?]/.test(pattern) || exists(path)) return [path];
  const matches = new RegExp(
    `^${pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`,
  );
  const names = namesIn(dirname(path)).filter((name) =>
    matches.test(name) && (!ASIDE.test(name) || ASIDE.test(pattern))
  );
  if (names.length === 0) throw new UserError(`Cannot read ${path}: no file has such a name`);
  return names.sort(byNumbers).map((name) => join(dirname(path), name));
}

function inOrderOfDays(files: readonly string[], complete: boolean): string[] {
  const days = files.map((path) => ({ path, match: DAY.exec(basename(path)) }));
  const prefixes = new Set(days.map(({ path, match }) => match && join(dirname(path), match[1]!)));
  if (files.length < 2 || prefixes.size !== 1 || prefixes.has(null)) return [...files];
  const numbered = days.map(({ path, match }) => ({ path, day: Number(match![2]) }))
    .sort((a, b) => a.day - b.day);
  for (const [i, { path, day }] of numbered.entries()) {
    const before = numbered[i - 1];
    if (before === undefined) continue;
    const name = basename(before.path);
    if (day === before.day) {
      throw new UserError(`Cannot read ${path}: it is the same day as ${name}, which is given too`);
    }
    if (complete && day > before.day + 1) {
      throw new UserError(
        `Cannot read the days up to ${basename(path)}: day ${
          before.day + 1
        } is missing after ${name}`,
      );
    }
  }
  return numbered.map(({ path }) => path);
}

/**
 * What days are missing among files that are all days, for people; null where none is.
 *
 * @param names Of files in their order.
 */
export function missingDays(names: readonly string[]): string | null {
  const days = names.map((name) => Number(DAY.exec(name)?.[2] ?? NaN));
  if (days.some((day) => Number.isNaN(day))) return null;
  const gaps = days.flatMap((day, i) => {
    const from = (days[i - 1] ?? day) + 1;
    return day <= from ? [] : [day - 1 === from ? `${from}` : `${from} to ${day - 1}`];
  });
  return gaps.length === 0
    ? null
    : `Of the days from ${days[0]} to ${days.at(-1)} the files lack ${gaps.join(", ")}`;
}

/** By name, numbers within names by their size: part-9 before part-10. */
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function namesIn(folder: string): string[] {
  try {
    return [...fs.readDirSync(folder === "" ? "." : folder)].map(({ name }) => name);
  } catch (error) {
    throw fileError("read", folder, error);
  }
}

function isFolder(path: string): boolean {
  try {
    return fs.statSync(path).isDirectory;
  } catch {
    // The error comes later, when the path is opened.
    return false;
  }
}

function exists(path: string): boolean {
  try {
    fs.statSync(path);
    return true;
  } catch {
    return false;
  }
}
