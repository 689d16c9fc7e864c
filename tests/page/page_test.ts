/** The page in a browser: built once, and looked at as a visitor would. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readResult } from "../../bench/results.ts";
import { buildPage } from "../../page/build/build_page.ts";
import { FORM_DEFAULTS, runOptionsOf, type TrainForm } from "../../page/train/form.ts";
import type { PlanName } from "../../train/plan/plans.ts";
import { runTraining } from "../../train/run/run_training.ts";
import { chromium } from "../bench/browser/chromium.ts";
import { inFolder } from "../data/rows.ts";
import { webGpuAvailable } from "../kernels/webgpu_available.ts";
import { buildPageForOldest, checkScene, playScene } from "./browser.ts";

/** Bytes that the script may have as servers send it. */
const MOST_SCRIPT_BYTES = 400e3;

Deno.test({
  name:
    "the page trains twenty minibatches of both runs to the losses of the command line, and asks nobody but its server",
  ignore: chromium === null,
  fn: () =>
    inFolder(async (folder) => {
      // With no built-ins that the oldest browsers lack.
      const files = await buildPageForOldest(folder);
      assert.deepEqual(files.map(({ name }) => name), ["index.html", "page.css", "page.js"]);
      const { packedBytes } = files.at(-1)!;
      assert.ok(packedBytes < MOST_SCRIPT_BYTES, `a script of ${packedBytes} bytes, compressed`);

      const form: TrainForm = { ...FORM_DEFAULTS, workload: "rm4", maxSteps: 20 };
      const given = { workload: form.workload, steps: form.maxSteps };
      const report = await playScene<Trained>(chromium!, "train", { folder, given });
      checkScene(report);
      const { status, losses } = report.value;
      assert.match(status, /^slipstream needed .* with 0 % of the clicks skipped\. AUC 0\.\d{4} /);
      const plans = ["fae", form.plan] as const;
      const expected = await lossesOf(form, plans);
      for (const [run, plan] of plans.entries()) {
        assert.equal(expected.losses[run]!.length, 20);
        for (const [step, loss] of expected.losses[run]!.entries()) {
          const difference = Math.abs(losses[run]![step]! - loss);
          assert.ok(
            difference <= expected.tolerance * (1 + loss),
            `${plan}, step ${step}: ${losses[run]![step]}, not ${loss}`,
          );
        }
      }
    }),
});

Deno.test({
  name:
    "the page stops measuring when its tab is hidden, and measures every kernel and saves a result that is read like one of bench kernels",
  ignore: chromium === null,
  fn: () =>
    inFolder(async (folder) => {
      await buildPage(folder);
      const report = await playScene<Measured>(chromium!, "measure", { folder });
      checkScene(report);
      const { stopped, status, kernels, saved } = report.value;
      assert.deepEqual(stopped, [
        "Measure",
        "Stopped, since the tab was hidden: a hidden tab is slowed down and its times mean nothing.",
      ]);
      assert.match(
        status,
        /is a software adapter: all \d+ kernels ran, and their speed says nothing/,
      );
      await Deno.writeTextFile(`${folder}/kernels.json`, saved);
      const { tables, device, samples } = await readResult(`${folder}/kernels.json`);
      assert.equal(tables.at(-1)!.rows.length, kernels);
      assert.equal(device!.isFallbackAdapter, true);
      // No times of a software adapter are compared.
      assert.deepEqual(samples, []);
    }),
});

/** What the scene of the tab Measure returns. */
interface Measured {
  /** What the button offers and what is said, when the tab is seen again. */
  readonly stopped: readonly string[];
  readonly status: string;
  readonly kernels: number;
  /** The text of the file. */
  readonly saved: string;
}

/** What the scene of the tab Train returns. */
interface Trained {
  readonly status: string;
  /** Of both runs. */
  readonly losses: readonly (readonly number[])[];
}

/** Chromium's software adapter as a driver for Deno. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * The losses of runs under Deno: on the adapter that Chromium has, where the same bits come out, or else on the CPU device,
 * which adds in another order.
 */
async function lossesOf(
  form: TrainForm,
  plans: readonly PlanName[],
): Promise<{ readonly losses: readonly (readonly number[])[]; readonly tolerance: number }> {
  // Where Deno finds no adapter at all there may be no Vulkan to load the driver.
  if (!webGpuAvailable || !await exists(SWIFTSHADER)) {
    const runs = plans.map(async (plan) => {
      const options = runOptionsOf(form, plan);
      const device = { ...options.device, kind: "cpu", threads: 1 } as const;
      return (await runTraining({ ...options, device })).losses as number[];
    });
    return { losses: await Promise.all(runs), tolerance: 1e-6 };
  }
  const program = fileURLToPath(new URL("./losses.ts", import.meta.url));
  const lock = fileURLToPath(new URL("../deno.lock", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", `--lock=${lock}`, "--frozen", "--allow-all", program],
      ...[JSON.stringify(form), ...plans],
    ],
    env: { VK_ICD_FILENAMES: SWIFTSHADER, VK_DRIVER_FILES: SWIFTSHADER },
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return { losses: JSON.parse(new TextDecoder().decode(stdout)), tolerance: 0 };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
