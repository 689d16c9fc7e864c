/** `mod.ts` in a browser: a project that imports it, put together by esbuild, without stubs. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { bundle } from "../../page/build/bundle.ts";
import { chromium } from "../bench/browser/chromium.ts";
import { inFolder } from "../data/rows.ts";
import { checkScene, playScene } from "./browser.ts";
import { type Found, useProject } from "./outside.ts";

Deno.test({
  name: "mod.ts trains, counts, simulates and sweeps in a browser as it does under Deno",
  ignore: chromium === null,
  fn: () =>
    inFolder(async (folder) => {
      const script = await bundle(fileURLToPath(new URL("./outside.ts", import.meta.url)));
      await Deno.writeFile(`${folder}/page.js`, script);
      const html =
        `<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>`;
      await Deno.writeTextFile(`${folder}/index.html`, html);
      const report = await playScene<Found>(chromium!, "outside", { folder });
      checkScene(report);
      const { losses, refused, ...found } = report.value;
      const { losses: wanted, refused: _, ...here } = await useProject("cpu");
      assert.deepEqual(found, here);
      assert.equal(losses.length, wanted.length);
      for (const [step, loss] of wanted.entries()) {
        assert.ok(Math.abs(losses[step]! - loss!) <= 1e-6 * (1 + loss!), `step ${step}`);
      }
      assert.deepEqual(refused, [
        "Cannot use files of this computer: this runs in a browser, and only Deno has them",
        "Cannot start threads: this runs in a browser, and only Deno can start them",
      ]);
    }),
});
