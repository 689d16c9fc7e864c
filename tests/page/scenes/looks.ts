/** Looks at every tab on a desktop and on a phone, light and dark, and goes through them by keyboard. */

/// <reference lib="dom" />

import inspectPage from "../../bench/browser/inspect_page.js" with { type: "text" };
import type { Inspection } from "../../bench/browser/page_report.ts";
import type { Scene } from "../play.ts";

const TABS = ["train", "ask", "measure", "report"] as const;

const VIEWS = [
  { name: "desktop", width: 1200, height: 900, scheme: "light" },
  { name: "desktop-dark", width: 1200, height: 900, scheme: "dark" },
  { name: "phone", width: 390, height: 844, scheme: "light" },
  { name: "phone-dark", width: 390, height: 844, scheme: "dark" },
] as const;

/** A tab in a view. */
export interface Look {
  readonly tab: string;
  readonly view: string;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly leastContrast: Inspection["leastContrast"];
  /** Controls whose name a screen reader cannot tell, as HTML. */
  readonly nameless: readonly string[];
}

export const scene: Scene = async (page, address, screenshots) => {
  const looks: Look[] = [];
  await page.goto(address);
  await page.waitForSelector("#train button, #train .error");
  for (const tab of TABS) {
    await page.click(`#tab-${tab}`);
    if (tab === "ask") {
      await page.waitForSelector("#ask-map:not([aria-busy]) > *", { timeout: 240_000 });
    }
    for (const { name: view, width, height, scheme } of VIEWS) {
      await page.setViewport({ width, height });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      const seen = await page.evaluate(inspectPage) as Inspection;
      const { scrollWidth, clientWidth, leastContrast } = seen;
      const nameless = await page.$$eval(
        "button, select, input, textarea, [role=region], [role=tab]",
        (all) =>
          all.filter((one) => {
            const labels = (one as HTMLInputElement).labels;
            const name = one.getAttribute("aria-label") ?? labels?.[0]?.textContent ??
              one.textContent;
            return (name ?? "").trim() === "";
          }).map((one) => one.outerHTML),
      );
      looks.push({ tab, view, scrollWidth, clientWidth, leastContrast, nameless });
      if (typeof screenshots === "string") {
        await page.screenshot({ path: `${screenshots}/${tab}-${view}.png` });
      }
    }
  }
  await page.focus("#tab-report");
  const keys: string[] = [];
  for (const key of ["ArrowRight", "ArrowRight", "End", "ArrowLeft", "Home"] as const) {
    await page.keyboard.press(key);
    keys.push(
      await page.evaluate(() =>
        `${document.activeElement!.id} ${
          document.querySelector("main > section:not([hidden])")!.id
        }`
      ),
    );
  }
  return { looks, keys };
};
