/**
 * One suite a folder at a time.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { fileError } from "../../core/files.ts";

/** The file that is locked. It stays where it is: removing it would let two processes lock two files of one name. */
export const LOCK_FILE = "suite.lock";

/**
 * Locks a folder of results. The system gives the lock back when its holder ends, however it ends.
 *
 * @returns Gives the lock back when disposed.
 * @throws {UserError} Another process has it, or no file can be made there.
 */
export async function lockFolder(folder: string): Promise<Disposable> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(`${folder}/${LOCK_FILE}`, { write: true, create: true });
  } catch (error) {
    throw fileError("write to", folder, error);
  }
  let locked = false;
  try {
    locked = await file.tryLock(true);
  } finally {
    if (!locked) file.close();
  }
  if (!locked) {
    throw new UserError(
      `Cannot start a suite in ${folder}: another one is running there; wait for its end or name another folder with --out`,
    );
  }
  return file;
}
