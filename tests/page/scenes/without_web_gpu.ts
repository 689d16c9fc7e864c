/** Opens the page in a browser without WebGPU, or without something of it. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

/** @param given What is run before the page, or null: `delete GPUAdapter.prototype.info`. */
export const scene: Scene = async (page, address, given) => {
  if (given !== null) await page.evaluateOnNewDocument(given as string);
  await page.goto(address);
  await page.waitForSelector("#missing > *");
  const missing = await page.$eval("#missing", (place) => place.textContent);
  await page.click("#tab-ask");
  await page.waitForSelector("#ask-times table", { timeout: 120_000 });
  return {
    missing,
    rows: (await page.$$("#ask-times > .bars + .scroll tbody tr")).length,
  };
};
