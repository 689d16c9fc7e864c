/**
 * Whether a command could write its results: found out before the work, not after it.
 *
 * @module
 */

import { dirname } from "node:path";
import { UserError } from "./errors.ts";

/**
 * Checks the place of a file to be written.
 *
 * @param flag How the person gave the path: `--json`.
 * @param path Where the file is to be; null for nowhere, which is fine.
 * @throws {UserError} Status 2: its folder is missing, or a folder has its name.
 */
export function checkOutputFile(flag: string, path: string | null): void {
  if (path === null) return;
  checkParent(flag, path);
  if (statOrNull(path)?.isDirectory) {
    throw new UserError(`Cannot use ${flag} ${path}: it is a folder`, 2);
  }
  checkWritable(flag, path, dirname(path));
}

/**
 * Checks the place of a folder to be written, which may be there already.
 *
 * @param flag How the person gave the path: `--save`.
 * @param path Where the folder is to be; null for nowhere, which is fine.
 * @throws {UserError} Status 2: the folder it would lie in is missing, or a file has its name.
 */
export function checkOutputFolder(flag: string, path: string | null): void {
  if (path === null) return;
  checkParent(flag, path);
  if (statOrNull(path)?.isDirectory === false) {
    throw new UserError(`Cannot use ${flag} ${path}: it is not a folder`, 2);
  }
  checkWritable(flag, path, statOrNull(path) === null ? dirname(path) : path);
}

/** Results are written beside their place and renamed, so a file is made there to try it. */
function checkWritable(flag: string, path: string, folder: string): void {
  try {
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: ".slipstream-" }));
  } catch (error) {
    const why = error instanceof Error
      ? error.message.replace(/\.? for path .*$|:? path .*$/s, "")
      : `${error}`;
    throw new UserError(
      `Cannot use ${flag} ${path}: no file can be made in ${folder} (${why})`,
      2,
    );
  }
}

function checkParent(flag: string, path: string): void {
  const folder = dirname(path);
  if (statOrNull(folder)?.isDirectory !== true) {
    throw new UserError(`Cannot use ${flag} ${path}: ${folder} is not a folder`, 2);
  }
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    // Absent, or not to be looked at: writing would fail as well.
    return null;
  }
}
