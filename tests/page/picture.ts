/**
 * A program: makes the image of the page that the README shows, `docs/page.webp`.
 *
 * `deno run --frozen --lock=tests/deno.lock --allow-all tests/page/picture.ts`
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { runEntryPoint } from "../../core/entry_point.ts";
import { UserError } from "../../core/errors.ts";
import { buildPage } from "../../page/build/build_page.ts";
import { chromium } from "../bench/browser/chromium.ts";
import { playScene } from "./browser.ts";

/** With most clicks behind and the rest of the bar to be seen. */
const GIVEN = { workload: "rm4", share: 0.8 };

async function main(): Promise<number> {
  if (chromium === null) throw new UserError("Cannot take a picture: no Chromium was found");
  const folder = await Deno.makeTempDir({ prefix: "slipstream-page-" });
  try {
    await buildPage(folder);
    const path = fileURLToPath(new URL("../../docs/page.webp", import.meta.url));
    await playScene(chromium, "picture", { folder, given: { ...GIVEN, path } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return 0;
}

if (import.meta.main) await runEntryPoint(main);
