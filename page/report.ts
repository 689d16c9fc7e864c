/**
 * The tab Report: the recorded study, which the build puts into the page, with the script of reports.
 *
 * @module
 */

import { enhance } from "../bench/report_page/script/enhance.js";
import { byId, element } from "./dom.ts";

/** Fills the tab. */
export function mountReport(panel: HTMLElement): void {
  const { content } = byId("recorded") as HTMLTemplateElement;
  if (content.childElementCount === 0) {
    panel.append(element("p", {}, "No runs are recorded."));
    return;
  }
  panel.append(content.cloneNode(true));
  enhance(panel);
}
