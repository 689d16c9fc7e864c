import { startCalculators } from "./calculator.js";
import { offerHighlight } from "./highlight.js";
import { makeSortable } from "./sort.js";
import { showValues } from "./values.js";

/**
 * Adds all of it to a report.
 *
 * @param {HTMLElement} root Where the report is.
 */
export function enhance(root) {
  for (const add of [showValues, offerHighlight, makeSortable, startCalculators]) add(root);
}
