/** Reads the tab Report, and follows a link within it. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

export const scene: Scene = async (page, address) => {
  await page.goto(`${address}#report`);
  await page.waitForSelector("#report table");
  const link = await page.$eval("#report a[href^='#']", (link) => {
    (link as HTMLAnchorElement).click();
    return link.getAttribute("href");
  });
  return await page.evaluate((link) => ({
    titles: Array.from(document.querySelectorAll("#report h2"), (title) => title.textContent),
    figures: document.querySelectorAll("#report figure svg").length,
    tables: document.querySelectorAll("#report table").length,
    link,
    reached: document.getElementById(link!.slice(1))!.checkVisibility(),
    shown: document.querySelector("main > section:not([hidden])")!.id,
  }), link);
};
