/**
 * `deno task bench report [DIR]`, and the report after every other command.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { parseFlags } from "../../core/flags.ts";
import { print, tell } from "../../core/streams.ts";
import { RESULTS_FOLDER } from "../flags.ts";
import { messageOf } from "../run_experiment.ts";

/** Drawing is needed only where something is drawn. */
async function writeReport(folder: string) {
  return await (await import("../report_page/mod.ts")).writeReport(folder);
}

/**
 * Makes the report of a folder anew after its results have changed. Where it cannot, it says so on standard error: the
 * results are what matters.
 *
 * @returns Whether it could.
 */
export async function refreshReport(folder: string, say: (line: string) => void): Promise<boolean> {
  try {
    const { refused } = await writeReport(folder);
    for (const line of refused) say(line);
    return true;
  } catch (error) {
    tell(
      `error: Cannot make the report of ${folder}, whose results are kept: ${messageOf(error)}`,
    );
    return false;
  }
}

/** Makes the report of a folder and says where it is. */
export async function reportCommand(
  words: readonly string[],
  flags: readonly string[],
): Promise<number> {
  const { help } = parseFlags({}, flags);
  if (help) {
    print(`Make report.html and the SVG files of a folder of results anew

Usage: deno task bench report [DIR]

DIR is ${RESULTS_FOLDER} unless told.`);
    return 0;
  }
  if (words.length > 1) {
    throw new UsageError(`Cannot use "${words[1]}": report takes one folder`);
  }
  const folder = words[0] ?? RESULTS_FOLDER;
  const { page, figures, refused } = await writeReport(folder);
  for (const line of refused) tell(line);
  print(`${page}: ${figures} ${figures === 1 ? "figure" : "figures"}`);
  return 0;
}
