/**
 * A program: shows the page to Chromium, plays a scene on it and prints what came of it as JSON. A process of its own, since
 * tests have no permission to use the network.
 *
 * `deno run --allow-all play.ts CHROMIUM FOLDER SCENE OPTIONS`
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
import puppeteer, { type Page } from "npm:puppeteer-core@25.16.0";
import { servePage } from "../../page/build/serve.ts";

export type { Page };

/** A scene: does what a visitor would do, and returns what there is to check. */
export type Scene = (page: Page, address: string, given: unknown) => Promise<unknown>;

const [program, folder, scenePath, json] = Deno.args as [string, string, string, string];
const { webGpu, given } = JSON.parse(json) as { webGpu: boolean; given: unknown };
const { scene } = await import(scenePath) as { scene: Scene };

const stop = new AbortController();
const { promise, resolve } = Promise.withResolvers<string>();
const served = servePage(folder, 0, resolve, stop.signal);
const address = await promise;
const browser = await puppeteer.launch({
  executablePath: program,
  // Root has no sandbox, and containers little shared memory.
  args: [
    ...["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"],
    ...webGpu ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] : ["--disable-gpu"],
  ],
  protocolTimeout: 300_000,
});
try {
  // One page alone: another in front of it can keep it from being painted.
  const [page] = await browser.pages();
  console.log(JSON.stringify(await play(page!)));
} finally {
  await browser.close();
  stop.abort();
  await served;
}

async function play(page: Page): Promise<unknown> {
  const problems: string[] = [], requests: string[] = [];
  page.on("console", (message) => problems.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("requestfailed", (request) => problems.push(`failed request: ${request.url()}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(data|blob):/.test(url)) requests.push(url);
  });
  return { problems, requests, value: await scene(page, address, given) };
}
