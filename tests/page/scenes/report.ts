/** Reads the tab Report, follows a link within it, and uses its charts, tables and calculator as a reader does. */

/// <reference lib="dom" />

import type { Use } from "../../bench/browser/page_report.ts";
import usePage from "../../bench/browser/use_page.js" with { type: "text" };
import type { Scene } from "../play.ts";

export const scene: Scene = async (page, address) => {
  await page.goto(`${address}#report`);
  await page.waitForSelector("#report table");
  const link = await page.$eval("#report a[href^='#']", (link) => {
    (link as HTMLAnchorElement).click();
    return link.getAttribute("href");
  });
  const used = await page.evaluate(usePage) as Use;
  return await page.evaluate(
    (link, used) => ({
      used,
      titles: Array.from(document.querySelectorAll("#report h2"), (title) => title.textContent),
      figures: document.querySelectorAll("#report figure svg").length,
      tables: document.querySelectorAll("#report table").length,
      link,
      reached: document.getElementById(link!.slice(1))!.checkVisibility(),
      shown: document.querySelector("main > section:not([hidden])")!.id,
    }),
    link,
    used,
  );
};
