import assert from "node:assert/strict";
import { frontierExperiment } from "../../../bench/experiments/frontier.ts";
import { recordedExperiment } from "../../../bench/recorded_experiment.ts";
import { EXPERIMENTS } from "../../../bench/registry.ts";
import { buildDocument } from "../../../bench/report.ts";
import { writeReport } from "../../../bench/report_page/mod.ts";
import { writeResult } from "../../../bench/results.ts";
import { RECORDS_FOLDER } from "../../../bench/study/recorded.ts";
import { inFolder } from "../../data/rows.ts";
import { madeUpDocuments, WORKLOADS } from "../made_up_results.ts";
import { chromium } from "./chromium.ts";
import { checkPage, lookAtPage, screensOf, type Use } from "./page_report.ts";
import { settingsIn } from "../made_up.ts";

Deno.test({
  name: "the report is drawn in a browser: every figure, light and dark, on a phone and on paper",
  ignore: chromium === null,
  fn: () =>
    inFolder(async (folder) => {
      const documents = madeUpDocuments();
      for (const document of documents) await writeResult(folder, document);
      const { page } = await writeReport(folder);
      const report = await lookAtPage(chromium!, page, folder);
      checkPage(report);
      const drawn = report.views[0]!.inspection.figures.map(({ id }) => id);
      const expected = documents.flatMap(({ experiment, figures }) =>
        figures.map(({ name }) => `${experiment}-${name}`)
      );
      assert.deepEqual(drawn, ["answer-tradeoff", ...expected]);
      const closed = report.views[0]!.inspection.figures.filter(({ closed }) => closed);
      assert.deepEqual(closed.map(({ id }) => id), ["validate-scatter"]);
      checkUse(report.used);
    }),
});

/** What a reader gets out of charts, tables and the calculator of the made-up results. */
function checkUse({ values, closed, pointed, orders, calculated, ...highlight }: Use): void {
  const first = "fae, stopped early, 0: 0 (-0.001 to 0.001), measured here";
  assert.deepEqual(values, [
    first,
    "fae, stopped early, 5: -0.002 (-0.003 to -0.001), measured here",
    first,
  ]);
  assert.deepEqual({ closed, pointed }, { closed: true, pointed: true });
  const { names, faded, marked, left } = highlight;
  for (const name of ["slipstream", "fae", ...WORKLOADS]) assert.ok(names.includes(name), name);
  assert.ok(faded > 0 && marked > 0, `${faded} faded, ${marked} marked`);
  assert.equal(left, 0);
  // Of the speedups that are predicted, from the least, from the most, and as they were.
  const [before, up, down, after] = orders;
  assert.deepEqual(before, ["1.71", "2.52", "1.13", "1.24"]);
  assert.deepEqual(up, ["1.13", "1.24", "1.71", "2.52"]);
  assert.deepEqual(down, up!.toReversed());
  assert.deepEqual(after, before);
  // 100 s without hot inputs, 40 s with hot ones alone: half and half 70 s, less half of 40 % of the 30 s that skipping saves.
  assert.deepEqual(calculated, {
    shown: true,
    rows: ["FAE1:10 min1.00", "Slipstream1:04 min1.09"],
  });
}

/** What the suite runs, and the recorded runs that it shows. */
const SUITE = [
  recordedExperiment(frontierExperiment),
  ...EXPERIMENTS.filter(({ suite }) => suite === "default"),
];
/** The aim for the page of a suite. */
const MOST_SCREENS = 18;

Deno.test({
  name: "the report of the whole suite, run small, is drawn in a browser within 18 screens",
  ignore: chromium === null,
  fn: () =>
    inFolder(async (folder) => {
      const settings = settingsIn(folder, {
        rounds: 1,
        smoke: true,
        workloads: ["rm2", "rm4"],
        records: RECORDS_FOLDER,
      });
      // The first screen's.
      let figures = 1;
      for (const experiment of SUITE) {
        const findings = await experiment.run({ ...settings, ...experiment.fixed });
        figures += findings.figures?.length ?? 0;
        const command = `deno task bench ${experiment.name} --smoke`;
        const note = { seconds: 1, command, settings: { scale: "smoke" } };
        await writeResult(folder, buildDocument(experiment, findings, note));
      }
      const { page, refused } = await writeReport(folder);
      assert.deepEqual(refused, []);
      const report = await lookAtPage(chromium!, page, folder);
      checkPage(report);
      assert.equal(report.views[0]!.inspection.figures.length, figures);
      assert.ok(screensOf(report) < MOST_SCREENS, `${screensOf(report)} screens`);
    }),
});
