/** Runs scenes of the page in Chromium, whose WebGPU is a software adapter. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { buildPage, type PageFile } from "../../page/build/build_page.ts";
import oldestBrowser from "./oldest_browser.js" with { type: "text" };

/** What a scene left. */
export interface SceneReport<Value> {
  /** Of the console, errors and failed requests, a line each. */
  readonly problems: readonly string[];
  /** Addresses that were asked for, other than of the page's own server. */
  readonly requests: readonly string[];
  /** What the scene returned. */
  readonly value: Value;
}

/** How a scene is shown. */
export interface SceneOptions {
  /** The folder of the page. */
  readonly folder: string;
  /** False for a browser without WebGPU. */
  readonly webGpu?: boolean;
  /** More arguments for Chromium. */
  readonly arguments?: readonly string[];
  /** Values for the scene, which JSON can hold. */
  readonly given?: unknown;
}

/** Builds the page to be shown as the oldest browsers that it is for would show it: they lack some built-ins of today's. */
export async function buildPageForOldest(folder: string): Promise<PageFile[]> {
  const files = await buildPage(folder);
  const script = `${folder}/page.js`;
  await Deno.writeTextFile(script, oldestBrowser + await Deno.readTextFile(script));
  return files;
}

/**
 * Plays a scene of `scenes/`, which exports `scene(page, address, given)`.
 *
 * @param chromium The program.
 */
export async function playScene<Value>(
  chromium: string,
  name: string,
  { folder, webGpu = true, arguments: more = [], given = null }: SceneOptions,
): Promise<SceneReport<Value>> {
  const program = fileURLToPath(new URL("./play.ts", import.meta.url));
  const lock = fileURLToPath(new URL("../deno.lock", import.meta.url));
  const scene = new URL(`./scenes/${name}.ts`, import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", `--lock=${lock}`, "--frozen", "--allow-all", program],
      ...[chromium, folder, scene, JSON.stringify({ webGpu, arguments: more, given })],
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Checks that nothing went wrong and nobody else was asked. */
export function checkScene({ problems, requests }: SceneReport<unknown>): void {
  assert.deepEqual(problems, []);
  assert.deepEqual(requests, []);
}
