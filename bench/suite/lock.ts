/**
 * Who writes into a folder of results: one suite, or any number of commands that run experiments by name.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { tryLock } from "../../core/lock.ts";
import { LOCK_FILE } from "../folder_names.ts";

/**
 * Locks a folder of results.
 *
 * @param holder A suite lets nobody else in; experiments by name let in others of their kind, which may share training runs.
 * @returns Gives the lock back when disposed.
 * @throws {UserError} Another process has it, no file can be made there, or its file system has no locks.
 */
export async function lockFolder(
  folder: string,
  holder: "suite" | "experiments",
): Promise<Disposable> {
  const lock = await tryLock(`${folder}/${LOCK_FILE}`, holder === "suite");
  if (lock === null) {
    throw new UserError(
      holder === "suite"
        ? `Cannot start a suite in ${folder}: another deno task bench is running there; wait for its end or name another folder with --out`
        : `Cannot write results to ${folder}: a suite is running there; wait for its end or name another folder with --out`,
    );
  }
  return lock;
}
