/** Processes that are killed at random moments, and run again until they end: with what they would have written unharmed. */

import assert from "node:assert/strict";
import { command } from "../e2e/command.ts";
import { inFolder, toEnd, type Unharmed, type Work } from "./tries.ts";

/** What became of it. */
export interface KillOutcome {
  /** Runs that were followed to their end. */
  readonly runs: number;
  readonly kills: number;
  /** Runs whose result was that of the unharmed one. */
  readonly same: number;
}

/**
 * Kills one piece of work again and again.
 *
 * @param uniform Random numbers from 0 to 1.
 * @param until Milliseconds of `performance.now()` after which no run is begun.
 */
export async function killRuns(
  work: Work,
  expected: Unharmed,
  runs: number,
  uniform: () => number,
  until: number,
): Promise<KillOutcome> {
  let done = 0, kills = 0, same = 0;
  while (done < runs && performance.now() < until) {
    await inFolder(async (folder) => {
      let again = false;
      for (let turn = 1; turn <= 4; turn++, again = true) {
        if (!await killed(work, folder, again, uniform() * expected.ms)) break;
        kills++;
      }
      await toEnd(work, folder, again);
      assert.deepEqual(await work.result(folder), expected.result, work.name);
      same++;
    });
    done++;
  }
  return { runs: done, kills, same };
}

/** Starts a try and kills it after some milliseconds; false where it had ended by itself. */
async function killed(
  work: Work,
  folder: string,
  again: boolean,
  afterMs: number,
): Promise<boolean> {
  await using child = command(work.task, await work.words(folder, again)).spawn();
  const out = child.stdout.cancel(), err = child.stderr.cancel();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, afterMs);
  const ended = await Promise.race([child.status.then(() => true), promise.then(() => false)]);
  clearTimeout(timer);
  if (!ended) kill(child);
  const [{ signal }] = await Promise.all([child.status, out, err]);
  return signal === "SIGKILL";
}

/** Kills a process unless it has just ended by itself, which Deno reports as an error before its status is known here. */
function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
