/**
 * The folder of a suite: what it holds from before, and where that goes.
 *
 * @module
 */

import { resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import { fileError, makeFolder } from "../../core/files.ts";
import { readBounded } from "../../core/json_file.ts";
import { NOT_RESULTS } from "../folder_names.ts";
import { lockFolder } from "./lock.ts";
import { type FoundSuite, readSuite, type SuiteState, whyNot } from "./state.ts";

/** Documents of results take some megabytes. */
const MOST_BYTES = 64e6;

/** A folder that is locked and ready. */
interface OpenedFolder {
  /** Gives the lock back when disposed. */
  readonly lock: Disposable;
  /** The suite to go on with, which is unfinished or has failures; null for a fresh one. */
  readonly unfinished: SuiteState | null;
  /** What each experiment took in the suite that was there before. */
  readonly expectedSeconds: Readonly<Record<string, number>>;
}

/**
 * Locks a folder of results, making it if it is missing, and moves away what must not be mixed with a new suite.
 *
 * @param say Told of what is moved.
 * @throws {UserError} Another suite is running there; it cannot be written; it holds other things than results.
 */
export async function openFolder(
  folder: string,
  wanted: SuiteState,
  say: (line: string) => void,
): Promise<OpenedFolder> {
  let expectedSeconds: Readonly<Record<string, number>> = {};
  while (true) {
    await makeFolder(folder);
    const lock = await lockFolder(folder, "suite");
    try {
      const found = await readSuite(folder);
      const contents = await contentsOf(folder, [
        ...wanted.experiments,
        ...isState(found) ? found.experiments : [],
      ]);
      const why = reasonToMove(found, wanted, contents);
      if (why === null) {
        return { lock, unfinished: found === "none" ? null : found as SuiteState, expectedSeconds };
      }
      if (contents.foreign.length > 0) {
        throw new UserError(
          `Cannot start a suite in ${folder}: ${why}, which would be moved, and ${
            contents.foreign[0]
          }, which is none of its results; name another folder with --out`,
        );
      }
      if (isState(found)) expectedSeconds = secondsOf(found, wanted);
      // Some systems rename no folder in which a file is open.
      lock[Symbol.dispose]();
      const time = isState(found) ? found.updated_at : contents.newest;
      const moved = await moveAway(folder, time);
      say(`${folder} is now ${moved}: ${why}`);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }
}

/** What lies in a folder. */
interface Contents {
  /** Names of experiments of which it holds results. */
  readonly results: readonly string[];
  /** When the last of them was finished. */
  readonly newest: string;
  /** Names of what no suite writes. */
  readonly foreign: readonly string[];
}

function isState(found: FoundSuite): found is SuiteState {
  return found !== "none" && !("unreadable" in found);
}

function reasonToMove(found: FoundSuite, wanted: SuiteState, contents: Contents): string | null {
  if (isState(found)) return whyNot(found, wanted);
  if (found !== "none") return `it holds a suite that cannot be gone on with (${found.unreadable})`;
  return contents.results.length === 0
    ? null
    : `it holds results of single experiments (${contents.results.join(", ")})`;
}

/** @param known Names of experiments whose tables and figures are no foreign files, even without a document. */
async function contentsOf(folder: string, known: readonly string[]): Promise<Contents> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  const results: string[] = [];
  let newest = "";
  for (const name of names.sort()) {
    if (!name.endsWith(".json") || NOT_RESULTS.has(name)) continue;
    const finished = await finishedAt(`${folder}/${name}`);
    if (finished === null) continue;
    results.push(name.slice(0, -".json".length));
    if (finished > newest) newest = finished;
  }
  const experiments = new Set([...results, ...known]);
  const foreign = names.filter((name) =>
    !NOT_RESULTS.has(name) && !name.endsWith(".tmp") &&
    ![...experiments].some((experiment) =>
      name === `${experiment}.json` ||
      name.startsWith(`${experiment}-`) && /\.(csv|svg)$/.test(name)
    )
  );
  return { results, newest: newest || new Date().toISOString(), foreign };
}

/** When a result was finished, of whatever version it is; null for what is none. */
async function finishedAt(path: string): Promise<string | null> {
  try {
    const bytes = await readBounded(path, MOST_BYTES);
    const { schema, finished_at } = JSON.parse(new TextDecoder().decode(bytes));
    return schema === "slipstream.bench" ? String(finished_at ?? "") : null;
  } catch {
    return null;
  }
}

/** Renames a folder to `FOLDER-20261126-0142`, with a number behind where that is taken. */
async function moveAway(folder: string, time: string): Promise<string> {
  const digits = time.replace(/\D/g, "");
  const stamp = `${digits.slice(0, 8)}-${digits.slice(8, 12)}`;
  const absolute = resolve(folder);
  const shown = folder.replace(/\/+$/, "");
  for (let turn = 1;; turn++) {
    const ending = `-${stamp}${turn === 1 ? "" : `-${turn}`}`;
    try {
      await Deno.lstat(`${absolute}${ending}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw fileError("move", folder, error);
      try {
        await Deno.rename(absolute, `${absolute}${ending}`);
      } catch (failed) {
        throw fileError("move", folder, failed);
      }
      return `${shown}${ending}`;
    }
  }
}

/** What each experiment took that ended well, where the settings were the same. */
function secondsOf(found: SuiteState, wanted: SuiteState): Record<string, number> {
  const same = Object.entries(wanted.settings).every(([name, value]) =>
    found.settings[name] === value
  );
  if (!same || found.status !== "finished") return {};
  return Object.fromEntries(
    found.done.filter(({ failure }) => failure === null).map((
      { name, seconds },
    ) => [name, seconds]),
  );
}
