/** Trains so many minibatches in the tab Train and reads the first losses of both runs, and what it says at the end. */

/// <reference lib="dom" />

import type { Page, Scene } from "../play.ts";

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
  await hideAndShow(page);
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

/** The page is hidden, says that it waits, and is shown again. */
async function hideAndShow(page: Page): Promise<void> {
  for (const hidden of [true, false]) {
    await page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
    await page.waitForSelector("#train .waits", hidden ? { visible: true } : { hidden: true });
  }
}
