/**
 * What the commands of `deno task bench` share.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { makeFolder, writeFileWhole } from "../../core/files.ts";
import { checkOutputFolder, claimOutputs, STANDARD_OUTPUT } from "../../core/outputs.ts";
import { writeData } from "../../core/streams.ts";
import { tableToCsv } from "../report.ts";
import type { ResultTable } from "../experiment.ts";

/**
 * Checks the places of a document and of tables, before any work.
 *
 * @throws {UsageError}
 */
export function claimTables(
  { json, csv, quiet }: {
    readonly json?: string | null | undefined;
    readonly csv?: string | null | undefined;
    readonly quiet?: boolean;
  },
): void {
  const streamed = csv === STANDARD_OUTPUT;
  if (!streamed) checkOutputFolder("--csv", csv ?? null);
  claimOutputs({ "--json": json, "--csv": streamed ? csv : null }, { quiet: quiet ?? false });
}

/**
 * Makes a folder and writes tables into it, `PREFIX-1.csv` and so on; the folder `-` is standard output, where an empty line
 * parts them.
 */
export async function writeTables(
  folder: string,
  prefix: string,
  tables: readonly Pick<ResultTable, "columns" | "rows">[],
): Promise<void> {
  if (folder !== STANDARD_OUTPUT) await makeFolder(folder);
  for (const [i, table] of tables.entries()) {
    const text = await tableToCsv(table);
    if (folder === STANDARD_OUTPUT) writeData(`${i > 0 ? "\n" : ""}${text}`);
    else await writeFileWhole(`${folder}/${prefix}-${i + 1}.csv`, text);
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
