/** Presses the button of the tab Train and reads the losses. */

import type { Scene } from "../play.ts";

export const scene: Scene = async (page, address) => {
  await page.goto(address);
  await page.click("#train button");
  await page.waitForSelector("#train-losses, #train .error", { timeout: 120_000 });
  return await page.$$eval(
    "#train-losses tbody tr",
    (rows) => rows.map((row) => Number(row.lastElementChild!.textContent)),
  );
};
