/** Trains in the tab Train and notes how long frames took meanwhile. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";
import { startTraining, type Trained } from "./start_training.ts";

/** Milliseconds. */
export interface Frames {
  /** From each frame to the next. */
  readonly gaps: readonly number[];
  /** Tasks of the page itself above 50 ms. */
  readonly long: readonly number[];
}

export const scene: Scene = async (page, address, given): Promise<Frames> => {
  await page.setViewport({ width: 1200, height: 900 });
  await page.goto(address);
  await startTraining(page, given as Trained);
  // Frames count once kernels are compiled and minibatches are trained.
  await page.waitForFunction(
    () => document.querySelector<HTMLElement>(".lane")!.dataset.step !== undefined,
    { timeout: 240_000, polling: 50 },
  );
  return await page.evaluate(async () => {
    const gaps: number[] = [], long: number[] = [];
    new PerformanceObserver((list) =>
      list.getEntries().forEach(({ duration }) => long.push(duration))
    ).observe({ entryTypes: ["longtask"] });
    let last = performance.now();
    const ended = () => document.querySelectorAll("#train .losses.known").length === 2;
    while (!ended()) {
      const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
      gaps.push(now - last);
      last = now;
    }
    return { gaps, long };
  });
};
