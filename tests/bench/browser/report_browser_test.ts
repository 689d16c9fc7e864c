import assert from "node:assert/strict";
import { breakdownExperiment } from "../../../bench/experiments/breakdown.ts";
import { kernelsExperiment } from "../../../bench/experiments/kernels.ts";
import { sensitivityExperiment } from "../../../bench/experiments/sensitivity.ts";
import { skewExperiment } from "../../../bench/experiments/skew.ts";
import { speedupExperiment } from "../../../bench/experiments/speedup.ts";
import { trafficExperiment } from "../../../bench/experiments/traffic.ts";
import { buildDocument } from "../../../bench/report.ts";
import { writeReport } from "../../../bench/report_page/mod.ts";
import { writeResult } from "../../../bench/results.ts";
import { inFolder } from "../../data/rows.ts";
import { madeUpDocuments } from "../made_up_results.ts";
import { chromium } from "./chromium.ts";
import { checkPage, lookAtPage } from "./page_report.ts";
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
      assert.deepEqual(drawn, expected);
      assert.equal(report.print.inspection.longTables.length, 1);
    }),
});

/** Experiments that take no second. */
const QUICK = [
  speedupExperiment,
  breakdownExperiment,
  skewExperiment,
  trafficExperiment,
  sensitivityExperiment,
  kernelsExperiment,
];

Deno.test({
  name: "the report of real experiments, run small, is drawn in a browser",
  ignore: chromium === null,
  fn: () =>
    inFolder(async (folder) => {
      const settings = settingsIn(folder, {
        rounds: 1,
        smoke: true,
        workloads: ["rm2", "rm4"],
      });
      let figures = 0;
      for (const experiment of QUICK) {
        const findings = await experiment.run(settings);
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
    }),
});
