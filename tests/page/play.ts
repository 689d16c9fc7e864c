/**
 * A program: shows the page to Chromium, plays a scene on it and prints what came of it as JSON. A process of its own, since
 * tests have no permission to use the network.
 *
 * `deno run --allow-all play.ts CHROMIUM FOLDER SCENE OPTIONS`
 *
 * @module
 */

import { servePage } from "../../page/build/serve.ts";
import { type Page, watchPage, withPage } from "../bench/browser/open_page.ts";

export type { Page };

/** OPTIONS: how the scene is shown, and values for it. */
interface PlayOptions {
  /** False for a browser without WebGPU. */
  readonly webGpu: boolean;
  /** More arguments for Chromium; none by default. */
  readonly arguments?: readonly string[];
  readonly given: unknown;
}

/** A scene: does what a visitor would do, and returns what there is to check. */
export type Scene = (page: Page, address: string, given: unknown) => Promise<unknown>;

const [program, folder, scenePath, json] = Deno.args as [string, string, string, string];
const { webGpu, arguments: more = [], given } = JSON.parse(json) as PlayOptions;
const { scene } = await import(scenePath) as { scene: Scene };

const stop = new AbortController();
const { promise, resolve } = Promise.withResolvers<string>();
const served = servePage(folder, 0, resolve, stop.signal);
const address = await promise;
const args = webGpu
  ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
  : ["--disable-gpu"];
try {
  console.log(JSON.stringify(await withPage(program, [...args, ...more], play)));
} finally {
  stop.abort();
  await served;
}

async function play(page: Page): Promise<unknown> {
  const watched = watchPage(
    page,
    (url) => url.startsWith(address) || /^(data|blob):/.test(url),
  );
  const value = await scene(page, address, given);
  return { ...watched, value };
}
