/**
 * The page's script: connects the tabs with what fills them.
 *
 * @module
 */

import "./polyfills.ts";
import { byId } from "./dom.ts";
import { sayWhatIsMissing } from "./web_gpu.ts";
import { mountReport } from "./report.ts";
import { connectTabs } from "./tabs.ts";
import { mountTrain } from "./train.ts";
import { mountAsk } from "./ask.ts";
import { mountMeasure } from "./measure.ts";

sayWhatIsMissing(byId("missing"));
connectTabs([
  { id: "train", mount: mountTrain },
  { id: "ask", mount: mountAsk },
  { id: "measure", mount: mountMeasure },
  { id: "report", mount: mountReport },
]);
