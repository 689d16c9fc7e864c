/**
 * Locks between processes: a file that one of them, or several of one kind, hold open. The system releases a lock when
 * its holder ends, even if it crashes.
 *
 * @module
 */

import { fs } from "./deno.ts";
import { UserError } from "./errors.ts";
import { fileError } from "./files.ts";

/** What of a file a lock needs. */
export interface LockableFile {
  /** Locks the file if no other process has it. */
  tryLock(exclusive?: boolean): Promise<boolean>;
  /** Closes the file, which gives the lock back. */
  close(): void;
}

/**
 * Locks a file, which is made if it is missing. It stays: removing it would let two processes lock two files of one name.
 *
 * @param exclusive False to share the lock with others that also ask for a shared one.
 * @returns Gives the lock back when disposed, for the first time; null where another process has it.
 * @throws {UserError} The file cannot be made, or its file system has no locks.
 */
export async function tryLock(
  path: string,
  exclusive = true,
  open: (path: string) => Promise<LockableFile> = openFile,
): Promise<Disposable | null> {
  let file: LockableFile;
  try {
    file = await open(path);
  } catch (error) {
    throw fileError("write to", path, error);
  }
  try {
    if (await file.tryLock(exclusive)) {
      const held = new DisposableStack();
      held.defer(() => file.close());
      return held;
    }
  } catch (error) {
    file.close();
    throw withoutLocks(path, error);
  }
  file.close();
  return null;
}

/** NFS gives shared locks on files that can be read, and exclusive ones on files that can be written. */
function openFile(path: string): Promise<LockableFile> {
  return fs.open(path, { read: true, write: true, create: true });
}

/** The error of a file system that cannot keep processes apart. */
function withoutLocks(path: string, error: unknown): UserError {
  const reason = error instanceof Error
    ? error.message.replace(/ \(os error \d+\).*$/s, "")
    : String(error);
  return new UserError(
    `Cannot lock ${path}: its file system has no locks between processes (${reason}); choose a folder on another one, such as a local disk, or mount it with locks (Lustre: -o flock)`,
  );
}
