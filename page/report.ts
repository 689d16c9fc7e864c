/**
 * The tab Report: the recorded study, which the build puts into the page.
 *
 * @module
 */

import { byId, element } from "./dom.ts";

/** Fills the tab. */
export function mountReport(panel: HTMLElement): void {
  const { content } = byId("recorded") as HTMLTemplateElement;
  panel.append(
    content.childElementCount > 0
      ? content.cloneNode(true)
      : element("p", {}, "No runs are recorded."),
  );
}
