/** How long a visitor waits until something is seen, and until the tab Ask has answered, in milliseconds: medians of loads. */

/// <reference lib="dom" />

import { median } from "../../../core/npm/d3_array.ts";
import type { Scene } from "../play.ts";

const LOADS = 5;

export const scene: Scene = async (page, address) => {
  const paints: number[] = [], answers: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    await page.goto("about:blank");
    await page.goto(`${address}#ask`);
    await page.waitForSelector("#ask-times table", { timeout: 240_000 });
    const [paint, answered] = await page.evaluate(() => [
      performance.getEntriesByName("first-contentful-paint")[0]!.startTime,
      performance.now(),
    ]);
    paints.push(paint!);
    answers.push(answered!);
  }
  return { first_paint_ms: median(paints), ask_answered_ms: median(answers) };
};
