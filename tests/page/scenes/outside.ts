/** Runs what `outside.ts` does in a browser. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

export const scene: Scene = async (page, address) => {
  await page.goto(address);
  return await page.evaluate("found.catch((error) => ({ error: String(error.stack) }))");
};
