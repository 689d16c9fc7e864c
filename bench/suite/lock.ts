/**
 * Who writes into a folder of results: one suite, or any number of commands that run experiments by name.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { fileError } from "../../core/files.ts";
import { LOCK_FILE } from "../folder_names.ts";

/**
 * Locks a folder of results. The system gives the lock back when its holder ends, however it ends. The file that is locked
 * stays: removing it would let two processes lock two files of one name.
 *
 * @param holder A suite lets nobody else in; experiments by name let in others of their kind, which may share training runs.
 * @returns Gives the lock back when disposed.
 * @throws {UserError} Another process has it, or no file can be made there.
 */
export async function lockFolder(
  folder: string,
  holder: "suite" | "experiments",
): Promise<Disposable> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(`${folder}/${LOCK_FILE}`, { write: true, create: true });
  } catch (error) {
    throw fileError("write to", folder, error);
  }
  let locked = false;
  try {
    locked = await file.tryLock(holder === "suite");
  } finally {
    if (!locked) file.close();
  }
  if (!locked) {
    throw new UserError(
      holder === "suite"
        ? `Cannot start a suite in ${folder}: another deno task bench is running there; wait for its end or name another folder with --out`
        : `Cannot write results to ${folder}: a suite is running there; wait for its end or name another folder with --out`,
    );
  }
  return file;
}
