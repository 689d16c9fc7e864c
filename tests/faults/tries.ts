/** Pieces of work that are run as processes, and what they come to when nothing is in their way. */

import assert from "node:assert/strict";
import { command, type Task } from "../e2e/command.ts";

/** What is run. */
export interface Work {
  /** For people: `fae, hot placement, cpu`. */
  readonly name: string;
  readonly task: Task;
  /** The words of a try in a folder; `again` where one before it was ended. */
  words(folder: string, again: boolean): Promise<readonly string[]>;
  /** What must come out alike whatever happened before. */
  result(folder: string): Promise<unknown>;
}

/** What an unharmed try came to. */
export interface Unharmed {
  readonly result: unknown;
  readonly ms: number;
  /** That it left in its folder. */
  readonly bytes: number;
}

/** Runs work with nothing in its way. */
export async function unharmed(work: Work): Promise<Unharmed> {
  const begun = performance.now();
  return await inFolder(async (folder) => {
    await toEnd(work, folder, false);
    const ms = performance.now() - begun;
    return { result: await work.result(folder), ms, bytes: await bytesOf(folder) };
  });
}

/** Runs work to its end, which must be a good one. */
export async function toEnd(work: Work, folder: string, again: boolean): Promise<void> {
  const words = await work.words(folder, again);
  const { success, stdout, stderr } = await command(work.task, words).output();
  // A suite tells of an experiment that failed in its tables, on standard output.
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert.ok(success, `${work.name}: ${said}`);
}

/** Does something in a folder of its own. */
export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "slipstream-faults-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    bytes += isDirectory ? await bytesOf(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}
