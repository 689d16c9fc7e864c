/**
 * Files that commands write.
 *
 * @module
 */

import { checkpoint } from "../../core/events.ts";
import { writeOutput } from "../../core/outputs.ts";

/** The place of a file, null where none is asked for, and what makes its contents. */
type WantedFile = readonly [
  path: string | null,
  make: () => string | Uint8Array | Promise<string | Uint8Array>,
];

/**
 * Writes the files that are asked for, that of the path `-` to standard output: none of them if the command is interrupted while their contents are made, all of them
 * otherwise.
 *
 * @throws The signal's reason, before anything is written.
 */
export async function writeFiles(
  signal: AbortSignal,
  files: readonly WantedFile[],
): Promise<void> {
  const made: (readonly [string, string | Uint8Array])[] = [];
  for (const [path, make] of files) {
    if (path !== null) made.push([path, await make()]);
  }
  await checkpoint(signal);
  for (const [path, contents] of made) await writeOutput(path, contents);
}
