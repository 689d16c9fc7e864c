/**
 * Trains in the tab Train and notes how long a minibatch of each run took, in milliseconds. It looks at the page twice a second
 * only: each frame that is asked for is drawn by the processor that also trains, where the adapter is software.
 */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";
import { startTraining, type Trained } from "./start_training.ts";

export const scene: Scene = async (page, address, given): Promise<number[]> => {
  await page.setViewport({ width: 1200, height: 900 });
  await page.goto(address);
  await startTraining(page, given as Trained);
  await page.waitForFunction(
    () => document.querySelectorAll("#train .losses.known").length === 2,
    { timeout: 240_000, polling: 500 },
  );
  return await page.$$eval(
    ".lane",
    (lanes) =>
      lanes.map((lane) => {
        const { ms, step } = (lane as HTMLElement).dataset;
        // The clock begins after the first minibatch.
        return Number(ms) / (Number(step) - 1);
      }),
  );
};
