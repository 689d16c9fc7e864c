/** The page in a browser: built once, and looked at as a visitor would. */

import assert from "node:assert/strict";
import { buildPage } from "../../page/build/build_page.ts";
import { TWENTY_STEPS } from "../../page/train.ts";
import { runTraining } from "../../train/run/run_training.ts";
import { chromium } from "../bench/browser/chromium.ts";
import { inFolder } from "../data/rows.ts";
import { checkScene, playScene } from "./browser.ts";

/** Bytes that the script may have as servers send it. */
const MOST_SCRIPT_BYTES = 400e3;

Deno.test({
  name:
    "the page trains twenty steps to the losses of the CPU device, and asks nobody but its server",
  ignore: chromium === null,
  fn: () =>
    inFolder(async (folder) => {
      const files = await buildPage(folder);
      assert.deepEqual(files.map(({ name }) => name), ["index.html", "page.css", "page.js"]);
      const { packedBytes } = files.at(-1)!;
      assert.ok(packedBytes < MOST_SCRIPT_BYTES, `a script of ${packedBytes} bytes, compressed`);

      const report = await playScene<number[]>(chromium!, "train", { folder });
      checkScene(report);
      const { losses } = await runTraining({
        ...TWENTY_STEPS,
        device: { kind: "cpu", threads: 1 },
      });
      assert.equal(report.value.length, 20);
      for (const [step, loss] of losses.entries()) {
        const difference = Math.abs(report.value[step]! - loss!);
        assert.ok(
          difference <= 1e-6 * (1 + loss!),
          `step ${step}: ${report.value[step]}, not ${loss}`,
        );
      }
    }),
});
