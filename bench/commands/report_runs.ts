/**
 * `deno task bench report RUN.jsonl …`: training runs side by side on one page.
 *
 * @module
 */

import { basename } from "node:path";
import { UsageError, UserError } from "../../core/errors.ts";
import { checkOutputFile } from "../../core/outputs.ts";
import { print } from "../../core/streams.ts";
import { readEvents } from "../../train/events/read_events.ts";
import { type RunView, viewOfEvents } from "../../train/page/view.ts";

/** The ending of files of events. */
export const EVENTS_ENDING = ".jsonl";

/**
 * Makes the page of some runs from their events, and says where it is. Runs that still go on are shown as far as they are.
 *
 * @param out Where the page goes; null for the first file's name with `.html`.
 * @throws {UserError} A file cannot be read.
 */
export async function reportRuns(paths: readonly string[], out: string | null): Promise<number> {
  const page = out ?? paths[0]!.replace(/\.[^./\\]*$/, ".html");
  if (page.endsWith(EVENTS_ENDING)) {
    throw new UsageError(`Cannot use --out ${page}: files with this ending are events of runs`);
  }
  checkOutputFile("--out", page);
  const names = namesOf(paths);
  const views: RunView[] = [];
  for (const [i, path] of paths.entries()) {
    views.push(viewOfEvents(names[i]!, await readEvents(path)));
  }
  const { writeRunPage } = await import("../../train/page/mod.ts");
  await writeRunPage(page, views);
  print(`${page}: ${views.length} ${views.length === 1 ? "run" : "runs"}`);
  return 0;
}

/**
 * The files' names, or their paths where two files have one name.
 *
 * @throws {UserError} A file is named twice.
 */
function namesOf(paths: readonly string[]): string[] {
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) {
    throw new UserError(`Cannot show ${twice} twice: name each file of events once`);
  }
  const short = paths.map((path) => basename(path).replace(/\.jsonl$/, ""));
  return new Set(short).size === short.length ? short : [...paths];
}
