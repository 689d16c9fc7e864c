/** Begins to train in the tab Train. */

/// <reference lib="dom" />

import type { Page } from "../play.ts";

/** What is trained. */
export interface Trained {
  readonly workload: string;
  /** Minibatches of each run. */
  readonly steps: number;
}

/** Chooses the workload, says after how many minibatches both runs end, and presses Start. */
export async function startTraining(page: Page, { workload, steps }: Trained): Promise<void> {
  await page.select("#train-workload", workload);
  await page.$eval(
    "#train-steps",
    (input, steps) => (input as HTMLInputElement).value = `${steps}`,
    steps,
  );
  await page.click("#train .primary");
}
