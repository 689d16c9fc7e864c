/**
 * Measures in the tab Measure, is stopped by a look at another tab, and measures again; reads what the tab says, the kernels of its
 * table, and the file that it saves.
 */

/// <reference lib="dom" />

import type { Page, Scene } from "../play.ts";
import { setHidden } from "./set_hidden.ts";

export const scene: Scene = async (page, address) => {
  await page.goto(`${address}#measure`);
  await page.evaluate(() => {
    // The page gives the file to the browser as a link to bytes that it holds.
    HTMLAnchorElement.prototype.click = () => {};
    URL.createObjectURL = (bytes) => {
      (bytes as Blob).text().then((text) => Reflect.set(globalThis, "saved", text));
      return "blob:";
    };
  });
  const stopped = await stopByHiding(page);
  await page.click("#measure .primary");
  await page.waitForSelector("#measure-kernels, #measure .verdict.error", { timeout: 240_000 });
  await page.click("#measure .buttons button:last-child");
  await page.waitForFunction(() => Reflect.has(globalThis, "saved"), { timeout: 30_000 });
  return await page.evaluate((stopped) => ({
    stopped,
    status: document.querySelector("#measure .verdict")!.textContent,
    kernels: document.querySelectorAll("#measure-kernels tbody tr").length,
    saved: Reflect.get(globalThis, "saved"),
  }), stopped);
};

/** Begins, and hides the tab; returns what is said once it is seen again, and what the button offers. */
async function stopByHiding(page: Page): Promise<string[]> {
  await page.click("#measure .primary");
  await page.waitForSelector("#measure progress:not([hidden])");
  for (const hidden of [true, false]) await setHidden(page, hidden);
  return await page.$$eval(
    "#measure .verdict, #measure .primary, #measure progress:not([hidden])",
    (all) => all.map(({ textContent }) => textContent!),
  );
}
