/** Trains so many minibatches in the tab Train and reads the first losses of both runs, and what it says at the end. */

/// <reference lib="dom" />

import type { Page, Scene } from "../play.ts";
import { setHidden } from "./set_hidden.ts";
import { startTraining, type Trained } from "./start_training.ts";

export const scene: Scene = async (page, address, given) => {
  await page.goto(address);
  await page.$eval("#train .more", (more) => (more as HTMLDetailsElement).open = true);
  await startTraining(page, given as Trained);
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
    await setHidden(page, hidden);
    await page.waitForSelector("#train .waits", hidden ? { visible: true } : { hidden: true });
  }
}
