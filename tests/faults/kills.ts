/** Processes that are killed at random moments, and run again until they end: with what they would have written unharmed. */

import assert from "node:assert/strict";
import { command, type Task } from "../e2e/command.ts";

/** What is run. */
export interface Work {
  /** For people: `fae, hot placement, cpu`. */
  readonly name: string;
  readonly task: Task;
  /** The words of a try in a folder; `again` where one before it was killed. */
  words(folder: string, again: boolean): Promise<readonly string[]>;
  /** What must come out alike whether or not it was killed. */
  result(folder: string): Promise<unknown>;
}

/** What became of it. */
export interface Outcome {
  readonly name: string;
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
  runs: number,
  uniform: () => number,
  until: number,
): Promise<Outcome> {
  const begun = performance.now();
  const expected = await inFolder(async (folder) => {
    await end(work, folder, false);
    return await work.result(folder);
  });
  const whole = performance.now() - begun;
  let done = 0, kills = 0, same = 0;
  while (done < runs && performance.now() < until) {
    await inFolder(async (folder) => {
      let again = false;
      // Each time a little later on average, so that it ends.
      for (let turn = 1; turn <= 4; turn++, again = true) {
        if (!await killed(work, folder, again, uniform() * whole)) break;
        kills++;
      }
      await end(work, folder, again);
      assert.deepEqual(await work.result(folder), expected, work.name);
      same++;
    });
    done++;
  }
  return { name: work.name, runs: done, kills, same };
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
  if (!ended) child.kill("SIGKILL");
  await Promise.all([child.status, out, err]);
  return !ended;
}

async function end(work: Work, folder: string, again: boolean): Promise<void> {
  const { success, stderr } = await command(work.task, await work.words(folder, again)).output();
  assert.ok(success, `${work.name}: ${new TextDecoder().decode(stderr)}`);
}

async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "slipstream-faults-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
