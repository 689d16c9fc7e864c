/**
 * The answer's numbers: tables, and one figure of accuracy against the time that is saved.
 *
 * @module
 */

import { formatCount } from "../../core/format.ts";
import type { Profile } from "../../data/profile.ts";
import { countColumn, figureColumn, numberColumn, plainColumn, tableOf } from "../columns.ts";
import type { ResultTable } from "../experiment.ts";
import type { Datum, Figure, Panel } from "../../figures/figure.ts";
import { AUC, datumOf, formatEstimate, LOG_LOSS } from "../study/compare.ts";
import { comparedOf, differenceColumns, testedColumn } from "../study/comparison.ts";
import { budgetsOf, rivalOf, RIVALS, wholeOf } from "../study/frontier.ts";
import { estimate, smallestVisible } from "../study/statistics.ts";
import type { Trained } from "../study/trained.ts";
import { studyLabel } from "../study/workload.ts";
import {
  type Candidate,
  measuredSaving,
  type Place,
  type Saving,
  shortName,
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
  const { share, low, high } = saving, percent = (value: number) => (100 * value).toFixed(1);
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
    numberColumn("smallest visible", 5, ({ auc }) => smallestVisible(auc.found)),
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
        "hot rows, the share of all that the paper's memory holds",
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
    caption: `Against fae on all of ${
      formatCount(inputs)
    } inputs, paired by seed (${seeds}), with 95 % intervals; lines are plans that are stopped early. Skipping is worth it where its point lies above both lines.`,
    panels: places.map((place) => panelOf(trained, place)).filter(({ data }) => data.length > 0),
  };
}

function panelOf({ results }: Trained, { cost }: Place): Panel {
  const whole = wholeOf(results.names, "fae")!;
  const base = new Map(results.of(whole).map((run) => [run.seed, run]));
  const datum = (name: string, series: string): Datum[] => {
    const pairs = results.of(name).flatMap((run) => {
      const other = base.get(run.seed), paid = cost.of(run);
      const all = other === undefined ? null : cost.of(other);
      return all === null || paid === null
        ? []
        : [{ saved: 100 * (1 - paid / all), auc: AUC(run) - AUC(other!) }];
    });
    if (pairs.length === 0) return [];
    const x = estimate(pairs.map(({ saved }) => saved)).mean;
    const y = datumOf(estimate(pairs.map(({ auc }) => auc)));
    return [{ x, series, origin: cost.origin, ...y }];
  };
  return {
    title: cost.title,
    mark: "lines",
    x: { label: "time saved, % of fae's" },
    y: { label: "AUC beyond fae's" },
    data: [
      ...RIVALS.flatMap((rival) =>
        budgetsOf(results.names, rival).flatMap((name) => datum(name, `${rival}, stopped early`))
      ),
      ...results.names.filter((name) => rivalOf(name) === null)
        .flatMap((name) => datum(name, shortName(name))),
    ],
  };
}
