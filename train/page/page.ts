/**
 * The page of one run or of several: one HTML file that needs nothing else.
 *
 * @module
 */

import { writeFileWhole } from "../../core/files.ts";
import { formatCount, formatDuration, formatSi } from "../../core/format.ts";
import { drawPieces } from "../../figures/figure_svg.ts";
import { Markup, markup } from "../../figures/markup.ts";
import { themeCss } from "../../figures/theme.ts";
import { runFigures } from "./figures.ts";
import pageCss from "./page.css" with { type: "text" };
import type { RunView } from "./view.ts";

/** Writes the page, whole or not at all. Throws a `UserError` where it cannot. */
export async function writeRunPage(path: string, runs: readonly RunView[]): Promise<void> {
  await writeFileWhole(path, await runPage(runs));
}

/** The page of runs with different names. */
export async function runPage(runs: readonly RunView[]): Promise<string> {
  const title = runs.length === 1 ? `Run of ${planOf(runs[0]!)}` : `${runs.length} runs`;
  const figures = await Promise.all(
    runFigures(runs).map(async (figure) => {
      const [legend, ...panels] = await drawPieces(figure, figure.name);
      return markup`<figure>
<figcaption><h2>${figure.title}</h2><p>${figure.caption}</p></figcaption>
${legend!}
<div class="panels">${panels}</div>
</figure>
`;
    }),
  );
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Slipstream: ${title}</title>
<link rel="icon" href="data:,">
<style>
${new Markup(themeCss(":root") + pageCss)}</style>
</head>
<body>
<h1>${title}</h1>
${facts(runs)}
<main>
${figures}</main>
</body>
</html>
`.text;
}

/** What was trained and what it came to, a column a run. */
function facts(runs: readonly RunView[]): Markup {
  const rows: readonly (readonly [string, (run: RunView) => string])[] = [
    ["plan", planOf],
    ["data", ({ format, configuration }) => `${format}, ${member(configuration, "model")}`],
    ["seed", ({ configuration }) => member(configuration, "seed")],
    ["device", ({ device }) => device],
    [
      "minibatches",
      ({ steps, configuration }) =>
        `${formatCount(steps)} of ${member(configuration, "batch")} inputs`,
    ],
    ["inputs trained", ({ inputs }) => formatCount(inputs)],
    [
      "inputs skipped",
      ({ skipped, inputs }) =>
        skipped === 0
          ? "0"
          : `${formatCount(skipped)}, ${(100 * skipped / (skipped + inputs)).toFixed(1)} %`,
    ],
    ["AUC", (run) => digits(run.evaluations.at(-1)?.metrics.auc, 5)],
    ["log-loss", (run) => digits(run.evaluations.at(-1)?.metrics.logloss, 5)],
    [
      "time training",
      ({ trainMs, inputs }) =>
        trainMs === 0
          ? "-"
          : `${formatDuration(trainMs / 1000)}, ${formatSi(1000 * inputs / trainMs)} inputs/s`,
    ],
    ["ended", ({ ended }) => ended ?? "not yet"],
  ];
  const head = runs.length === 1
    ? null
    : markup`<thead><tr><th></th>${
      runs.map(({ name }) => markup`<th scope="col">${name}</th>`)
    }</tr></thead>`;
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="What was run"><table>${head}<tbody>${
    rows.map(([name, text]) =>
      markup`<tr><th scope="row">${name}</th>${
        runs.map((run) => markup`<td>${text(run)}</td>`)
      }</tr>\n`
    )
  }</tbody></table></div>
`;
}

/** A plan with the options that tell runs apart. */
function planOf({ configuration }: RunView): string {
  const plan = (configuration as { readonly plan?: Record<string, unknown> }).plan;
  if (plan === undefined || plan === null) return "-";
  const { name, drop, criterion } = plan;
  const decides = name === "slipstream" || name === "freeze" || name === "slipstream-cold";
  return decides ? `${name}, D = ${said(drop)}, criterion ${said(criterion)}` : said(name);
}

function member(configuration: RunView["configuration"], name: string): string {
  return said((configuration as Record<string, unknown>)[name]);
}

/** A value of a configuration, which may be any. */
function said(value: unknown): string {
  if (value === undefined || value === null) return "-";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function digits(value: number | null | undefined, places: number): string {
  return value === null || value === undefined ? "-" : value.toFixed(places);
}
