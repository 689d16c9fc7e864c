/**
 * The page's script: connects the tabs with what fills them, or, as a worker, trains and measures.
 *
 * @module
 */

import "./polyfills.ts";
import { byId, element } from "./dom.ts";
import { missingGpu } from "./gpu_advice.ts";
import { mountReport } from "./report.ts";
import { connectTabs } from "./tabs.ts";
import { mountTrain } from "./train.ts";
import { mountAsk } from "./ask.ts";
import { mountMeasure } from "./measure.ts";
import { inWorker, serveWorker } from "./worker.ts";

if (inWorker) serveWorker();
else {
  missingGpu().then((missing) => {
    if (missing === null) return;
    byId("missing").append(
      element("p", { class: "error" }, `${missing} Ask and Report work without.`),
    );
  });
  connectTabs([
    { id: "train", mount: mountTrain },
    { id: "ask", mount: mountAsk },
    { id: "measure", mount: mountMeasure },
    { id: "report", mount: mountReport },
  ]);
}
