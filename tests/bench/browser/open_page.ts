/** Chromium's page for programs that look at one, and what goes wrong in it. */

import process from "node:process";
// deno-lint-ignore no-import-prefix
import puppeteer, { type Page } from "npm:puppeteer-core@25.16.0";

export type { Page };

/** Starts Chromium, does something with its one page, and ends it. */
export async function withPage<T>(
  program: string,
  args: readonly string[],
  body: (page: Page) => Promise<T>,
): Promise<T> {
  const browser = await puppeteer.launch({
    executablePath: program,
    // Root has no sandbox, and containers little shared memory.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", ...args],
    // Its own software adapter is what is looked at, whichever driver the tests were told to take.
    env: { ...process.env, VK_ICD_FILENAMES: undefined, VK_DRIVER_FILES: undefined },
    protocolTimeout: 300_000,
  });
  try {
    // One page alone: another in front of it can keep it from being painted.
    const [page] = await browser.pages();
    return await body(page!);
  } finally {
    await browser.close();
  }
}

/** What a page says on its console, what fails in it, and addresses that it asks for and that are not its own. */
export interface Watched {
  readonly problems: readonly string[];
  readonly requests: readonly string[];
}

/** Notes it from now on. */
export function watchPage(page: Page, isOwn: (url: string) => boolean): Watched {
  const problems: string[] = [], requests: string[] = [];
  page.on("console", (message) => problems.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("requestfailed", (request) => problems.push(`failed request: ${request.url()}`));
  page.on("request", (request) => {
    if (!isOwn(request.url())) requests.push(request.url());
  });
  return { problems, requests };
}
