/** Trains in the tab Train and notes how long frames took meanwhile, and a minibatch of each run. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

export const scene: Scene = async (page, address, given) => {
  const { workload, steps } = given as { readonly workload: string; readonly steps: number };
  await page.setViewport({ width: 1200, height: 900 });
  await page.goto(address);
  await page.select("#train-workload", workload);
  await page.$eval(
    "#train-steps",
    (input, steps) => (input as HTMLInputElement).value = `${steps}`,
    steps,
  );
  await page.click("#train .primary");
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
    const stepMs = Array.from(
      document.querySelectorAll<HTMLElement>(".lane"),
      // The clock begins after the first minibatch.
      ({ dataset: { ms, step } }) => Number(ms) / (Number(step) - 1),
    );
    return { gaps, long, stepMs };
  });
};
