/**
 * Work that meets a full disk, a folder that may not be written, or a stream that ends: it says so in a sentence, and comes to
 * the result of an unharmed run once the obstacle is gone.
 */

import { HAS_DEV_FULL } from "../e2e/platform.ts";
import assert from "node:assert/strict";
import { command } from "../e2e/command.ts";
import { SmallDisk } from "./disk.ts";
import { inFolder, toEnd, type Unharmed, type Work } from "./tries.ts";

/** What stands in the way. */
export interface Obstacle {
  /** For people: `full disk`. */
  readonly name: string;
  /** Whether it is one of disks, which only root can make. */
  readonly ofDisks: boolean;
  /**
   * Puts it in the way of a try.
   *
   * @param disk Of the try's folder; null where it is not one of disks.
   * @param at A random number from 0 to 1: how much fits on the disk, or which stream.
   * @param bytes What the work leaves when nothing is in its way.
   * @returns What a shell does with the try's streams; empty for nothing.
   */
  place(disk: SmallDisk | null, at: number, bytes: number): Promise<string>;
}

const STREAMS = HAS_DEV_FULL
  ? ["| true", "> /dev/full", "2> /dev/full", "> /dev/full 2>&1", ">&- 2>&-"]
  : ["| true", ">&- 2>&-"];

/** Everything that is tried. */
export const OBSTACLES: readonly Obstacle[] = [
  {
    name: "full disk",
    ofDisks: true,
    async place(disk, at, bytes) {
      await disk!.room(at * bytes);
      return "";
    },
  },
  {
    name: "read-only folder",
    ofDisks: true,
    async place(disk) {
      await disk!.readOnly(true);
      return "";
    },
  },
  {
    name: "lost streams",
    ofDisks: false,
    place: (_, at) => Promise.resolve(STREAMS[Math.floor(at * STREAMS.length)]!),
  },
];

/** What became of it. */
export interface ObstacleOutcome {
  readonly runs: number;
  /** Tries that went well all the same, as those do that lose a stream. */
  readonly well: number;
  /** Tries that ended with a sentence. */
  readonly refused: number;
  /** Runs whose result, once nothing was in the way, was that of the unharmed one. */
  readonly same: number;
}

/**
 * Lets work meet an obstacle.
 *
 * @param uniform Random numbers from 0 to 1.
 * @param until Milliseconds of `performance.now()` after which no run is begun.
 * @returns Null where the obstacle cannot be made.
 */
export async function meetRuns(
  work: Work,
  obstacle: Obstacle,
  expected: Unharmed,
  runs: number,
  uniform: () => number,
  until: number,
): Promise<ObstacleOutcome | null> {
  let done = 0, well = 0, refused = 0, same = 0;
  while (done < runs && performance.now() < until) {
    const tried = await inFolder(async (folder) => {
      await using disk = obstacle.ofDisks ? await SmallDisk.mount(folder) : null;
      if (obstacle.ofDisks && disk === null) return false;
      const redirection = await obstacle.place(disk, uniform(), expected.bytes);
      if (await meet(work, folder, redirection)) well++;
      else refused++;
      await disk?.readOnly(false);
      await disk?.room();
      await toEnd(work, folder, true);
      assert.deepEqual(await work.result(folder), expected.result, work.name);
      same++;
      return true;
    });
    if (!tried) return null;
    done++;
  }
  return { runs: done, well, refused, same };
}

/** One try: whether it went well. Where it did not, it says so in a sentence, if it can still say anything. */
async function meet(work: Work, folder: string, redirection: string): Promise<boolean> {
  const words = await work.words(folder, false);
  const { success, stderr } = await command(work.task, words, redirection).output();
  const err = new TextDecoder().decode(stderr);
  assert.doesNotMatch(err, /^ {4}at /m, work.name);
  if (!success && err !== "") assert.match(err, /^error: Cannot /m, work.name);
  return success;
}
