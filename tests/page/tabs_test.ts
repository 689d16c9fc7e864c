/** What the tabs have in common, Ask and Report, in a browser. */

import assert from "node:assert/strict";
import { frontierExperiment } from "../../bench/experiments/frontier.ts";
import { speedupExperiment } from "../../bench/experiments/speedup.ts";
import { writeCountedTrace } from "../../sim/counted_file.ts";
import { loadPaperWorkload } from "../../sim/paper/workloads.ts";
import { chromium } from "../bench/browser/chromium.ts";
import { inFolder } from "../data/rows.ts";
import { succeed } from "../e2e/command.ts";
import type { Use } from "../bench/browser/page_report.ts";
import { buildPageForOldest, checkScene, playScene } from "./browser.ts";
import type { Answered, Asked } from "./scenes/ask.ts";
import type { Look } from "./scenes/looks.ts";

/** Bytes that the script may have as servers send it. */
const MOST_SCRIPT_BYTES = 400e3;

/** How the tab Ask is asked. */
const ASKED: Asked = { machine: "h100x8", gpus: 2, drop: 25, file: null };

Deno.test({
  name: "the tabs of the page, in a browser with no built-ins that the oldest lack",
  ignore: chromium === null,
  fn: (t) =>
    inFolder(async (folder) => {
      const files = await buildPageForOldest(folder);
      await t.step("is three files, and its script less than 400 kB as servers send it", () => {
        assert.deepEqual(files.map(({ name }) => name), ["index.html", "page.css", "page.js"]);
        const { packedBytes } = files.at(-1)!;
        assert.ok(packedBytes < MOST_SCRIPT_BYTES, `${packedBytes} bytes`);
      });
      await t.step("simulates what the command line does", () => simulates(folder, ASKED));
      await t.step("simulates a trace of one's own, read in the page", () => simulatesOwn(folder));
      await t.step("takes a trace that is dropped, and says of another file what it is not", () =>
        takesDropped(folder));
      await t.step(
        "shows the recorded study with values of its charts, and links within it lead there",
        () =>
          reports(folder),
      );
      await t.step("says what to do without WebGPU, and simulates all the same", () =>
        worksWithout(folder));
      await t.step("says so where WebGPU is older than the page needs", () =>
        knowsOlder(folder));
      await t.step("fits a phone, can be read light and dark, and goes by keyboard", () =>
        looksRight(folder));
    }),
});

/** A counted trace, which the step before it has written. */
function own(folder: string): string {
  return `${folder}/own.json`;
}

/** Plays the scene, and runs the commands that the page names: tables of theirs are the page's. */
async function simulates(folder: string, asked: Asked): Promise<void> {
  const report = await playScene<Answered>(chromium!, "ask", { folder, given: asked });
  checkScene(report);
  const { times, map, command, mapCommand } = report.value;
  assert.equal(times.length, 7);
  assert.deepEqual(times, asShown(tablesOf(await outputOf(command))));
  assert.deepEqual(map, tablesOf(await outputOf(mapCommand))[0]);
}

async function simulatesOwn(folder: string): Promise<void> {
  const file = own(folder);
  await writeCountedTrace(file, await loadPaperWorkload("rm4"));
  const report = await playScene<Answered>(chromium!, "ask", { folder, given: { ...ASKED, file } });
  checkScene(report);
  const { times, command } = report.value;
  assert.match(command, /--trace own\.json /);
  assert.deepEqual(times, asShown(tablesOf(await outputOf(command.replace("own.json", file)))));
}

/** The two tables of a command as the page has them: what an epoch takes, and beside it what it moves and costs. */
function asShown([times, costs]: readonly string[][][]): readonly (readonly string[])[] {
  return times!.map((row, i) => [...row, ...costs![i]!.slice(1)]);
}

/** What a command that the page names prints. */
async function outputOf(command: string): Promise<string> {
  const [, words] = /^deno task simulate (.*)$/.exec(command)!;
  return (await succeed("simulate", words!.split(" "))).out;
}

