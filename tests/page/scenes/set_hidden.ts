/** A visitor who looks at another tab and comes back. */

/// <reference lib="dom" />

import type { Page } from "../play.ts";

/** The page is told that its tab is hidden, or that it is seen again. */
export async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}
