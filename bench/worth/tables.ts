/**
 * The answer's numbers: tables, and one figure of accuracy against the time that is saved.
 *
 * @module
 */

import { counted, formatCount } from "../../core/format.ts";
import type { Profile } from "../../data/profile.ts";
import { countColumn, figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import type { ResultTable } from "../experiment.ts";
import type { Figure, Panel } from "../../figures/figure.ts";
import { AUC, formatEstimate, LOG_LOSS } from "../study/compare.ts";
import { comparedOf, differenceColumns, testedColumn } from "../study/comparison.ts";
import { budgetsOf, rivalOf, RIVALS, wholeOf } from "../study/rivals.ts";
import { estimate, smallestVisible } from "../study/statistics.ts";
import { tradeoffPanel, tradeoffTitle } from "../study/tradeoff.ts";
import type { Trained } from "../study/trained.ts";
import { shortName } from "../study/variants.ts";
import { studyLabel } from "../study/workload.ts";
import {
  type Candidate,
  measuredSaving,
  type Place,
  type Saving,
  skippedPercent,
  trainSeconds,
} from "./answer.ts";
import type { AskedLog } from "./log.ts";

/** What each way to train came to. */
export function variantTable(trained: Trained): ResultTable {
  const { results, workload } = trained, fae = wholeOf(results.names, "fae")!;
  const lines = comparedOf([trained], results.names);
  const title = `Ways to train ${studyLabel(workload)}, against fae on all inputs`;
  const against = () => fae;
  return tableOf({ title, short: true }, lines, [
    plainColumn("variant", ({ name }) => shortName(name)),
    numberColumn("seeds", 0, ({ runs }) => runs.length),
    numberColumn("skipped, %", 1, ({ runs }) => estimate(runs.map(skippedPercent)).mean),
    countColumn(
      "trained",
      ({ runs }) => Math.round(estimate(runs.map((run) => run.trained_inputs)).mean),
    ),
    numberColumn("time, s", 2, ({ runs }) => estimate(runs.map(trainSeconds)).mean),
    figureColumn("saved, % of fae's", ({ name }) => {
      const saving = name === fae ? null : measuredSaving(results, name, fae, trainSeconds);
      return savingText(saving);
    }),
    figureColumn("AUC", ({ name }) => formatEstimate(results.mean(name, AUC))),
    ...differenceColumns(lines, [
      { heading: "AUC", against },
      { heading: "log-loss", against, measure: LOG_LOSS },
    ]).map((column) => ({ ...column, name: `${column.name} beyond fae's` })),
  ]);
}

/** What each way of skipping would save elsewhere. */
export function savingTable(candidates: readonly Candidate[]): ResultTable {
  const lines = candidates.flatMap(({ name, saved }) =>
    saved.filter(({ origin }) => origin === "predicted").map((at) => ({ name, ...at }))
  );
  return tableOf({ title: "Time saved elsewhere, %", origin: "predicted" }, lines, [
    plainColumn("variant", ({ name }) => name),
    plainColumn("machine", ({ place }) => place.replace(/^on /, "")),
    figureColumn("of fae's time", ({ of }) => savingText(of.fae)),
    figureColumn("of baseline's time", ({ of }) => savingText(of.baseline)),
  ]);
}

function savingText(saving: Saving | null): string {
  if (saving === null) return "";
  const { share, low, high } = saving;
  const percent = (value: number) => value < -1 ? "< -100" : (100 * value).toFixed(1);
  return low === null ? percent(share) : `${percent(share)} (${percent(low)} … ${percent(high!)})`;
}

/** Each way of skipping beside stopping early, at each cost. */
export function lessTable(candidates: readonly Candidate[]): ResultTable {
  const lines = candidates.flatMap(({ name, less }) => less.map((at) => ({ name, ...at })));
  return tableOf({ title: "Beside training on less, at equal cost" }, lines, [
    plainColumn("variant", ({ name }) => name),
    plainColumn("at equal", ({ cost }) => cost),
    plainColumn("beside, stopped early", ({ rival }) => rival),
    numberColumn("seeds", 0, ({ auc }) => auc.found.seeds),
    testedColumn("AUC beyond it", lines, lines.map(({ auc }) => auc)),
    numberColumn("smallest visible", 5, ({ auc, tests }) => smallestVisible(auc.found, tests)),
  ]);
}

/** What the log looks like to a plan that skips. */
export function logTable(
  { train, test, limit }: AskedLog,
  { labelRate, lookupsPerInput, tables, hot, counted, dim }: Profile,
): ResultTable {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const [memory] = hot;
  const lines: (readonly [string, string])[] = [
    ["rows of the log that are read", limit === null ? "all" : `the first ${formatCount(limit)}`],
    ["inputs that train", formatCount(train)],
    ["inputs that test", formatCount(test)],
    ["label rate", labelRate.value.toFixed(4)],
    ["embedding tables", formatCount(tables.length)],
    ["lookups an input", Number(lookupsPerInput.toFixed(2)).toString()],
    ["rows of all tables", formatCount(rows)],
    ...memory === undefined ? [] : [
      [
        "hot rows, as the paper's share of all",
        `${formatCount(memory.rows)} in ${
          memory.budgetMib.toPrecision(3)
        } MiB, of ${dim} floats each`,
      ] as const,
      ["lookups of hot rows", memory.lookups.value.toFixed(3)] as const,
      ["hot inputs, all of whose rows are hot", memory.inputs.value.toFixed(3)] as const,
    ],
    ["inputs looked at for this table", formatCount(counted)],
  ];
  return tableOf({ title: "The log" }, lines, [
    plainColumn("what", ([what]) => what),
    figureColumn("value", ([, value]) => value),
  ]);
}

/** AUC beyond that of `fae` against the time that is saved, a panel a place. */
export function savingFigure(trained: Trained, places: readonly Place[]): Figure {
  const { workload, size: { inputs, seeds } } = trained;
  return {
    name: "worth",
    title: `${studyLabel(workload)}: accuracy against the time that is saved`,
    caption: `Against fae on all of ${formatCount(inputs)} inputs, paired by seed (${
      counted(seeds, "seed")
    }), with 95 % intervals; lines are plans that are stopped early. Skipping is worth it where its point lies above both lines.`,
    panels: places.map((place) => savingPanel(trained, place)).filter(({ data }) =>
      data.length > 0
    ),
  };
}

/** The panel of one place. */
export function savingPanel(trained: Trained, { cost }: Place, title?: string): Panel {
  const { results } = trained;
  return tradeoffPanel(trained, cost, wholeOf(results.names, "fae")!, [
    ...RIVALS.flatMap((rival) =>
      budgetsOf(results.names, rival).map((name) => ({ name, series: `${rival}, stopped early` }))
    ),
    ...results.names.filter((name) => rivalOf(name) === null)
      .map((name) => ({ name, series: shortName(name) })),
  ], title);
}

/** The first chart of the report: at the first place that is predicted, whose times no other work disturbs. */
export function firstChart(trained: Trained, places: readonly Place[]): Panel {
  const place = places.find(({ simulated }) => simulated !== null) ?? places[0]!;
  const whole = wholeOf(trained.results.names, "fae")!;
  const all = savingPanel(trained, place, tradeoffTitle(trained, whole));
  return { ...all, data: all.data.filter(({ x }) => Number(x) > -1) };
}
