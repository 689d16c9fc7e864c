/**
 * A program: how long a minibatch of the page takes in Chromium and under Deno on the same adapter, how much of that Chromium's
 * checks of bounds take, and whether frames wait for minibatches. Times of a busy machine say nothing.
 *
 * `deno task page:bench [MINIBATCHES]`
 *
 * @module
 */

import { runEntryPoint } from "../../core/entry_point.ts";
import { UserError } from "../../core/errors.ts";
import { print } from "../../core/streams.ts";
import { formatTable } from "../../core/table.ts";
import { openDevice } from "../../kernels/open.ts";
import { buildPage } from "../../page/build/build_page.ts";
import { FORM_DEFAULTS } from "../../page/train/form.ts";
import { Race } from "../../page/train/race.ts";
import { fileURLToPath } from "node:url";
import { chromium } from "../bench/browser/chromium.ts";
import { playScene } from "./browser.ts";
import type { Frames } from "./scenes/frames.ts";

/** Chromium's software adapter as a driver for Deno. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const WORKLOAD = "rm4", STEPS = 100;
/** The frame that one notices. */
const LONG_FRAME_MS = 50;

/** Leaves out what Chromium adds to kernels so that none reads or writes beyond its buffers. */
const WITHOUT_CHECKS = "--enable-dawn-features=disable_robustness";

async function main([words = `${STEPS}`, here]: readonly string[]): Promise<number> {
  const steps = Number(words);
  if (!(Number.isInteger(steps) && steps > 1)) {
    throw new UserError(`Cannot train ${words} minibatches: give a whole number above 1`);
  }
  if (here === "here") print(JSON.stringify(await stepMsHere(steps)));
  else await compare(steps);
  return 0;
}

/** Trains both runs in this process; milliseconds of a minibatch of each. */
async function stepMsHere(steps: number): Promise<number[]> {
  const stepMs = [NaN, NaN];
  const race = new Race({
    form: { ...FORM_DEFAULTS, workload: WORKLOAD, maxSteps: steps },
    paused: false,
    openDevice: async () => (await openDevice({ device: "webgpu", adapter: "software" })).device,
    tell: (event) => {
      if (event.kind !== "progress") return;
      // The clock begins after the first minibatch.
      stepMs[event.run] = event.progress.ms / (event.progress.step - 1);
    },
  });
  await race.run();
  return stepMs;
}

async function compare(steps: number): Promise<void> {
  if (chromium === null) throw new UserError("Cannot measure the page: no Chromium was found");
  const program = chromium, given = { workload: WORKLOAD, steps };
  const deno = await stepMsUnderDeno(steps);
  const folder = await Deno.makeTempDir({ prefix: "slipstream-page-" });
  try {
    await buildPage(folder);
    const play = async <Value>(scene: string, ...args: readonly string[]): Promise<Value> =>
      (await playScene<Value>(program, scene, { folder, arguments: args, given })).value;
    const checked = await play<number[]>("minibatches");
    const unchecked = await play<number[]>("minibatches", WITHOUT_CHECKS);
    print(minibatchTable(deno, checked, unchecked));
    // Played once more, since frames take time from minibatches.
    print(framesLine(await play<Frames>("frames")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Milliseconds of a minibatch of each run, and how much longer than under Deno they are. */
function minibatchTable(
  deno: readonly number[],
  checked: readonly number[],
  unchecked: readonly number[],
): string {
  const columns = ["Deno, ms a minibatch", "Chromium", "more, %", "unchecked indices", "more, %"];
  return formatTable({
    columns: [
      { name: "run" },
      ...columns.map((name) => ({ name, format: (value: number) => value.toFixed(1) })),
    ],
    rows: ["fae", FORM_DEFAULTS.plan].map((plan, run) => {
      const [least, a, b] = [deno[run]!, checked[run]!, unchecked[run]!];
      return [plan, least, a, 100 * (a / least - 1), b, 100 * (b / least - 1)];
    }),
  });
}

function framesLine({ gaps, long }: Frames): string {
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(0);
  const late = sorted.filter((gap) => gap > LONG_FRAME_MS).length;
  return `${sorted.length} frames: half within ${at(0.5)} ms, 95 % within ${at(0.95)} ms, ` +
    `all within ${at(1)} ms; ${late} above ${LONG_FRAME_MS} ms, ${long.length} long tasks of ` +
    "the page itself";
}

async function stepMsUnderDeno(steps: number): Promise<number[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", `--lock=${fileURLToPath(new URL("../deno.lock", import.meta.url))}`, "--frozen"],
      ...["--allow-all", fileURLToPath(import.meta.url), `${steps}`, "here"],
    ],
    env: { VK_ICD_FILENAMES: SWIFTSHADER, VK_DRIVER_FILES: SWIFTSHADER },
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new UserError(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) await runEntryPoint(() => main(Deno.args));
