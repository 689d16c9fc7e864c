/** Trains so many minibatches in the tab Train and reads the first losses of both runs, and what it says at the end. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

export const scene: Scene = async (page, address, given) => {
  const { workload, steps } = given as { readonly workload: string; readonly steps: number };
  await page.goto(address);
  await page.$eval("#train .more", (more) => (more as HTMLDetailsElement).open = true);
  await page.select("#train-workload", workload);
  await page.$eval(
    "#train-steps",
    (input, steps) => (input as HTMLInputElement).value = `${steps}`,
    steps,
  );
  await page.click("#train .primary");
  await page.waitForFunction(
    () =>
      document.querySelectorAll("#train .losses.known").length === 2 ||
      document.querySelector("#train .verdict.error") !== null,
    { timeout: 240_000, polling: 200 },
  );
  return await page.evaluate(() => ({
    status: document.querySelector("#train-status")!.textContent,
    losses: Array.from(
      document.querySelectorAll("#train .losses"),
      ({ textContent }) => textContent!.split(": ")[1]?.split(", ").map(Number),
    ),
  }));
};
