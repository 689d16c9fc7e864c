import assert from "node:assert/strict";
import { writeReport } from "../../../bench/report_page/mod.ts";
import { writeResult } from "../../../bench/results.ts";
import { inFolder } from "../../data/rows.ts";
import { madeUpDocuments } from "../made_up_results.ts";
import { chromium } from "./chromium.ts";
import { checkPage, lookAtPage } from "./page_report.ts";

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
    }),
});
