import assert from "node:assert/strict";
import { frontierExperiment } from "../../../bench/experiments/frontier.ts";
import { recordedExperiment } from "../../../bench/recorded_experiment.ts";
import { EXPERIMENTS } from "../../../bench/registry.ts";
import { buildDocument } from "../../../bench/report.ts";
import { writeReport } from "../../../bench/report_page/mod.ts";
import { writeResult } from "../../../bench/results.ts";
import { RECORDS_FOLDER } from "../../../bench/study/recorded.ts";
import { inFolder } from "../../data/rows.ts";
import { madeUpDocuments } from "../made_up_results.ts";
import { chromium } from "./chromium.ts";
import { checkPage, lookAtPage, screensOf } from "./page_report.ts";
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
    }),
});

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
