/**
 * Goodness of fit as text.
 *
 * @module
 */

import { formatMarkdown } from "../../core/table.ts";
import { checkDistinct, checkTwin } from "./check.ts";
import { hotShares } from "./hot.ts";
import type { TwinParameters } from "./parameters.ts";
import type { TwinSample } from "./sample.ts";

/** Budgets of hot memory, in MiB. */
const BUDGETS = [64, 128, 256, 512];

/**
 * Tables in Markdown: dependence and top shares on inputs that were held back, distinct ids at two scales, and hot shares
 * by budget.
 *
 * @param sample All real inputs, which the laws were fitted to.
 * @param heldOut Those that the dependence was not fitted to.
 * @param width Numbers of 4 bytes in a row of a table, for the budgets.
 */
export function goodnessMarkdown(
  parameters: TwinParameters,
  sample: TwinSample,
  heldOut: TwinSample,
  width = 16,
): string {
  const shares = formatMarkdown({
    columns: [
      { name: `share, ${heldOut.inputs} inputs held back` },
      { name: "measured", align: "right" },
      { name: "twin", align: "right" },
      { name: "±", align: "right" },
    ],
    rows: checkTwin(parameters, heldOut).map(({ what, measured, twin, deviation }) => [
      what,
      measured.toFixed(4),
      twin.toFixed(4),
      deviation.toFixed(4),
    ]),
  });
  const distinct = formatMarkdown({
    columns: [
      { name: "distinct ids" },
      { name: `in ${sample.inputs}`, align: "right" },
      { name: "law", align: "right" },
      { name: `in ${parameters.inputs}`, align: "right" },
      { name: "law, full", align: "right" },
    ],
    rows: checkDistinct(parameters, sample).map((row) => [
      row.name,
      String(row.sample),
      row.sampleTwin.toFixed(0),
      String(row.full),
      row.fullTwin.toFixed(0),
    ]),
  });
  const rows = BUDGETS.map((mib) => Math.floor(mib * 2 ** 20 / (4 * width)));
  const hot = formatMarkdown({
    columns: [
      { name: "hot memory" },
      { name: "rows", align: "right" },
      { name: "hot lookups", align: "right" },
      { name: "hot inputs", align: "right" },
    ],
    rows: hotShares(parameters, rows).map((share, k) => [
      `${BUDGETS[k]} MiB`,
      String(share.rows),
      share.lookups.toFixed(4),
      share.inputs.toFixed(4),
    ]),
  });
  return [shares, distinct, hot].join("\n");
}
