/**
 * `deno task bench report`: the report of a folder, which every other command makes as well, or the page of some runs.
 *
 * @module
 */

import { UsageError } from "../../core/errors.ts";
import { type FlagTable, formatHelp, parseFlags } from "../../core/flags.ts";
import { print, tell } from "../../core/streams.ts";
import { RESULTS_FOLDER } from "../flags.ts";
import { messageOf } from "../run_experiment.ts";
import { EVENTS_ENDING, reportRuns } from "./report_runs.ts";

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

const FLAGS = {
  out: {
    type: "path",
    valueName: "FILE.html",
    group: "Files",
    defaultText: "the first run's name with .html",
    help: "Where the page of runs goes; that of a folder lies in it",
  },
} as const satisfies FlagTable;

/** Makes the report of a folder, or the page of runs, and says where it is. */
export async function reportCommand(
  words: readonly string[],
  flags: readonly string[],
): Promise<number> {
  const { values: { out }, help } = parseFlags(FLAGS, flags);
  if (help) {
    print(formatHelp(FLAGS, {
      command: "deno task bench",
      about:
        `Make report.html and the SVG files of a folder of results anew (${RESULTS_FOLDER} unless told), or one page of runs side by side`,
      usage: `report [DIR|RUN${EVENTS_ENDING} …] [flags]`,
      examples: [[
        "Two runs side by side, whose events deno task train --events has written",
        "deno task bench report fae.jsonl slipstream.jsonl --out both.html",
      ]],
    }));
    return 0;
  }
  if (words.some((word) => word.endsWith(EVENTS_ENDING))) {
    return await reportRuns(words, out ?? null);
  }
  if (words.length > 1) {
    throw new UsageError(
      `Cannot use "${words[1]}": report takes one folder, or files of events (${EVENTS_ENDING})`,
    );
  }
  if (out !== undefined) {
    throw new UsageError(
      `Cannot use --out ${out}: the report of a folder lies in it, and only the page of runs goes elsewhere`,
    );
  }
  const folder = words[0] ?? RESULTS_FOLDER;
  const { page, figures, refused } = await writeReport(folder);
  for (const line of refused) tell(line);
  print(`${page}: ${figures} ${figures === 1 ? "figure" : "figures"}`);
  return 0;
}
