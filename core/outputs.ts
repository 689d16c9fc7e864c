/**
 * Places that a command writes its results to: checked before the work and not after it. `-` is standard output.
 *
 * @module
 */

import { fs } from "./deno.ts";
import { dirname } from "./node.ts";
import { UsageError } from "./errors.ts";
import { writeFileWhole } from "./files.ts";
import { keepOutputForData, writeData } from "./streams.ts";

/** What stands for standard output in the place of a file. */
export const STANDARD_OUTPUT = "-";

/**
 * Checks the files that a command's flags name. Where one of them is `-`, standard output takes that file and nothing else
 * from here on: what the command prints goes to standard error.
 *
 * @param paths By flag, as it is written: `--json`.
 * @param options.quiet Whether what would be printed is dropped then.
 * @throws {UsageError} As {@linkcode checkOutputFile}, or two of them are standard output.
 */
export function claimOutputs(
  paths: Readonly<Record<string, string | null | undefined>>,
  { quiet = false }: { readonly quiet?: boolean } = {},
): void {
  const streamed = Object.keys(paths).filter((flag) => paths[flag] === STANDARD_OUTPUT);
  if (streamed.length > 1) {
    throw new UsageError(
      `Cannot use ${streamed[1]} ${STANDARD_OUTPUT}: ${streamed[0]} has standard output already`,
    );
  }
  for (const [flag, path = null] of Object.entries(paths)) {
    if (path !== STANDARD_OUTPUT) checkOutputFile(flag, path);
  }
  if (streamed.length > 0) keepOutputForData(quiet);
}

/** Writes a file whole or not at all, or to standard output. Throws a `UserError` where it cannot be written. */
export async function writeOutput(path: string, data: string | Uint8Array): Promise<void> {
  if (path === STANDARD_OUTPUT) writeData(data);
  else await writeFileWhole(path, data);
}

/**
 * Checks the place of a file to be written, and makes its folder where it is missing.
 *
 * @param option How the path was given: the field or the flag.
 * @param path Where the file is to be; null for nowhere, which is fine.
 * @throws {UsageError} Its folder cannot be made or written to, or what has its name is no file.
 */
export function checkOutputFile(option: string, path: string | null): void {
  if (path === null) return;
  const found = checkPlace(option, path);
  if (found?.isDirectory) {
    throw new UsageError((name) => `Cannot use ${name(option)} ${path}: it is a folder`);
  }
  // Renaming a finished file onto a device or a pipe would replace it.
  if (found !== null && !found.isFile) {
    throw new UsageError((name) => `Cannot use ${name(option)} ${path}: it is no file`);
  }
  checkWritable(option, path, dirname(path));
}

/**
 * Checks the place of a folder to be written, which may be there already; makes the folder that it lies in.
 *
 * @param option How the path was given: the field or the flag.
 * @param path Where the folder is to be; null for nowhere, which is fine.
 * @throws {UsageError} The folder it would lie in cannot be made or written to, or a file has its name.
 */
export function checkOutputFolder(option: string, path: string | null): void {
  if (path === null) return;
  const found = checkPlace(option, path);
  if (found?.isDirectory === false) {
    throw new UsageError((name) => `Cannot use ${name(option)} ${path}: it is not a folder`);
  }
  checkWritable(option, path, found === null ? dirname(path) : path);
}

/** Results are written beside their place and renamed, so a file is made there to try it. */
function checkWritable(option: string, path: string, folder: string): void {
  try {
    fs.removeSync(fs.makeTempFileSync({ dir: folder, prefix: ".slipstream-" }));
  } catch (error) {
    throw new UsageError((name) =>
      `Cannot use ${name(option)} ${path}: no file can be made in ${folder} (${reasonOf(error)})`
    );
  }
}

/** What there is at a path, whose folder is made if it is missing. */
function checkPlace(option: string, path: string): Deno.FileInfo | null {
  const folder = dirname(path), found = statOrNull(folder);
  if (found?.isDirectory) return statOrNull(path);
  if (found !== null) {
    throw new UsageError((name) => `Cannot use ${name(option)} ${path}: ${folder} is not a folder`);
  }
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError((name) =>
      `Cannot use ${name(option)} ${path}: ${folder} cannot be made (${reasonOf(error)})`
    );
  }
  return null;
}

/** What the system says, without the path, which the message has already. */
function reasonOf(error: unknown): string {
  return error instanceof Error
    ? error.message.replace(/ \(os error \d+\).*$|\.? for path .*$|:? path .*$/s, "")
    : `${error}`;
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return fs.statSync(path);
  } catch {
    // Absent, or not to be looked at: writing would fail as well.
    return null;
  }
}
