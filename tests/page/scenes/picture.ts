/** Trains in the tab Train until most clicks are behind, and keeps an image of the pictures. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

export const scene: Scene = async (page, address, given) => {
  const { path, workload, share } = given as {
    readonly path: `${string}.webp`;
    readonly workload: string;
    /** Of the bar of the run beside fae, when the image is taken. */
    readonly share: number;
  };
  await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
  await page.setViewport({ width: 1100, height: 1400 });
  await page.goto(address);
  await page.select("#train-workload", workload);
  await page.click("#train .primary");
  // In small waits: one call of the browser must not take minutes.
  while (await page.evaluate(filledShare) < share) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const clip = await page.evaluate(() => {
    const top = document.querySelector("#train-status")!.getBoundingClientRect().top - 8;
    const bottom = document.querySelector(".lanes")!.getBoundingClientRect().bottom + 16;
    return { x: 0, y: top + scrollY, width: innerWidth, height: bottom - top };
  });
  await page.screenshot({ path, clip, type: "webp", quality: 90 });
  return null;
};

/** How far the bar of the run beside fae is filled. */
function filledShare(): number {
  const bar = document.querySelectorAll(".lane-bar")[1]!;
  const filled = Array.from(bar.children, (part) => part.clientWidth);
  return filled.reduce((sum, width) => sum + width, 0) / bar.clientWidth;
}
