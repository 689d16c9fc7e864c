/** Measures in the tab Measure and reads what it says, the kernels of its table, and the file that it saves. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

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
  await page.click("#measure .primary");
  await page.waitForSelector("#measure-kernels, #measure .verdict.error", { timeout: 240_000 });
  await page.click("#measure .buttons button:last-child");
  await page.waitForFunction(() => Reflect.has(globalThis, "saved"), { timeout: 30_000 });
  return await page.evaluate(() => ({
    status: document.querySelector("#measure .verdict")!.textContent,
    kernels: document.querySelectorAll("#measure-kernels tbody tr").length,
    saved: Reflect.get(globalThis, "saved"),
  }));
};
