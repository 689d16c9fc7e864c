/**
 * The report: all results of a folder as one HTML file that needs nothing else.
 *
 * @module
 */

import { drawFigureSvg } from "../../figures/figure_svg.ts";
import { Markup, markup } from "../../figures/markup.ts";
import { themeCss } from "../../figures/theme.ts";
import type { BenchDocument } from "../report.ts";
import type { Results } from "../results.ts";
import { architecture } from "./architecture.ts";
import { showable } from "./documents.ts";
import { firstScreen } from "./first_screen.ts";
import pageCss from "./page.css" with { type: "text" };
import { reference } from "./reference.ts";
import { isSmoke, linksTo } from "./run_facts.ts";
import { SCRIPT, scriptDigest } from "./script/mod.ts";
import { experimentSection } from "./section.ts";
import { LEDE } from "./texts.ts";

/** A page and the files beside it. */
export interface Report {
  /** The page's HTML. */
  readonly page: string;
  /** SVG documents by their file names. */
  readonly svgs: ReadonlyMap<string, string>;
  /** Names of the experiments that are shown. */
  readonly experiments: readonly string[];
  /** Why a result is not shown, a sentence each; the page says so too. */
  readonly refused: readonly string[];
}

/** The page alone. */
export async function reportPage(results: Results): Promise<string> {
  return (await buildReport(results)).page;
}

/** Draws all figures and puts the page together. */
export async function buildReport(results: Results): Promise<Report> {
  const { documents, refused } = showable(results);
  const svgs = new Map<string, string>(), sections: Markup[] = [];
  const shared = sharedNotes(documents);
  for (const document of documents) {
    const own = new Map<string, string>();
    for (const figure of document.figures) {
      const svg = await drawFigureSvg(figure);
      own.set(figure.name, svg);
      svgs.set(`${document.experiment}-${figure.name}.svg`, svg);
    }
    sections.push(await experimentSection(document, own, new Set(shared.keys())));
  }
  const page = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '${await scriptDigest()}'">
<title>Slipstream: results</title>
<link rel="icon" href="data:,">
<style>
${new Markup(themeCss(":root") + pageCss)}</style>
</head>
<body>
<header>
<h1>What skipping stale embeddings brings</h1>
<p class="lede">${LEDE}</p>
${alerts(documents, refused)}
</header>
<main>
${await firstScreen(documents)}
${contents(documents)}
${documents.length === 0 ? null : architecture()}
${sections}
${reference(documents, shared)}
</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  const experiments = documents.map(({ experiment }) => experiment);
  return { page: page.text, svgs, experiments, refused };
}

function alerts(documents: readonly BenchDocument[], refused: readonly string[]): Markup[] {
  const smoke = documents.filter(isSmoke), failed = documents.filter((d) => d.failure !== null);
  const revisions = new Set(documents.map(({ environment }) => JSON.stringify(environment)));
  const list: Markup[] = [];
  if (smoke.length > 0) {
    list.push(
      markup`<p><strong>Smoke runs: these numbers mean nothing.</strong> ${
        smoke.length === documents.length ? "All experiments were" : linksTo(smoke)
      } run with the least work that executes every line, to test the program.</p>`,
    );
  }
  if (failed.length > 0) {
    list.push(markup`<p><strong>Failed:</strong> ${linksTo(failed)}. The other results stand.</p>`);
  }
  if (revisions.size > 1) {
    list.push(
      markup`<p><strong>Mixed:</strong> these results are of different machines or versions; compare their times with care.</p>`,
    );
  }
  if (refused.length > 0) {
    list.push(
      markup`<p><strong>Left out:</strong></p><ul>${
        refused.map((sentence) => markup`<li>${sentence}.</li>`)
      }</ul>`,
    );
  }
  return list.map((item) => markup`<div class="alert" role="note">${item}</div>\n`);
}

function contents(documents: readonly BenchDocument[]): Markup {
  const entries = [
    ["architecture", "How Slipstream trains (Figure 1)"],
    ...documents.map(({ experiment, title }) => [experiment, title]),
    ["what-was-run", "What was run"],
    ["how-to-read", "Terms"],
  ];
  return markup`<nav aria-label="Contents"><ol>${
    entries.map(([id, title]) => markup`<li><a href="#${id!}">${title!}</a></li>`)
  }</ol></nav>`;
}

/** Notes of two experiments or more, with the names of these. */
function sharedNotes(
  documents: readonly BenchDocument[],
): ReadonlyMap<string, readonly BenchDocument[]> {
  const of = new Map<string, BenchDocument[]>();
  for (const document of documents) {
    for (const note of new Set(document.notes)) of.set(note, [...of.get(note) ?? [], document]);
  }
  return new Map([...of].filter(([, { length }]) => length > 1));
}