/** The cells of the tables in a text, without headings. */
function tablesOf(text: string): string[][][] {
  return text.split("\n\n").filter((block) => block.includes("───")).map((block) =>
    block.trimEnd().split("\n").slice(2).map((line) => line.trim().split(/ {2,}/))
  );
}

async function takesDropped(folder: string): Promise<void> {
  const given = await Deno.readTextFile(own(folder));
  const report = await playScene<Record<string, unknown>>(chromium!, "drop", { folder, given });
  checkScene(report);
  const { refused, ...taken } = report.value;
  assert.match(refused as string, /^Cannot read notes\.txt: /);
  assert.deepEqual(taken, { workload: "own.json", alerts: 0, rows: 7 });
}

async function reports(folder: string): Promise<void> {
  const report = await playScene<Reported>(chromium!, "report", { folder });
  checkScene(report);
  const { titles, figures, tables, reached, shown, used } = report.value;
  for (const title of [frontierExperiment.title, speedupExperiment.title]) {
    assert.ok(titles.some((one) => one.startsWith(title)), `${title} is not in ${titles}`);
  }
  assert.ok(figures > 2 && tables > 5, `${figures} figures, ${tables} tables`);
  assert.deepEqual({ reached, shown }, { reached: true, shown: "report" });
  checkUse(used);
}

/** The script of reports is at work. */
function checkUse({ values, closed, pointed, ...used }: Use): void {
  const [first, second, back] = values;
  assert.match(first!, /^.+, .+: .+$/);
  assert.notEqual(second, first);
  assert.deepEqual({ back, closed, pointed }, { back: first, closed: true, pointed: true });
  const { names, faded, marked, left, orders: [before, up, down, after] } = used;
  assert.ok(names.includes("slipstream"), `${names}`);
  assert.ok(faded > 0 && marked > 0, `${faded} faded, ${marked} marked`);
  assert.equal(left, 0);
  assert.notDeepEqual(up, before);
  assert.deepEqual({ down, after }, { down: up!.toReversed(), after: before });
}

/** What is seen of the report. */
interface Reported {
  readonly titles: readonly string[];
  readonly figures: number;
  readonly tables: number;
  /** Whether the link's target can be seen. */
  readonly reached: boolean;
  /** The panel that is shown then. */
  readonly shown: string;
  readonly used: Use;
}

async function worksWithout(folder: string): Promise<void> {
  const report = await playScene<{ missing: string; rows: number }>(
    chromium!,
    "without_web_gpu",
    { folder, webGpu: false },
  );
  // Chromium's own, where it is asked for WebGPU and has none.
  const problems = report.problems.filter((line) =>
    line !== "console warn: No available adapters."
  );
  checkScene({ ...report, problems });
  const { missing, rows } = report.value;
  assert.match(missing, /^Cannot train here: .* Chrome and Edge .*Ask and Report work without\.$/);
  assert.equal(rows, 7);
}

async function knowsOlder(folder: string): Promise<void> {
  const given = "delete GPUAdapter.prototype.info";
  const report = await playScene<{ missing: string; rows: number }>(
    chromium!,
    "without_web_gpu",
    { folder, given },
  );
  checkScene(report);
  const { missing, rows } = report.value;
  assert.match(
    missing,
    /^Cannot train here: this browser's WebGPU is older than the page needs; Chrome and Edge .* 127 /,
  );
  assert.equal(rows, 7);
}

async function looksRight(folder: string): Promise<void> {
  const report = await playScene<{ looks: Look[]; keys: string[] }>(chromium!, "looks", { folder });
  checkScene(report);
  for (
    const { tab, view, scrollWidth, clientWidth, leastContrast, nameless } of report.value.looks
  ) {
    const where = `${tab}, ${view}`;
    assert.ok(scrollWidth <= clientWidth, `${where}: wider than its window`);
    const { ratio, text } = leastContrast;
    assert.ok(ratio >= 4.5, `${where}: "${text}" has a contrast of ${ratio}`);
    assert.deepEqual(nameless, [], where);
  }
  assert.deepEqual(report.value.keys, [
    "tab-train train",
    "tab-ask ask",
    "tab-report report",
    "tab-measure measure",
    "tab-train train",
  ]);
}
