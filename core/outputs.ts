/**
 * Checks that a command can write its results, before the work and not after it.
 *
 * @module
 */

import { fs } from "./deno.ts";
import { dirname } from "./node.ts";
import { UsageError } from "./errors.ts";

/**
 * Checks the place of a file to be written.
 *
 * @param option How the path was given: the field or the flag.
 * @param path Where the file is to be; null for nowhere, which is fine.
 * @throws {UsageError} Its folder is missing, or a folder has its name.
 */
export function checkOutputFile(option: string, path: string | null): void {
  if (path === null) return;
  checkParent(option, path);
  if (statOrNull(path)?.isDirectory) {
    throw new UsageError((name) => `Cannot use ${name(option)} ${path}: it is a folder`);
  }
  checkWritable(option, path, dirname(path));
}

/**
 * Checks the place of a folder to be written, which may be there already.
 *
 * @param option How the path was given: the field or the flag.
 * @param path Where the folder is to be; null for nowhere, which is fine.
 * @throws {UsageError} The folder it would lie in is missing, or a file has its name.
 */
export function checkOutputFolder(option: string, path: string | null): void {
  if (path === null) return;
  checkParent(option, path);
  if (statOrNull(path)?.isDirectory === false) {
    throw new UsageError((name) => `Cannot use ${name(option)} ${path}: it is not a folder`);
  }
  checkWritable(option, path, statOrNull(path) === null ? dirname(path) : path);
}

/** Results are written beside their place and renamed, so a file is made there to try it. */
function checkWritable(option: string, path: string, folder: string): void {
  try {
    fs.removeSync(fs.makeTempFileSync({ dir: folder, prefix: ".slipstream-" }));
  } catch (error) {
    const why = error instanceof Error
      ? error.message.replace(/ \(os error \d+\).*$|\.? for path .*$|:? path .*$/s, "")
      : `${error}`;
    throw new UsageError(
      (name) => `Cannot use ${name(option)} ${path}: no file can be made in ${folder} (${why})`,
    );
  }
}

function checkParent(option: string, path: string): void {
  const folder = dirname(path);
  if (statOrNull(folder)?.isDirectory !== true) {
    throw new UsageError((name) => `Cannot use ${name(option)} ${path}: ${folder} is not a folder`);
  }
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return fs.statSync(path);
  } catch {
    // Absent, or not to be looked at: writing would fail as well.
    return null;
  }
}
