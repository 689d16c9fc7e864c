/**
 * The folder that checkpoints lie in: which there are, how one takes its name, and what a killed process left.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { fileError, syncFolder } from "../../core/files.ts";
import { readBoundedIfThere } from "../../core/json_file.ts";
import { type CheckpointDocument, DOCUMENT_FILE, parseDocument, STATE_FILE } from "./document.ts";

/** A larger document is none of ours: it lists files, and holds the state of a loop and a plan but for their tensors. */
const MOST_DOCUMENT_BYTES = 256e6;

/** A checkpoint as far as a look at its folder and its document goes. */
export interface CheckpointEntry {
  /** Name of its folder. */
  readonly name: string;
  readonly path: string;
  /** Null where it cannot be read. */
  readonly document: CheckpointDocument | null;
  /** What is wrong with it, as the end of a sentence; null if no damage is visible yet. */
  readonly problem: string | null;
}

/** What a name may be: no dots, which mark unfinished folders. */
const NAME = /^[A-Za-z0-9_-]+$/;
/** Folders on their way in (eight hexadecimal digits) or out. */
const LEFTOVER = /^([A-Za-z0-9_-]+)\.([0-9a-f]{8}|replaced|removed)\.tmp$/;

/**
 * Checks a name.
 *
 * @throws {TypeError} It could not be told from other folders.
 */
export function checkName(name: string): void {
  if (!NAME.test(name)) {
    throw new TypeError(
      `Cannot name a checkpoint ${JSON.stringify(name)}: letters, digits, - and _ make a name`,
    );
  }
}

/** A new name for a folder that is being written. */
export function stagingName(name: string): string {
  return `${name}.${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/**
 * The checkpoints of a folder, newest first, damaged ones included.
 *
 * @throws {UserError} The folder cannot be read.
 */
export async function listCheckpoints(folder: string): Promise<CheckpointEntry[]> {
  const entries: CheckpointEntry[] = [];
  for (const { name, isDirectory } of await readFolder(folder)) {
    if (!isDirectory || !NAME.test(name)) continue;
    const entry = await readEntry(folder, name);
    if (entry !== null) entries.push(entry);
  }
  const ages = new Map(entries.map((entry) => [entry, age(entry, entries)]));
  return entries.sort((a, b) =>
    ages.get(b)! - ages.get(a)! || (a.name < b.name ? 1 : a.name > b.name ? -1 : 0)
  );
}

/**
 * Gives a complete folder its name. What had the name is there under another one until the new folder is in its place.
 *
 * @throws The system's error; what had the name has it again.
 */
export async function publish(folder: string, staging: string, name: string): Promise<void> {
  const path = `${folder}/${name}`, replaced = `${path}.replaced.tmp`;
  const existed = await exists(path);
  if (existed) await fs.rename(path, replaced);
  try {
    await fs.rename(`${folder}/${staging}`, path);
  } catch (error) {
    if (existed) await fs.rename(replaced, path);
    throw error;
  }
  await syncFolder(folder);
  if (existed) await fs.remove(replaced, { recursive: true });
}

/**
 * Removes a checkpoint: first its name, so that no half of it can be taken for a damaged one.
 *
 * @throws {UserError} It cannot be removed.
 */
export async function removeCheckpoint(path: string): Promise<void> {
  const removed = `${path}.removed.tmp`;
  try {
    await fs.rename(path, removed);
    await fs.remove(removed, { recursive: true });
  } catch (error) {
    throw fileError("remove", path, error);
  }
}

/**
 * Puts in order what a killed process left: a checkpoint that was about to be replaced gets its name back; what was
 * being written or removed goes.
 *
 * @param remove False to leave alone what may be another process's work.
 * @throws {UserError} The folder cannot be read or changed.
 */
export async function tidy(folder: string, remove: boolean): Promise<void> {
  for (const { name, isDirectory } of await readFolder(folder)) {
    const [, target, kind] = LEFTOVER.exec(name) ?? [];
    if (!isDirectory || target === undefined) continue;
    const path = `${folder}/${name}`;
    try {
      if (kind === "replaced" && !await exists(`${folder}/${target}`)) {
        await fs.rename(path, `${folder}/${target}`);
      } else if (remove) {
        await fs.remove(path, { recursive: true });
      }
    } catch (error) {
      throw fileError("tidy", path, error);
    }
  }
}

/** Whether the tensors' file has the length that the document gives. */
export async function isComplete({ path, document }: CheckpointEntry): Promise<boolean> {
  try {
    const { size } = await fs.stat(`${path}/${STATE_FILE}`);
    return size === document?.files[STATE_FILE]?.bytes;
  } catch {
    // Absent or not readable: nobody could load it.
    return false;
  }
}

/** Whether there is something of this name. Other errors than its absence are thrown. */
export async function exists(path: string): Promise<boolean> {
  try {
    await fs.stat(path);
    return true;
  } catch (error) {
    if (error instanceof fs.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Greater for newer checkpoints. A document that cannot be read gives no number: the checkpoint is then older than those
 * that list it among the earlier ones, and may otherwise be the newest.
 */
function age(entry: CheckpointEntry, all: readonly CheckpointEntry[]): number {
  if (entry.document !== null) return entry.document.sequence;
  const after = all.filter(({ document }) => document?.older.includes(entry.name));
  return Math.min(Infinity, ...after.map(({ document }) => document!.sequence - 0.5));
}

async function readEntry(folder: string, name: string): Promise<CheckpointEntry | null> {
  const path = `${folder}/${name}`;
  const bytes = await readBoundedIfThere(`${path}/${DOCUMENT_FILE}`, MOST_DOCUMENT_BYTES);
  if (bytes === null) {
    // A folder with neither file is none of ours.
    if (!await exists(`${path}/${STATE_FILE}`)) return null;
    return { name, path, document: null, problem: `${DOCUMENT_FILE} is missing` };
  }
  const parsed = parseDocument(bytes);
  return typeof parsed === "string"
    ? { name, path, document: null, problem: `${DOCUMENT_FILE} ${parsed}` }
    : { name, path, document: parsed, problem: null };
}

async function readFolder(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(fs.readDir(folder));
  } catch (error) {
    throw fileError("read", folder, error);
  }
}
