/**
 * What the commands of `deno task bench` share.
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { fileError, makeFolder, writeFileWhole } from "../../core/files.ts";
import { checkOutputFolder } from "../../core/outputs.ts";
import { dirname } from "node:path";
import { RESULTS_FOLDER } from "../flags.ts";
import { tableToCsv } from "../report.ts";
import type { ResultTable } from "../experiment.ts";

/**
 * Checks that results can be written, before any work. `runs`, which the default lies in, is made where it is missing.
 *
 * @throws {UsageError}
 */
export function checkResultsFolder(folder: string): void {
  const runs = dirname(RESULTS_FOLDER);
  if (dirname(folder) === runs) {
    try {
      Deno.mkdirSync(runs, { recursive: true });
    } catch (error) {
      const mended = fileError("write to", runs, error);
      throw mended instanceof UserError ? new UsageError(mended.message) : mended;
    }
  }
  checkOutputFolder("--out", folder);
}

/** Makes a folder and writes tables into it: `PREFIX-1.csv` and so on. */
export async function writeTables(
  folder: string,
  prefix: string,
  tables: readonly Pick<ResultTable, "columns" | "rows">[],
): Promise<void> {
  await makeFolder(folder);
  for (const [i, table] of tables.entries()) {
    await writeFileWhole(`${folder}/${prefix}-${i + 1}.csv`, await tableToCsv(table));
  }
}

/**
 * Refuses `--recorded` where runs are to be made.
 *
 * @param command The command, in words: `jobs`.
 * @throws {UsageError}
 */
export function refuseRecorded(
  { recorded }: { readonly recorded: boolean },
  command: string,
): void {
  if (recorded) {
    throw new UsageError(
      `Cannot use --recorded with ${command}: it shows runs that were recorded; give it to an experiment by name`,
    );
  }
}
