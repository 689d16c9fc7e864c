/**
 * A file of lines that grows while others read it.
 *
 * @module
 */

import { fs } from "../../core/deno.ts";
import { UserError } from "../../core/errors.ts";
import { fileError } from "../../core/files.ts";
import { checkOutputFile, STANDARD_OUTPUT } from "../../core/outputs.ts";
import { writeData } from "../../core/streams.ts";

/** A line feed. */
const LINE_END = 10;
/** Bytes that are looked at together for the end of the last whole line. */
const BLOCK = 1 << 16;

/** A file to which whole lines are appended, one write each. */
export interface LineFile extends Disposable {
  /** Whether nothing stood in it when it was opened. */
  readonly empty: boolean;
  /**
   * Appends a text that ends with a line feed.
   *
   * @throws {UserError} It could not be written, or not all of it.
   */
  write(text: string): void;
}

/**
 * Checks the place of a file of lines, which unlike a file that is written whole may be a pipe or a device.
 *
 * @throws {UsageError} As `checkOutputFile`.
 */
export function checkLineFile(option: string, path: string | null): void {
  if (path === null || path === STANDARD_OUTPUT || isStream(path)) return;
  checkOutputFile(option, path);
}

/**
 * Opens a file of lines; `-` is standard output, where nothing is thrown (`core/streams.ts`).
 *
 * @param append Whether what it holds stays, but for a last line that is not whole; else it is emptied.
 * @throws {UserError} It cannot be opened.
 */
export async function openLineFile(path: string, append: boolean): Promise<LineFile> {
  if (path === STANDARD_OUTPUT) {
    return { empty: true, write: writeData, [Symbol.dispose]: () => {} };
  }
  let file: Deno.FsFile, end = 0;
  try {
    // A pipe has no end to go to, and is not emptied.
    if (isStream(path)) file = await fs.open(path, { write: true });
    else {
      file = await fs.open(path, { read: true, write: true, create: true });
      end = append ? endOfWholeLines(file) : 0;
      file.truncateSync(end);
      file.seekSync(end, fs.SeekMode.Start);
    }
  } catch (error) {
    throw fileError("write", path, error);
  }
  return {
    empty: end === 0,
    write: (text) => writeLine(file, path, text),
    [Symbol.dispose]: () => file.close(),
  };
}

function writeLine(file: Deno.FsFile, path: string, text: string): void {
  const bytes = new TextEncoder().encode(text);
  let written: number;
  try {
    written = file.writeSync(bytes);
  } catch (error) {
    throw fileError("write", path, error);
  }
  if (written === bytes.length) return;
  throw new UserError(
    `Cannot write ${path}: the system took ${written} of a line's ${bytes.length} bytes`,
  );
}

/** Where the last whole line of a file ends. */
function endOfWholeLines(file: Deno.FsFile): number {
  const block = new Uint8Array(BLOCK);
  let end = file.statSync().size;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK);
    file.seekSync(start, fs.SeekMode.Start);
    const count = file.readSync(block.subarray(0, end - start)) ?? 0;
    const found = block.subarray(0, count).lastIndexOf(LINE_END);
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}

/** Whether a path is there and neither a file nor a folder. */
function isStream(path: string): boolean {
  try {
    const { isFile, isDirectory } = fs.statSync(path);
    return !isFile && !isDirectory;
  } catch {
    return false;
  }
}
