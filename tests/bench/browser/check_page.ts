/**
 * A program: opens a page in Chromium, looks at it in several views, and prints what it saw as JSON. A process of its
 * own, since tests have no permission to use the network and this talks to the browser.
 *
 * `deno run --allow-all check_page.ts CHROMIUM PAGE SCREENSHOTS`
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { type Page, watchPage, withPage } from "./open_page.ts";
import { imageOf } from "./png.ts";
import inspectPage from "./inspect_page.js" with { type: "text" };
import usePage from "./use_page.js" with { type: "text" };
import type { Inspection, PageReport, Use, View } from "./page_report.ts";

/** Higher than screens are, so that a screenshot shows figures. */
const VIEWS: readonly View[] = [
  { name: "phone", width: 360, height: 4000, scheme: "light" },
  { name: "phone-dark", width: 360, height: 4000, scheme: "dark" },
  { name: "desktop-dark", width: 1280, height: 4000, scheme: "dark" },
  { name: "desktop", width: 1280, height: 4000, scheme: "light" },
  // What a page's length is told in.
  { name: "screen", width: 1200, height: 900, scheme: "light" },
];

const [program, path, screenshots] = Deno.args as [string, string, string];
console.log(JSON.stringify(await withPage(program, ["--disable-gpu"], look)));

async function look(page: Page): Promise<PageReport> {
  const address = pathToFileURL(path).href;
  const { problems, requests } = watchPage(
    page,
    (url) => url === address || url.startsWith("data:"),
  );
  await page.goto(address, { waitUntil: "load" });
  const inspect = async (): Promise<Inspection> => await page.evaluate(inspectPage) as Inspection;
  const shoot = async (name: string) =>
    imageOf(await page.screenshot({ path: `${screenshots}/${name}.png` }));

  const views: PageReport["views"][number][] = [];
  for (const view of VIEWS) {
    await page.setViewport({ width: view.width, height: view.height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
    views.push({ view, inspection: await inspect(), screenshot: await shoot(view.name) });
  }
  // What is closed at first: figures must be drawn there too.
  await page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)");
  const opened = await inspect();
  await page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = false)");
  const used = await page.evaluate(usePage) as Use;
  await page.setViewport({ width: 794, height: 1123 });
  await page.emulateMediaType("print");
  const print = { inspection: await inspect(), screenshot: await shoot("print") };
  const pdf = await page.pdf({ path: `${screenshots}/print.pdf`, preferCSSPageSize: true });
  return {
    problems,
    requests,
    views,
    opened,
    used,
    print,
    pdf: { begins: new TextDecoder("latin1").decode(pdf.subarray(0, 5)), bytes: pdf.length },
  };
}
