/**
 * The page's script: connects the tabs with what fills them.
 *
 * @module
 */

import "./polyfills.ts";
import { mountReport } from "./report.ts";
import { connectTabs } from "./tabs.ts";
import { mountTrain } from "./train.ts";
import { mountAsk } from "./ask.ts";
import { mountMeasure } from "./measure.ts";

connectTabs([
  { id: "train", mount: mountTrain },
  { id: "ask", mount: mountAsk },
  { id: "measure", mount: mountMeasure },
  { id: "report", mount: mountReport },
]);
